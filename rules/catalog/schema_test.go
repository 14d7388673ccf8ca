package catalog_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestEntitiesAreToldByTheirSchemas: what a member of an entity is says the schema, whatever its
// version; without a known one the names do.
func TestEntitiesAreToldByTheirSchemas(t *testing.T) {
	t.Parallel()
	v := vendor(t, "snowplow")
	const official = "iglu:com.snowplowanalytics.snowplow/"
	for _, c := range []struct{ schema, member, class, alias string }{
		{official + "client_session/jsonschema/1-0-2", "userId", "client_id", ""},
		{official + "client_session/jsonschema/9-9-9", "userId", "client_id", ""},
		{official + "client_session/avro/1", "sessionId", "session_id", ""},
		{official + "client_session/jsonschema/1-0-2", "firstEventId", "session_id", ""},
		{official + "client_session/jsonschema/1-0-2", "email", "custom", "email"},
		{official + "web_page/jsonschema/1-0-0", "id", "page_id", ""},
		{official + "web_page/jsonschema/1-0-0", "userId", "custom", "user_id"},
		{official + "geolocation_context/jsonschema/1-1-0", "latitude", "precise_geo", "precise_geo"},
		{official + "geolocation_context/jsonschema/1-1-0", "anything", "precise_geo", ""},
		{official + "mobile_context/jsonschema/1-0-1", "appleIdfv", "device_id", ""},
		{"iglu:com.google.analytics/cookies/jsonschema/1-0-0", "_ga", "client_id", ""},
		{"iglu:com.acme/client_session/jsonschema/1-0-2", "userId", "custom", "user_id"},
		{"iglu:com.acme/web_page/jsonschema/1-0-0", "id", "custom", ""},
		{"iglu:com.acme/user/jsonschema/1-0-0", "id", "custom", "user_id"},
		{"iglu:com.acme/customer/jsonschema/1-0-0", "id", "custom", "user_id"},
		{"iglu:com.acme/order/jsonschema/1-0-0", "colour", "custom", ""},
		{"iglu:com.snowplowanalytics.snowplow.ecommerce/product/jsonschema/1-0-0", "name", "product", ""},
		{"iglu:com.snowplowanalytics.snowplow.ecommerce/user/jsonschema/1-0-0", "first_name", "custom", "person_name"},
		{"iglu:com.snowplowanalytics.snowplow.ecommerce/transaction/jsonschema/1-0-0", "discount_code", "product", ""},
		{"x", "userId", "custom", "user_id"},
		{"", "userId", "custom", "user_id"},
		{official, "userId", "custom", "user_id"},
		{official + "client_session", "userId", "custom", "user_id"},
		{strings.ToUpper(official) + "client_session/jsonschema/1-0-2", "userId", "custom", "user_id"},
	} {
		for name, entity := range map[string]string{
			"first": `{"schema":"` + c.schema + `","data":{"` + c.member + `":"X"}}`,
			"last":  `{"data":{"` + c.member + `":"X"},"schema":"` + c.schema + `"}`,
		} {
			class, alias := entityOf(t, v, entity)
			if class != c.class || alias != c.alias {
				t.Errorf("%s %s, schema %s: %s, alias %q", c.schema, c.member, name, class, alias)
			}
		}
	}
	if class, alias := entityOf(t, v, `{"schema":"`+official+
		`client_session/jsonschema/1-0-2","schema":"x","data":{"userId":"X"}}`); class != "unknown" || alias != "" {
		t.Errorf("an entity with two schemas: %s, alias %q", class, alias)
	}
	if class, _ := entityOf(t, v, `{"schema":["`+official+
		`client_session/jsonschema/1-0-2"],"data":{"userId":"X"}}`); class != "custom" {
		t.Errorf("an entity whose schema is no text: %s", class)
	}
}

// entityOf is what the text X is in an entity.
func entityOf(t *testing.T, v *catalog.Vendor, entity string) (class, alias string) {
	t.Helper()
	text := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(`{"schema":"x","data":[` + entity + `]}`)
	h, err := read(t, v, "POST /com.snowplowanalytics.snowplow/tp2 HTTP/1.1\n\n"+
		`{"schema":"x","data":[{"e":"pv","p":"web","tv":"js","co":"`+text+`"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	for i := range h.Nodes {
		n := &h.Nodes[i]
		if n.Kind != hit.String || string(h.Text(int32(i))) != "X" {
			continue
		}
		if n.Alias != hit.Unknown {
			alias = n.Alias.String()
		}
		return n.Class.String(), alias
	}
	t.Fatalf("%s: the value is not seen", entity)
	return "", ""
}

// TestSchemasThatCannotBe: what is wrong with a place that is told by a schema is said.
func TestSchemasThatCannotBe(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]string{
		`data: { class: container, schema: schema, schemas: { a/b: {} } }`:                      "a member of an object",
		`"a.data": { class: custom, schema: schema, schemas: { a/b: {} } }`:                     "a container",
		`"a.data": { class: container, open: [json], schema: schema, schemas: { a/b: {} } }`:    "not opened",
		`"a.data": { class: container, schema: schema }`:                                        "schemas are missing",
		`"a.data": { class: container, schema: schema, schemas: { a: {} } }`:                    "vendor/name is",
		`"a.data": { class: container, schema: schema, schemas: { "iglu:a/b/c": {} } }`:         "vendor/name is",
		`"a.data": { class: container, schema: schema, schemas: { a/b: { c: { class: x } } } }`: "no class",
		`"a.data": { class: custom, also: [url, free_text] }`:                                   "one too many",
	} {
		f, err := catalog.Parse(
			[]byte("id: own\nname: Own\nhosts: { api: \"https://own.example\" }\nevent: [{ is: x }]\nfields:\n  " + field +
				"\nendpoints:\n  - { id: post, methods: [POST], path: /x, body: [json], events: [body], answer: { status: 204 } }\n"))
		if err != nil {
			t.Fatal(field, err)
		}
		if _, err := catalog.Compile(f, nil, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", field, err, want)
		}
	}
}

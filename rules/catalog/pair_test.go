package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestPairsAreFieldsByTheirNames: in a list of pairs the name in a pair says what its value is; a
// pair without one name is nothing known.
func TestPairsAreFieldsByTheirNames(t *testing.T) {
	v := vendor(t, "posthog")
	for _, c := range []struct{ pair, class, alias string }{
		{`{"key":"posthogDistinctId","value":{"stringValue":"X"}}`, "client_id", ""},
		{`{"value":{"stringValue":"X"},"key":"posthogDistinctId"}`, "client_id", ""},
		{`{"key":"posthog\u0044istinctId","value":{"stringValue":"X"}}`, "client_id", ""},
		{`{"key":"url.full","value":{"stringValue":"X"}}`, "url", ""},
		{`{"key":"url.full","value":"X"}`, "url", ""},
		{`{"key":"url.full","value":{"arrayValue":{"values":[{"stringValue":"X"}]}}}`, "url", ""},
		{`{"key":"url.full","value":{"kvlistValue":{"values":[{"key":"app.state","value":{"stringValue":"X"}}]}}}`,
			"url", ""},
		{`{"key":"url.full","other":"X"}`, "url", ""},
		{`{"key":"colour","value":{"stringValue":"X"}}`, "custom", ""},
		{`{"key":"email","value":{"stringValue":"X"}}`, "custom", "email"},
		{`{"key":"User_ID","value":{"stringValue":"X"}}`, "custom", "user_id"},
		{`{"key":"","value":{"stringValue":"X"}}`, "custom", ""},
		{`{"key":"*","value":{"stringValue":"X"}}`, "custom", ""},
		{`{"value":{"stringValue":"X"}}`, "unknown", ""},
		{`{"key":17,"value":{"stringValue":"X"}}`, "unknown", ""},
		{`{"key":{"a":"url.full"},"value":{"stringValue":"X"}}`, "unknown", ""},
		{`{"key":"app.state","key":"posthogDistinctId","value":{"stringValue":"X"}}`, "unknown", ""},
		{`["X"]`, "unknown", ""},
		{`"X"`, "unknown", ""},
	} {
		h, err := read(t, v, "POST /i/v1/logs HTTP/1.1\n\n"+
			`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"INFO","attributes":[`+c.pair+`]}]}]}]}`)
		if err != nil {
			t.Errorf("%s: %v", c.pair, err)
			continue
		}
		found := false
		for i := range h.Nodes {
			n := &h.Nodes[i]
			if n.Kind != hit.String || string(h.Text(int32(i))) != "X" {
				continue
			}
			found = true
			alias := ""
			if n.Alias != hit.Unknown {
				alias = n.Alias.String()
			}
			if n.Class.String() != c.class || alias != c.alias {
				t.Errorf("%s: %s, alias %q", c.pair, n.Class, alias)
			}
		}
		if !found {
			t.Errorf("%s: the value is not seen", c.pair)
		}
	}
}

// TestEventsDeepInLists: each record is an event, whichever list it stands in, and an identifier in it is that event's.
func TestEventsDeepInLists(t *testing.T) {
	record := func(id string) string {
		return fmt.Sprintf(`{"severityText":"INFO","attributes":[{"key":"posthogDistinctId","value":{"stringValue":%q}}]}`,
			id)
	}
	body := `{"resourceLogs":[{"scopeLogs":[{"logRecords":[` + record("a") + "," + record("b") + `]},{"logRecords":[` +
		record("c") + `]}]},{"scopeLogs":[{"logRecords":[` + record("d") + `]}]}]}`
	h, err := read(t, vendor(t, "posthog"), "POST /i/v1/logs HTTP/1.1\n\n"+body)
	if err != nil || len(h.Events) != 4 {
		t.Fatalf("%d events, %v", len(h.Events), err)
	}
	var ids []string
	for _, id := range h.IDs {
		if id.Class == hit.ClientID {
			ids = append(ids, fmt.Sprintf("%s of %d", h.Text(id.Node), id.Event))
		}
	}
	if got := strings.Join(ids, ", "); got != "a of 0, b of 1, c of 2, d of 3" {
		t.Error(got)
	}
}

package rules_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
)

// TestSetInObjects: constants are put into the objects that their names say, made where there are none,
// once; and never in place of what is none.
func TestSetInObjects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set        map[string]string
		body, want string
	}{
		{map[string]string{"properties.a": "true", "properties.b": "false", "properties.c": "truer"},
			`"properties":{"z":"1"}`, `"properties":{"z":"1","a":true,"b":false,"c":"truer"}`},
		{map[string]string{"context.page.title": "t", "context.page.path": "p", "context.os.name": "n"},
			`"context":{"page":{"title":"old","referrer":""}}`,
			`"context":{"page":{"title":"t","referrer":"","path":"p"},"os":{"name":"n"}}`},
		{map[string]string{"context.page.title": "t", "context.page.path": "p", "context.os.name": "n"}, `"properties":{}`,
			`"properties":{},"context":{"os":{"name":"n"},"page":{"path":"p","title":"t"}}`},
		{map[string]string{"context.page.title": "t", "context.campaign.name": "n"}, `"context":{"page":"none"}`,
			`"context":{"campaign":{"name":"n"}}`},
		{map[string]string{"context.page.title": "t"}, `"context":{"device":{"id":"d"},"page":{"zzz":1}}`,
			`"context":{"device":{"id":"d"},"page":{"zzz":1,"title":"t"}}`},
		{map[string]string{"traits.title": "t", "context.traits.title": "u"},
			`"traits":{"title":"a"},"context":{"traits":{"title":"b"}}`,
			`"traits":{"title":"t"},"context":{"traits":{"title":"u"}}`},
		{map[string]string{"traits.address.city": "c"}, `"traits":{"address":{}}`, `"traits":{"address":{"city":"c"}}`},
	} {
		d := draft()
		d.Profiles[0].Classes = everything()
		delete(d.Profiles[0].Classes, "postal_address")
		d.Profiles[0].Set = map[string]map[string]string{"segment": c.set}
		r := request(t, "POST /v1/batch"+asJSON+`{"batch":[{"type":"track","event":"x",`+c.body+
			`},{"type":"track","event":"x",`+c.body+`}]}`, "segment", yes)
		r.Address = netip.Addr{}
		x := explain(t, compile(t, d), r)
		want := `{"type":"track","event":"x",` + c.want + `}`
		if x.Forward == nil || x.Forward.Body != `{"batch":[`+want+`,`+want+`]}` {
			t.Errorf("%v in %s:\n%+v, want\n%s", c.set, c.body, x.Forward, want)
		}
	}
}

// TestEmptyContainers: an empty object or list stays where the catalog knows the place and its class is kept; where it
// knows nothing, or the class is dropped, it goes.
func TestEmptyContainers(t *testing.T) {
	t.Parallel()
	d := draft()
	d.Profiles[0].Classes = everything()
	delete(d.Profiles[0].Classes, "custom")
	delete(d.Profiles[0].Classes, "postal_address")
	p := compile(t, d)
	d = draft()
	d.Profiles[0].Classes = everything()
	whole := compile(t, d)
	for _, c := range []struct {
		policy     *rules.Policy
		vendor     string
		path       string
		body, want string
	}{
		{whole, "segment", "/v1/t", `{"type":"track","event":"x","properties":{},"context":{"traits":{}}}`,
			`{"type":"track","event":"x","properties":{},"context":{"traits":{}}}`},
		{whole, "segment", "/v1/t", `{"type":"track","event":"x","properties":{"a":{},"b":[],"c":"d"}}`,
			`{"type":"track","event":"x","properties":{"a":{},"b":[],"c":"d"}}`},
		{p, "segment", "/v1/t",
			`{"type":"track","event":"x","properties":{"a":{},"b":[]},"traits":{"address":{}},"zzz":{},"yyy":[]}`,
			`{"type":"track","event":"x"}`},
		{p, "segment", "/v1/t", `{"type":"track","event":"x","properties":{}}`,
			`{"type":"track","event":"x","properties":{}}`},
		{whole, "posthog", "/batch/", `{"api_key":"k","batch":[{"event":"x","distinct_id":"d","properties":{}}]}`,
			`{"api_key":"k","batch":[{"event":"x","distinct_id":"d","properties":{}}]}`},
	} {
		r := request(t, "POST "+c.path+asJSON+c.body, c.vendor, yes)
		r.Address = netip.Addr{}
		x := explain(t, c.policy, r)
		if x.Forward == nil || x.Forward.Body != c.want {
			t.Errorf("%s: %s leaves as %+v, want %s", c.vendor, c.body, x.Forward, c.want)
		}
		// A query without parameters leaves as it came.
		r.Query = []byte("&&")
		if x := explain(t, c.policy, r); x.Forward == nil || !strings.HasSuffix(x.Forward.URL, "?&&") {
			t.Errorf("%s: an empty query leaves as %+v", c.vendor, x.Forward)
		}
	}
}

package proxy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// TestAnObjectionFollowsFromEveryDress: it follows from each identifier of a person, in whichever dress the event has
// it, to each identifier of the browser beside, in the event or in a cookie, of whichever vendor; also where several
// events share it. A browser's name that is not in its SDK's own form is not followed to.
func TestAnObjectionFollowsFromEveryDress(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	const agree = `Cookie: site_consent=%7B%22analytics%22%3A%22yes%22%7D`
	ga4 := func(query, cookies, body string) string {
		return post("/t/g/collect?v=2&tid=G-1"+query, agree+cookies+"\r\n", body)
	}
	for n, c := range []struct {
		name    string
		object  objection.ID
		hit     func(n int) string
		follows []objection.ID // %d is n
		not     []objection.ID
	}{
		{
			"an address, from its hash", objection.ID{Name: "email_sha256", Value: "%s"},
			func(n int) string { return ga4(fmt.Sprintf("&uid=Who%d@Example.com&cid=11.%d", n, n), "", "en=a") },
			[]objection.ID{{Name: "client_id:ga4", Value: "11.%d"}}, nil,
		},
		{
			"a cookie of another vendor", objection.ID{Name: "user_id", Value: "u%d"},
			func(n int) string {
				return ga4(fmt.Sprintf("&uid=u%d&cid=11.%d", n, n), "; ajs_anonymous_id="+device(n), "en=a")
			},
			[]objection.ID{{Name: "client_id:ga4", Value: "11.%d"}, {Name: "client_id:segment", Value: "device"}}, nil,
		},
		{
			"what several events share", objection.ID{Name: "user_id", Value: "u%d"},
			func(n int) string { return ga4(fmt.Sprintf("&uid=u%d&cid=11.%d", n, n), "", "en=a\r\nen=b") },
			[]objection.ID{{Name: "client_id:ga4", Value: "11.%d"}}, nil,
		},
		{
			"of one of several events, the browser of all", objection.ID{Name: "user_id", Value: "u%d"},
			func(n int) string {
				return ga4(fmt.Sprintf("&cid=11.%d", n), "", fmt.Sprintf("en=a\r\nen=b&uid=u%d", n))
			},
			[]objection.ID{{Name: "client_id:ga4", Value: "11.%d"}}, nil,
		},
		{
			"a name that is not random", objection.ID{Name: "user_id", Value: "u%d"},
			func(n int) string {
				return ga4(fmt.Sprintf("&uid=u%d&cid=till-%d", n, n), "; ajs_anonymous_id="+device(n), "en=a")
			},
			[]objection.ID{{Name: "client_id:segment", Value: "device"}},
			[]objection.ID{{Name: "client_id:ga4", Value: "till-%d"}},
		},
	} {
		filled := func(id objection.ID) objection.ID {
			switch id.Value {
			case "device":
				id.Value = device(n)
			case "%s":
				sum := sha256.Sum256(fmt.Appendf(nil, "who%d@example.com", n))
				id.Value = hex.EncodeToString(sum[:])
			default:
				id.Value = fmt.Sprintf(id.Value, n)
			}
			return id
		}
		r.does(t, everything, filled(c.object))
		before := len(v.got())
		if a := r.send(t, c.hit(n)); a.status >= 300 || len(v.got()) != before {
			t.Errorf("%s: it is sent: %+v", c.name, a)
		}
		standing := func(id objection.ID) bool {
			scopes, err := r.Standing([]objection.ID{filled(id)}, nil)
			return err == nil && len(scopes) > 0
		}
		for _, id := range c.follows {
			until(t, c.name+": "+id.Name, func() bool { return standing(id) })
		}
		for _, id := range c.not {
			if standing(id) {
				t.Errorf("%s: %s follows", c.name, id.Name)
			}
		}
	}
}

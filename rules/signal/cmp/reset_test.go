package cmp

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// TestNothingOfAHitIsLeftInTheScratch: what it held points into bytes of a hit, which are another's after it, or is a
// copy of them. Every list is empty to its last place, whatever platforms read one after another, and each part has
// something to forget.
func TestNothingOfAHitIsLeftInTheScratch(t *testing.T) {
	t.Parallel()
	all := signaltest.Seeds[struct{ Cookies map[string]string }](t, "cmp_cookies.jsonl")
	all = append(all, struct{ Cookies map[string]string }{map[string]string{
		"OptanonConsent": "groups=C1:1&genVendors=V1:1,V2:x", "usprivacy": "1%59NN", "TC_PRIVACY": "1@2", "klaro": `{"a":`,
	}})
	var s Scratch
	parts := map[string]func() bool{
		"ownCookies": func() bool { return len(s.cookies) > 0 }, "decoded": func() bool { return len(s.text) > 0 },
		"answers": func() bool { return len(s.said) > 0 && len(s.items) > 0 }, "record": func() bool { return s.spoke },
		"beside": func() bool { return s.beside.USP != nil }, "marks": func() bool { return s.marks != [4]uint64{} },
	}
	for i := range all {
		var header read.CookieHeader
		for name, value := range all[i].Cookies {
			header = append(header, name+"="+value+"; "...)
		}
		for c := range All {
			c.Read(header, Settings{Cookie: "x"}, &s)
			c.Read(header, Settings{Revision: 1}, &s)
			for part, full := range parts {
				if full() {
					delete(parts, part)
				}
			}
			if s.Reset(); s.visit == nil {
				t.Error("the scratch forgot what it reads jars with")
			}
			signaltest.Empty(t, "Scratch", &s)
		}
	}
	for part := range parts {
		t.Errorf("%s held nothing", part)
	}
}

package wire_test

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/wire"
)

// TestNobodyElsesForwardedForIsBelieved: every form of it, from a peer that is not trusted, changes nothing; nor do the
// headers that are like it, from one that is.
func TestNobodyElsesForwardedForIsBelieved(t *testing.T) {
	trusted := prefixes("10.0.0.0/8", "2001:db8:ff::/48")
	forms := []string{
		"X-Forwarded-For: 203.0.113.7\r\n", "x-forwarded-for: 203.0.113.7\r\n", "X-Forwarded-For: 203.0.113.7, 10.0.0.1\r\n",
		"X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: 203.0.113.8\r\n", "X-Forwarded-For: ::ffff:203.0.113.7\r\n",
		"X-Forwarded-For: 2001:db8::7\r\n",
		"X-Forwarded-For: 203.0.113.7:443\r\n", "X-Forwarded-For: [2001:db8::7]:443\r\n", "X-Forwarded-For: unknown\r\n",
		"X-Forwarded-For: ,\r\n",
		"X-Forwarded-For:\r\n", "X-Forwarded-For: 127.0.0.1, localhost\r\n",
	}
	for _, form := range forms {
		for _, peer := range []string{"198.51.100.9", "2001:db8::9", "11.0.0.1", "127.0.0.1"} {
			r, refused, err := wire.ParseRequest([]byte("GET / HTTP/1.1\r\nHost: shop.example\r\n"+form+"\r\n"), address(peer),
				trusted)
			if err != nil || refused || r.Address.String() != peer {
				t.Errorf("%q from %s: %s, %v, %v", form, peer, r.Address, refused, err)
			}
		}
	}
	for _, form := range []string{"X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "X-Forwarded",
		"X_Forwarded_For", "X-Forwarded-For2"} {
		r, refused, err := wire.ParseRequest([]byte("GET / HTTP/1.1\r\nHost: shop.example\r\n"+form+": 203.0.113.7\r\n\r\n"),
			address("10.0.0.1"), trusted)
		if err != nil || refused || r.Address.String() != "10.0.0.1" {
			t.Errorf("%s: %s, %v, %v", form, r.Address, refused, err)
		}
	}
	for form, want := range map[string]string{
		forms[0]: "203.0.113.7", forms[1]: "203.0.113.7", forms[2]: "203.0.113.7", forms[3]: "203.0.113.8",
		forms[4]: "203.0.113.7", forms[5]: "2001:db8::7",
		forms[6]: "203.0.113.7", forms[7]: "2001:db8::7", forms[8]: "invalid IP", forms[9]: "invalid IP",
		forms[10]: "invalid IP", forms[11]: "invalid IP",
		"X-Forwarded-For: 203.0.113.7, 2001:db8:ff::1\r\n": "203.0.113.7",
	} {
		for _, peer := range []string{"10.0.0.1", "2001:db8:ff::9"} {
			r, _, err := wire.ParseRequest([]byte("GET / HTTP/1.1\r\nHost: shop.example\r\n"+form+"\r\n"), address(peer),
				trusted)
			if err != nil || r.Address.String() != want {
				t.Errorf("%q from the trusted %s: %s, want %s", form, peer, r.Address, want)
			}
		}
	}
}

// TestFormsOfForwardedFor: what proxies write is read, with a port and without; what is in doubt is nobody's address.
func TestFormsOfForwardedFor(t *testing.T) {
	trusted := prefixes("10.0.0.0/8", "2001:db8:ff::/48")
	for value, want := range map[string]string{
		"198.51.100.9:40000":                   "198.51.100.9", // Azure's application gateway
		"198.51.100.9:0":                       "198.51.100.9",
		"\"198.51.100.9\"":                     "198.51.100.9",
		"\"198.51.100.9:40000\"":               "198.51.100.9",
		"\"[2001:db8::7%eth0]:40000\"":         "2001:db8::7",
		"198.51.100.9, \"[2001:db8:ff::1]:2\"": "198.51.100.9",
		" \t198.51.100.9:40000 ":               "198.51.100.9",
		"[2001:db8::7]":                        "2001:db8::7",
		"[2001:db8::7]:40000":                  "2001:db8::7",
		"[2001:db8::7%eth0]:40000":             "2001:db8::7",
		"2001:db8::7%eth0":                     "2001:db8::7",
		"::ffff:198.51.100.9":                  "198.51.100.9",
		"[::ffff:198.51.100.9]":                "198.51.100.9",
		"[::ffff:198.51.100.9]:40000":          "198.51.100.9",
		"::ffff:c633:6409":                     "198.51.100.9",
		"2002:c633:6409::1":                    "2002:c633:6409::1", // 6to4
		"203.0.113.1, 198.51.100.9:1":          "198.51.100.9",
		"198.51.100.9:1, 10.0.0.3:2":           "198.51.100.9",
		"198.51.100.9:1, [2001:db8:ff::1]:443": "198.51.100.9",
		"198.51.100.9:1,10.0.0.3, 10.0.0.4:80": "198.51.100.9",
		"10.0.0.3:1":                           "10.0.0.3",

		"198.51.100.9:":         "invalid IP",
		"198.51.100.9:65536":    "invalid IP",
		"198.51.100.9:http":     "invalid IP",
		"198.51.100.9:-1":       "invalid IP",
		"198.51.100.9 :1":       "invalid IP",
		"198.51.100.9:1:2":      "invalid IP",
		"[198.51.100.9]":        "invalid IP",
		"[198.51.100.9]:1":      "invalid IP",
		"[2001:db8::7":          "invalid IP",
		"2001:db8::7]":          "invalid IP",
		"[2001:db8::7]:":        "invalid IP",
		"[2001:db8::7]1":        "invalid IP",
		"[[2001:db8::7]]":       "invalid IP",
		"[]":                    "invalid IP",
		"[":                     "invalid IP",
		"]":                     "invalid IP",
		":1":                    "invalid IP",
		"1":                     "invalid IP",
		"010.0.0.3":             "invalid IP",
		"198.51.100":            "invalid IP",
		"unknown":               "invalid IP",
		"_hidden:1":             "invalid IP",
		"unix:":                 "invalid IP",
		"\"198.51.100.9":        "invalid IP",
		"198.51.100.9\"":        "invalid IP",
		"\"":                    "invalid IP",
		"\"\"":                  "invalid IP",
		"\"198.51.100.9, 1\"":   "invalid IP",
		"for=198.51.100.9":      "invalid IP",
		"198.51.100.9:1, ":      "invalid IP",
		"198.51.100.9;10.0.0.3": "invalid IP",
		"203.0.113.7, x:1":      "invalid IP",
		strings.Repeat("1", 99): "invalid IP",
	} {
		r, refused, err := wire.ParseRequest([]byte("GET / HTTP/1.1\r\nHost: shop.example\r\nX-Forwarded-For: "+value+
			"\r\n\r\n"), address("10.0.0.1"), trusted)
		if err != nil || refused {
			t.Fatalf("%q: %v, %v", value, refused, err)
		}
		if got := r.Address.String(); got != want || r.Address.Is4In6() || r.Address.Zone() != "" {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

// TestForwarded: the header of RFC 7239 is read as X-Forwarded-For is, and where both are there they have to agree.
func TestForwarded(t *testing.T) {
	t.Parallel()
	trusted := prefixes("10.0.0.0/8", "2001:db8:ff::/48")
	for head, want := range map[string]string{
		"Forwarded: for=198.51.100.9":                                            "198.51.100.9",
		"Forwarded: For=\"198.51.100.9:40000\"":                                  "198.51.100.9",
		"Forwarded: for=198.51.100.9:40000":                                      "198.51.100.9",
		"Forwarded: for=\"[2001:db8::7]\"":                                       "2001:db8::7",
		"Forwarded: FOR=\"[2001:db8::7]:4711\"":                                  "2001:db8::7",
		"Forwarded: for=[2001:db8::7]":                                           "2001:db8::7",
		"Forwarded: for=\"[fe80::7%eth0]:1\"":                                    "fe80::7",
		"Forwarded: for=\"[::ffff:198.51.100.9]\"":                               "198.51.100.9",
		"Forwarded: for=198.51.100.9;proto=http;by=10.0.0.4":                     "198.51.100.9",
		"Forwarded: by=10.0.0.4 ; proto=https ; for=198.51.100.9 ;":              "198.51.100.9",
		"Forwarded: host=\"a,b;for=1.2.3.4\\\"\";for=198.51.100.9":               "198.51.100.9",
		"Forwarded: for=203.0.113.1, for=198.51.100.9;proto=https, for=10.0.0.3": "198.51.100.9",
		"Forwarded: for=203.0.113.1\r\nForwarded: for=198.51.100.9":              "198.51.100.9",
		"Forwarded: for=198.51.100.9\r\nforwarded: for=\"[2001:db8:ff::1]\"":     "198.51.100.9",
		"Forwarded: for=unknown, for=198.51.100.9":                               "198.51.100.9",
		"Forwarded: =\", for=1.2.3.4\r\nForwarded: for=198.51.100.9":             "198.51.100.9",
		"Forwarded: for=10.0.0.3":                                                "10.0.0.3",
		"Forwarded: for=10.0.0.3, for=10.0.0.4":                                  "10.0.0.3",

		"Forwarded:":                                                  "invalid IP",
		"Forwarded: 198.51.100.9":                                     "invalid IP",
		"Forwarded: for=unknown":                                      "invalid IP",
		"Forwarded: for=_hidden":                                      "invalid IP",
		"Forwarded: for=\"_SEVKISEK:80\"":                             "invalid IP",
		"Forwarded: for=":                                             "invalid IP",
		"Forwarded: for=\"\"":                                         "invalid IP",
		"Forwarded: for=2001:db8::7":                                  "invalid IP", // or port 7
		"Forwarded: for=\"2001:db8::7\"":                              "invalid IP",
		"Forwarded: for=\"198.51.100.9":                               "invalid IP",
		"Forwarded: for=198.51.100.9\"":                               "invalid IP",
		"Forwarded: for=\"198.51.100.9\"x":                            "invalid IP",
		"Forwarded: for=\"198.51.100.9\\\"":                           "invalid IP",
		"Forwarded: for = 198.51.100.9, x":                            "invalid IP",
		"Forwarded: for=198.51.100.9;for=203.0.113.1":                 "invalid IP",
		"Forwarded: by=198.51.100.9;proto=https":                      "invalid IP",
		"Forwarded: for=198.51.100.9,":                                "invalid IP",
		"Forwarded: for=198.51.100.9, , for=10.0.0.3":                 "invalid IP",
		"Forwarded: for=198.51.100.9, for=_gate":                      "invalid IP",
		"Forwarded: for=203.0.113.1;x=\", for=198.51.100.9":           "invalid IP",
		"Forwarded: for=203.0.113.1;x=\", for=\"[2001:db8::7]:1\"":    "invalid IP",
		"Forwarded: for=\"[198.51.100.9]\"":                           "invalid IP",
		"Forwarded: for=198.51.100.9.example, for=\"10.0.0.3:99999\"": "invalid IP",

		"Forwarded: for=198.51.100.9\r\nX-Forwarded-For: 198.51.100.9:1":              "198.51.100.9",
		"Forwarded: for=203.0.113.1\r\nX-Forwarded-For: 198.51.100.9":                 "invalid IP",
		"Forwarded: for=unknown\r\nX-Forwarded-For: 198.51.100.9":                     "invalid IP",
		"Forwarded: for=198.51.100.9\r\nX-Forwarded-For: unknown":                     "invalid IP",
		"Forwarded: for=10.0.0.4\r\nX-Forwarded-For: 198.51.100.9":                    "198.51.100.9",
		"X-Forwarded-For: 10.0.0.4\r\nForwarded: for=198.51.100.9":                    "198.51.100.9",
		"X-Forwarded-For: 10.0.0.4\r\nForwarded: for=10.0.0.5":                        "10.0.0.5",
		"X-Forwarded-For: 203.0.113.1, 198.51.100.9\r\nForwarded: for=198.51.100.9":   "198.51.100.9",
		"X-Forwarded-For: 203.0.113.1, 198.51.100.9\r\nForwarded: for=203.0.113.1":    "invalid IP",
		"X-Forwarded-For: 10.0.0.4\r\nForwarded: for=\"[2001:db8:ff::1]\", for=_gone": "invalid IP",
	} {
		text := []byte("GET / HTTP/1.1\r\nHost: shop.example\r\n" + head + "\r\n\r\n")
		r, refused, err := wire.ParseRequest(text, address("10.0.0.1"), trusted)
		if err != nil || refused {
			t.Fatalf("%q: %v, %v", head, refused, err)
		}
		if got := r.Address.String(); got != want {
			t.Errorf("%q: %s, want %s", head, got, want)
		}
		if r, _, err = wire.ParseRequest(text, address("192.0.2.1"), trusted); err != nil ||
			r.Address.String() != "192.0.2.1" {
			t.Errorf("%q from somebody else: %s, %v", head, r.Address, err)
		}
	}
}

// elements is the second reading's grammar of a value of Forwarded, and pairs that of one element.
var (
	onePair  = `[ \t]*[A-Za-z0-9._-]+[ \t]*=(?:"(?:[^"\\]|\\.)*"[ \t]*|[^",;]*)`
	element  = onePair + `(?:[ \t;]*;[ \t;]*` + onePair + `)*[ \t;]*`
	elements = regexp.MustCompile(`^(?s:` + element + `(?:,` + element + `)*)$`)
	pairs    = regexp.MustCompile(`(?s)([A-Za-z0-9._-]+)[ \t]*=(?:"((?:[^"\\]|\\.)*)"|([^",;]*))[ \t;]*(,?)`)
)

// FuzzForwarded holds what is made of both headers against a second reading, which takes the grammar as regular
// expressions and goes backwards.
func FuzzForwarded(f *testing.F) {
	f.Add("198.51.100.9:40000, 10.0.0.3", "for=198.51.100.9;by=\"[2001:db8::7]:1\", for=\"[2001:db8:ff::1]\"")
	f.Add("\"[2001:db8::7%1]:9\"", "For=\"[2001:db8::7]\" ;; host=\"a\\\",for=1.2.3.4\"")
	f.Add("10.0.0.2", "for=unknown, for=198.51.100.9")
	f.Add(" , ", "for=203.0.113.1;x=\", for=\"[2001:db8::7]:1\"")
	trusted := prefixes("10.0.0.0/8", "2001:db8:ff::/48")
	backwards := func(hops []netip.Addr) netip.Addr {
		for _, a := range slices.Backward(hops) {
			if !a.IsValid() || !wire.Among(a, trusted) {
				return a
			}
		}
		return hops[0]
	}
	one := func(text string) netip.Addr {
		text = strings.Trim(text, " \t")
		if len(text) > 1 && strings.HasPrefix(text, `"`) && strings.HasSuffix(text, `"`) {
			text = text[1 : len(text)-1]
		}
		a, err := netip.ParseAddr(text)
		if err != nil && strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
			if a, err = netip.ParseAddr(text[1 : len(text)-1]); a.Is4() {
				return netip.Addr{}
			}
		}
		if err != nil {
			both, _ := netip.ParseAddrPort(text)
			a = both.Addr()
		}
		if len(text) > 96 || !a.IsValid() {
			return netip.Addr{}
		}
		return a.Unmap().WithZone("")
	}
	f.Fuzz(func(t *testing.T, listed, named string) {
		for _, c := range listed + named {
			if c < ' ' && c != '\t' || c > '~' {
				return
			}
		}
		var hops, nodes []netip.Addr
		for text := range strings.SplitSeq(listed, ",") {
			hops = append(hops, one(text))
		}
		if elements.MatchString(named) {
			var at netip.Addr
			found, twice := false, false
			for _, m := range pairs.FindAllStringSubmatch(named, -1) {
				if strings.EqualFold(m[1], "for") {
					twice = twice || found
					text := m[2] + strings.Trim(m[3], " \t")
					if at, found = one(text), true; strings.Count(text, ":") > 1 && text[0] != '[' || strings.Contains(text, `"`) {
						at = netip.Addr{}
					}
				}
				if m[4] != "" {
					nodes, at, found = append(nodes, at), netip.Addr{}, false
				}
			}
			if nodes = append(nodes, at); twice {
				nodes = nil
			}
		}
		if nodes == nil {
			nodes = []netip.Addr{{}}
		}
		plain, other := backwards(hops), backwards(nodes)
		both := netip.Addr{}
		switch {
		case plain == other, plain.IsValid() && other.IsValid() && wire.Among(plain, trusted):
			both = other
		case plain.IsValid() && other.IsValid() && wire.Among(other, trusted):
			both = plain
		}
		for head, want := range map[string]netip.Addr{
			"X-Forwarded-For: " + listed: plain, "Forwarded: " + named: other,
			"X-Forwarded-For: " + listed + "\r\nForwarded: " + named: both,
		} {
			r, refused, err := wire.ParseRequest([]byte("GET / HTTP/1.1\r\nHost: a.example\r\n"+head+"\r\n\r\n"),
				address("10.0.0.1"), trusted)
			if err == nil && !refused && r.Address != want {
				t.Errorf("%q: %s, want %s", head, r.Address, want)
			}
		}
	})
}

package wire_test

import (
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
		"X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: 203.0.113.8\r\n", "X-Forwarded-For: ::ffff:203.0.113.7\r\n", "X-Forwarded-For: 2001:db8::7\r\n",
		"X-Forwarded-For: 203.0.113.7:443\r\n", "X-Forwarded-For: [2001:db8::7]:443\r\n", "X-Forwarded-For: unknown\r\n", "X-Forwarded-For: ,\r\n",
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
	for _, form := range []string{"X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "X-Forwarded", "X_Forwarded_For", "X-Forwarded-For2"} {
		r, refused, err := wire.ParseRequest([]byte("GET / HTTP/1.1\r\nHost: shop.example\r\n"+form+": 203.0.113.7\r\n\r\n"),
			address("10.0.0.1"), trusted)
		if err != nil || refused || r.Address.String() != "10.0.0.1" {
			t.Errorf("%s: %s, %v, %v", form, r.Address, refused, err)
		}
	}
	for form, want := range map[string]string{
		forms[0]: "203.0.113.7", forms[1]: "203.0.113.7", forms[2]: "203.0.113.7", forms[3]: "203.0.113.8", forms[4]: "203.0.113.7", forms[5]: "2001:db8::7",
		forms[6]: "203.0.113.7", forms[7]: "2001:db8::7", forms[8]: "invalid IP", forms[9]: "invalid IP", forms[10]: "invalid IP", forms[11]: "invalid IP",
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
		"\"198.51.100.9\"":      "invalid IP",
		"for=198.51.100.9":      "invalid IP",
		"198.51.100.9:1, ":      "invalid IP",
		"198.51.100.9;10.0.0.3": "invalid IP",
		"203.0.113.7, x:1":      "invalid IP",
		strings.Repeat("1", 99): "invalid IP",
	} {
		r, refused, err := wire.ParseRequest([]byte("GET / HTTP/1.1\r\nHost: shop.example\r\nX-Forwarded-For: "+value+"\r\n\r\n"), address("10.0.0.1"), trusted)
		if err != nil || refused {
			t.Fatalf("%q: %v, %v", value, refused, err)
		}
		if got := r.Address.String(); got != want || r.Address.Is4In6() || r.Address.Zone() != "" {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

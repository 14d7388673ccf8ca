package wire

import (
	"net/netip"
	"testing"
)

// FuzzHop: what is read as an address is one in plain form, and every form of that is read as the same.
func FuzzHop(f *testing.F) {
	for _, seed := range []string{
		"198.51.100.9", "198.51.100.9:40000", "[2001:db8::7]:443", "[2001:db8::7]", "2001:db8::7", "::ffff:198.51.100.9",
		"[::ffff:198.51.100.9%1]:0",
		"[", "]", "[]", ":", "unknown", "198.51.100.9:", "2001:db8::7:443", "fe80::1%eth0", "2002:c633:6409::1",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, ok := hop(text)
		if !ok {
			if a.IsValid() {
				t.Fatalf("%q is refused, and is %s", text, a)
			}
			return
		}
		if !a.IsValid() || a.Is4In6() || a.Zone() != "" {
			t.Fatalf("%q is %s", text, a)
		}
		forms := []string{a.String(), netip.AddrPortFrom(a, 40000).String()}
		if a.Is4() {
			forms = append(forms, "::ffff:"+a.String(), "[::ffff:"+a.String()+"]:1")
		} else {
			forms = append(forms, "["+a.String()+"]")
		}
		for _, form := range forms {
			if again, ok := hop([]byte(form)); !ok || again != a {
				t.Fatalf("%q is %s, and %q is %s", text, a, form, again)
			}
		}
	})
}

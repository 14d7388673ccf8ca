package minimise

import (
	"net/netip"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// embeddings are the ways in which an IPv4 address stands in an IPv6 one.
var embeddings = map[string]func(v4 [4]byte) netip.Addr{
	"plain":                    netip.AddrFrom4,
	"mapped (RFC 4291)":        at("::ffff:0:0", 12),
	"compatible (RFC 4291)":    at("::", 12),
	"6to4 (RFC 3056)":          at("2002::1", 2),
	"6to4, a host":             at("2002:0:0:7:211:22ff:fe33:4455", 2),
	"SIIT (RFC 2765)":          at("::ffff:0:0:0", 12),
	"NAT64 (RFC 6052)":         at("64:ff9b::", 12),
	"ISATAP (RFC 5214)":        at("2001:db8:1:2:0:5efe:0:0", 12),
	"NAT64, a site's own /96":  at("64:ff9b:1:fffe::", 12),
	"NAT64, a site's own /64":  at("64:ff9b:1:7::", 9),
	"NAT64, a site's own /48":  at("64:ff9b:1::", 6, 7, 9, 10),
	"NAT64, a site's own /56":  at("64:ff9b:1:700::", 7, 9, 10, 11),
	"Teredo (RFC 4380)":        inverted("2001:0:c633:6401:8000:63bf::", 12),
	"Teredo, its flags unlike": inverted("2001:0:c633:6401:0:1234::", 12),
}

// at puts an IPv4 address into an IPv6 one: its four bytes in a row, or each at its place.
func at(base string, places ...int) func(v4 [4]byte) netip.Addr {
	return func(v4 [4]byte) netip.Addr {
		a := netip.MustParseAddr(base).As16()
		for i, c := range v4 {
			if len(places) == 1 {
				a[places[0]+i] = c
			} else {
				a[places[i]] = c
			}
		}
		return netip.AddrFrom16(a)
	}
}

func inverted(base string, place int) func(v4 [4]byte) netip.Addr {
	put := at(base, place)
	return func(v4 [4]byte) netip.Addr { return put([4]byte{^v4[0], ^v4[1], ^v4[2], ^v4[3]}) }
}

// TestEmbeddedAddressesAreCut: whatever is kept of an address, of an IPv4 address in it no more is than of a plain one:
// two that agree in the bits that stay leave alike, in whatever dress. Where IPv4 addresses are dropped nothing tells
// one from another.
func TestEmbeddedAddressesAreCut(t *testing.T) {
	t.Parallel()
	cut := func(spec *TruncateSpec, ip netip.Addr) string {
		out, outcome := spec.address(nil, Value{Class: hit.IP, Bytes: []byte(ip.String())})
		if outcome == Dropped {
			return "dropped"
		}
		return string(out)
	}
	for name, put := range embeddings {
		for _, v4 := range []*int{nil, new(0), new(8), new(13), new(16), new(20), new(24)} {
			for v6 := range 65 {
				spec := &TruncateSpec{V4: v4, V6: new(v6)}
				bits := 0
				if v4 != nil {
					bits = *v4
				}
				of := [4]byte{203, 0, 113, 77}
				want := cut(spec, put(of))
				for bit := bits; bit < 32; bit++ {
					other := of
					other[bit/8] ^= 0x80 >> (bit % 8)
					if got := cut(spec, put(other)); got != want {
						t.Errorf("%s, v4 %d, v6 %d: %s leaves as %s, %s as %s", name, bits, v6, put(of), want, put(other), got)
					}
				}
			}
		}
	}
	// What is cut as IPv4 is written so, whatever zone it had.
	for _, name := range []string{"plain", "mapped (RFC 4291)", "6to4 (RFC 3056)", "SIIT (RFC 2765)", "NAT64 (RFC 6052)",
		"Teredo (RFC 4380)"} {
		if got := cut(&TruncateSpec{V4: new(16), V6: new(48)},
			embeddings[name]([4]byte{203, 0, 113, 77})); got != "203.0.0.0" {
			t.Errorf("%s leaves as %s", name, got)
		}
	}
}

package minimise

import (
	"encoding/hex"
	"math/big"
	"net/netip"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// networkOf is the network of an address as net/netip has it, with the IPv4 address that an IPv6
// one was made of taken out of its bytes.
func networkOf(ip netip.Addr, v4, v6 int) string {
	b := ip.WithZone("").As16()
	inside := func(b []byte) netip.Addr { return netip.AddrFrom4([4]byte(b)) }
	wide := ip.Unmap().WithZone("")
	if ip.Is6() && !ip.Is4In6() {
		text := hex.EncodeToString(b[:])
		switch {
		case strings.HasPrefix(text, "2002"): // RFC 3056
			wide = inside(b[2:6])
		case strings.HasPrefix(text, "20010000"): // RFC 4380
			wide = inside([]byte{b[12] ^ 0xff, b[13] ^ 0xff, b[14] ^ 0xff, b[15] ^ 0xff})
		case strings.HasPrefix(text, "0064ff9b0000000000000000"), strings.HasPrefix(text, "0000000000000000ffff0000"):
			// RFC 6052, RFC 2765
			wide = inside(b[12:])
		}
	}
	bits := v6
	if wide.Is4() {
		bits = v4
	}
	return netip.PrefixFrom(wide, bits).Masked().Addr().String()
}

// FuzzTruncate: an address that is cut is the one of its network, as net/netip reads it;
// numbers lose decimals and nothing else.
func FuzzTruncate(f *testing.F) {
	for _, s := range []string{
		"52.520008", "-0.97, 13.4", "203.0.113.77", "2001:db8::1", "Größe 42 jane@example.com", "::ffff:203.0.113.77",
		"2002:cb00:714d::1", "2001:0:c633:6401:8000:63bf:34ff:8eb2", "64:ff9b::1.2.3.4",
		"::ffff:0:203.0.113.77", "fe80::1", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3", "::", "1::2::3", "[::1]",
		"1.2.3.4:80", "999999.999999", "0.5", "1e5", "00.5", "1.", "4111111111111111",
		"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "255.255.255.255", "64:ff9b:1::1", "::0:0:0:0:0:0:0:0.0.0.0",
		"-12.5", "129.99", "37", "0",
	} {
		f.Add(s)
	}
	env := testEnv()
	geo := must(f, Spec{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(2)}}, hit.PreciseGeo)
	bucket := must(f, Spec{Kind: Generalise, Generalise: "bucket"}, hit.Revenue)
	f.Fuzz(func(t *testing.T, in string) {
		for _, bits := range [][2]int{{0, 0}, {8, 16}, {16, 32}, {24, 48}, {23, 47}, {24, 64}} {
			a := must(t, Spec{Kind: Truncate, Truncate: TruncateSpec{V4: &bits[0], V6: &bits[1]}}, hit.IP)
			want := dropped
			if ip, err := netip.ParseAddr(in); err == nil && ip.Zone() == "" {
				want = networkOf(ip, bits[0], bits[1])
			}
			if in == "" {
				want = ""
			}
			if got := text(t, a, in, env); got != want {
				t.Errorf("%q cut to %v is %q, want %q", in, bits, got, want)
			}
		}
		for _, a := range []*Action{geo, bucket} {
			once := text(t, a, in, env)
			if once == dropped {
				continue
			}
			if len(once) > len(in) {
				t.Errorf("%q grew to %q", in, once)
			}
			if twice := text(t, a, once, env); twice != once {
				t.Errorf("%q became %q, then %q", in, once, twice)
			}
			before, is := new(big.Rat).SetString(in)
			if !is || strings.ContainsAny(in, "eEpPxX_/") {
				continue
			}
			after, is := new(big.Rat).SetString(once)
			if !is || after.Cmp(before) > 0 != (before.Sign() < 0) && after.Cmp(before) != 0 {
				t.Fatalf("%q became %q: it is no number, or farther from zero", in, once)
			}
			away := new(big.Rat).Abs(new(big.Rat).Sub(before, after))
			least := big.NewRat(1, 100)
			if a == bucket { // 1, 2 or 5 times a power of ten: more than two fifths are left
				least = new(big.Rat).Abs(new(big.Rat).Mul(before, big.NewRat(3, 5)))
			}
			if away.Cmp(least) >= 0 && away.Sign() > 0 {
				t.Errorf("%q became %q", in, once)
			}
		}
	})
}

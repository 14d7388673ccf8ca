package hit_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

func TestOctets(t *testing.T) {
	const digits, letters = "0123456789", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for c := range 256 {
		b := byte(c)
		if want := strings.IndexByte(digits+letters+"!#$%&'*+-.^_`|~", b) >= 0; hit.IsToken(b) != want {
			t.Errorf("%q is part of a token: %v", b, !want)
		}
		want := strings.IndexByte("0123456789abcdef", b)
		if want < 0 {
			want = strings.IndexByte("0123456789ABCDEF", b)
		}
		if want < 0 {
			want = 16
		}
		if hit.Hex(b) != byte(want) {
			t.Errorf("%q is %d", b, hit.Hex(b))
		}
	}
}

func TestNetworkOf(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.77":          "192.0.2.0/24",
		"::ffff:192.0.2.77":   "192.0.2.0/24",
		"2001:db8:1:2:3::4":   "2001:db8:1:2::/64",
		"fe80::1%eth0":        "fe80::/64",
		"2001:db8:1:2:3:4::5": "2001:db8:1:2::/64",
	} {
		if got := hit.NetworkOf(netip.MustParseAddr(address), 24, 64); got.String() != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	if got := hit.NetworkOf(netip.Addr{}, 24, 64); got.IsValid() {
		t.Errorf("no address: %s", got)
	}
}

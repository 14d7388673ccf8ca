package hit_test

import (
	"net/netip"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

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

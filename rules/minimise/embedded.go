package minimise

import "net/netip"

// carriers are the prefixes of IPv6 addresses in whose last four bytes an IPv4 address stands, where it was translated
// (RFC 2765, section 2.1; RFC 6052, section 2.1).
var carriers = []netip.Prefix{netip.MustParsePrefix("::ffff:0:0:0/96"), netip.MustParsePrefix("64:ff9b::/96")}

// localNAT64 is for translators of a site's own (RFC 8215): an IPv4 address stands somewhere behind the prefix, nobody
// else knows where (RFC 6052, section 2.2). What is cut keeps the prefix at most.
var localNAT64 = netip.MustParsePrefix("64:ff9b:1::/48")

var (
	sixToFour = netip.MustParsePrefix("2002::/16") // RFC 3056: the address stands behind the prefix
	teredo    = netip.MustParsePrefix("2001::/32") // RFC 4380: its complement stands in the last four bytes
)

// plain is the address that says where somebody is: without a zone, and the IPv4 address where an IPv6 one was made of
// it. Cut as an IPv6 address, that of 6to4 would stand whole in what is kept.
func plain(ip netip.Addr) netip.Addr {
	if !ip.Is6() {
		return ip
	}
	ip = ip.WithZone("")
	a := ip.As16()
	switch {
	case ip.Is4In6():
		return ip.Unmap()
	case sixToFour.Contains(ip):
		return netip.AddrFrom4([4]byte(a[2:6]))
	case teredo.Contains(ip):
		return netip.AddrFrom4([4]byte{^a[12], ^a[13], ^a[14], ^a[15]})
	}
	for i := range carriers {
		if carriers[i].Contains(ip) {
			return netip.AddrFrom4([4]byte(a[12:]))
		}
	}
	return ip
}

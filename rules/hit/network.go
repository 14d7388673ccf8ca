package hit

import "net/netip"

// NetworkOf is the network that an address is in, of so many bits; an IPv4 address that is mapped into IPv6 is one of
// IPv4, and zones don't count. Of no address it is the zero Prefix.
func NetworkOf(a netip.Addr, v4, v6 int) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := v6
	if a.Is4() {
		bits = v4
	}
	network, _ := a.Prefix(bits) // fails for the zero Addr alone
	return network
}

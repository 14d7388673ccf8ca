package wire

import (
	"bytes"
	"net/netip"
	"slices"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// Forwarded is the address a hit comes from: the connection's, or, behind trusted proxies, the last one in
// X-Forwarded-For that is not of theirs. What cannot be read is unknown.
func Forwarded(address netip.Addr, r *hit.Request, trusted []netip.Prefix) netip.Addr {
	if !Among(address, trusted) {
		return address
	}
	for i := range slices.Backward(r.Headers) {
		if !ascii.EqualFold(r.Headers[i].Name, "X-Forwarded-For") {
			continue
		}
		for list := r.Headers[i].Value; ; {
			comma := bytes.LastIndexByte(list, ',')
			next, ok := hop(bytes.Trim(list[comma+1:], " \t"))
			if !ok {
				return netip.Addr{}
			}
			if address = next; !Among(address, trusted) {
				return address
			}
			if comma < 0 {
				break
			}
			list = list[:comma]
		}
	}
	return address
}

// longestHop is the length of the longest text that hop reads: "[", a mapped address with a zone, "]:65535".
const longestHop = 96

// hop reads one address of X-Forwarded-For, in the forms that proxies write: "192.0.2.7", "192.0.2.7:40000" (Azure's
// gateways), "2001:db8::7", "[2001:db8::7]", "[2001:db8::7]:40000". A mapped IPv4 address ("::ffff:192.0.2.7") is that
// address. An IPv6 address with a port and without brackets is another IPv6 address: nobody can tell.
func hop(text []byte) (netip.Addr, bool) {
	if len(text) == 0 || len(text) > longestHop {
		return netip.Addr{}, false
	}
	bare := string(text)
	switch end := len(bare) - 1; {
	case bare[0] == '[' && bare[end] == ']':
		bare = bare[1:end]
		if a, err := netip.ParseAddr(bare); err != nil || a.Is4() {
			return netip.Addr{}, false
		}
	case bare[0] == '[' || bytes.Count(text, []byte{':'}) == 1:
		both, err := netip.ParseAddrPort(bare)
		if err != nil {
			return netip.Addr{}, false
		}
		return both.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(bare)
	if err != nil {
		return netip.Addr{}, false
	}
	return a.Unmap().WithZone(""), true
}

// Among tells whether an address is in one of the networks.
func Among(a netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

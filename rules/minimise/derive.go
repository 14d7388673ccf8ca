package minimise

import "net/netip"

// How much of the visitor's address goes into a derived id: as much as leaves the network of an access provider's neighbourhood.
const (
	derivedV4 = 24
	derivedV6 = 48
)

// derive writes, in place of a stored id, an id made of site, truncated address (IPv4 /24, IPv6 /48) and generalised user agent under
// the vendor's key of the day. A user agent that cannot be generalised counts as none; without an address or a key the field is dropped.
func (a *Action) derive(dst []byte, v Value, env *Env) ([]byte, Outcome) {
	scope, _ := a.Scope(env.Vendor, env.Purpose)
	key, ok := keyFor(env, scope)
	if !ok || !env.IP.IsValid() || env.Site == "" {
		return dst, Dropped
	}
	ip, bits := plain(env.IP), derivedV6
	if ip.Is4() {
		bits = derivedV4
	}
	base := len(dst)
	full := netip.PrefixFrom(ip, bits).Masked().Addr().As16()
	dst = append(dst, full[:]...)
	dst, _ = appendAgent(dst, env.UserAgent)
	mac := key.DailyVisitor(env.Site, dst[base:base+len(full)], dst[base+len(full):])
	return appendID(dst[:base], &mac, v)
}

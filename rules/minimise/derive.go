package minimise

import (
	"net/netip"

	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// derives writes an id that is made anew each day.
var derives = minimiser{
	name: "derive",
	done: "derived",
	params: []parameter{
		{Param: Param{Name: "id", Type: Enum, Values: []string{"daily_visitor"}, Required: true, Short: true,
			About: "what is put in place of a stored identifier"},
			at: func(s *Spec) any { return &s.Derive }},
	},
	classes:    derivable,
	compile:    compileDerive,
	apply:      derive,
	stricter:   func(_, b *Action) bool { return b.kind == Pseudonymise || b.kind == Hash },
	anyway:     true,
	measure:    Pseudonymised,
	written:    func(s *Spec) string { return "derive: " + s.Derive },
	shortLived: func(*Spec) bool { return true },
	words: Words{
		"": {
			"en": "replaced by a number that changes daily; it is not stored in your browser and " +
				"cannot link one day to another",
			"de": "ersetzt durch eine täglich neue Nummer, die nicht in Ihrem Browser gespeichert " +
				"wird und mit der sich verschiedene Tage nicht verknüpfen lassen",
			"fr": "remplacement par un numéro renouvelé chaque jour, non conservé dans votre " +
				"navigateur et qui ne permet pas de relier deux journées",
		},
	},
}

func compileDerive(a *Action) error {
	if a.spec.Derive != "daily_visitor" {
		return wrong("id", "must be daily_visitor")
	}
	a.keyed, a.rotation = true, pseudonym.Day
	return nil
}

// How much of the visitor's address goes into a derived id: as much as leaves the network
// of an access provider's neighbourhood.
const (
	derivedV4 = 24
	derivedV6 = 48
)

// derive writes, in place of a stored id, an id made of site, truncated address (IPv4 /24, IPv6 /48) and generalised
// user agent under the vendor's key of the day. A user agent that cannot be generalised counts as none; without an
// address or a key the field is dropped.
func derive(a *Action, dst []byte, v Value, env *Env) ([]byte, Outcome) {
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

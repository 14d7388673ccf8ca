package scrub

import (
	"net/netip"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// ips finds addresses of hosts.
type ips struct{ *view }

// v4 finds IPv4 addresses of hosts. Left alone are 0.0.0.0, loopback, addresses whose last number is 0 or whose
// numbers are all below 32, where nothing calls them an address (versions, and what truncation leaves), and versions
// that follow a product's name or a word such as "version" or "section".
func (in ips) v4(i int) (finding, bool) {
	if !in.want.Has(IP) {
		return finding{}, false
	}
	a, end := parse4(in.text, i)
	if end == 0 || a[0] == 0 || a[0] == 127 || a[2]|a[3] == 0 {
		return finding{}, false
	}
	if c := in.before(i); isWord(c) || c == '.' || c == '-' && i > 1 && isWord(in.text[i-2]) {
		return finding{}, false
	}
	if c := in.after(end); isWord(c) || c == '.' && isWord(in.after(end+1)) || c == '-' && isWord(in.after(end+1)) {
		return finding{}, false
	}
	if in.version(i) || likeVersion(a) && !ipLabels.has(in.of(in.wordBefore(i))) {
		return finding{}, false
	}
	return finding{span: span{i, end}, kind: IP}, true
}

var versionLabels = newLabels(versionBit,
	"version", "ver", "build", "release", "wersj", "firmware", "driver", "treiber", "update", "chapter", "section",
	"article", "paragraph", "kapitel", "abschnitt", "absatz", "artikel", "ziffer", "chapitre", "artículo", "articulo",
	"capítulo", "capitulo", "apartado", "sección", "capitolo", "articolo", "sezione", "hoofdstuk", "paragraaf",
	"rozdział", "artykuł", "sekcja", "artigo", "secção", "seção",
)

// ipLabels are what an address is called: behind them it may look like a version.
var ipLabels = newVocabulary(
	"ip", "ipv4", "addr", "address", "adresse", "dirección", "indirizzo", "adres", "endereço", "remote",
	"client", "host",
)

// likeVersion tells whether the four numbers are more likely those of a version or a section, or of a network: the last
// is 0, or all are below 32, which those of one address in 4000 are.
func likeVersion(a [4]byte) bool {
	return a[3] == 0 || max(a[0], a[1], a[2], a[3]) < 32
}

// version tells whether what stands at i is a version: "Name/1.2.3.4", "version 1.2.3.4".
func (in ips) version(i int) bool {
	if in.before(i) == '/' && i >= 2 && isLetter(in.text[i-2]) {
		k := i - 1
		for k > 0 && i-k < maxLabel && isWord(in.text[k-1]) {
			k--
		}
		return ascii.IsUpper(in.text[k])
	}
	return in.labelled(i, 1, versionLabels)
}

// parse4 reads four numbers from i and returns where they end, 0 where there are none.
func parse4(text []byte, i int) (a [4]byte, end int) {
	for k := range 4 {
		if k > 0 {
			if i >= len(text) || text[i] != '.' {
				return a, 0
			}
			i++
		}
		v, start := 0, i
		for i < len(text) && isDigit(text[i]) && i-start < 3 {
			v = v*10 + int(text[i]-'0')
			i++
		}
		if i == start || v > 255 || i-start > 1 && text[start] == '0' {
			return a, 0
		}
		a[k] = byte(v)
	}
	if i < len(text) && isDigit(text[i]) {
		return a, 0
	}
	return a, i
}

// v6 finds IPv6 addresses of hosts. Left alone are loopback, prefixes ("2001:db8::") and what could as well be code or
// a time: with "::" it takes three groups, or a first one of four digits.
func (in ips) v6(i int) (finding, bool) {
	if !in.want.Has(IP) {
		return finding{}, false
	}
	if c := in.before(i); isWord(c) || c == ':' || c == '.' {
		return finding{}, false
	}
	in.spend(costMachine)
	p := parse6(in.text, i)
	if p.end == 0 || isWord(in.after(p.end)) || in.after(p.end) == ':' {
		return finding{}, false
	}
	if p.gap >= 0 {
		if p.groups < 3 && (p.groups < 2 || p.first != 4) {
			return finding{}, false
		}
		if p.gap == p.groups && p.groups <= 4 || !p.digit {
			return finding{}, false
		}
	}
	return finding{span: span{i, p.end}, kind: IP}, true
}

// form6 is what parse6 saw.
type form6 struct {
	a      [16]byte
	end    int  // 0 where it is no address
	groups int  // written ones, the last four bytes in dotted form count as two
	gap    int  // in front of which group "::" stands, -1 where it does not
	first  int  // digits of the first group
	digit  bool // some group has a decimal digit
}

// parse6 reads an address of RFC 4291, section 2.2, from i on.
func parse6(text []byte, i int) form6 {
	p := form6{gap: -1}
	var words [8]uint16
	k := i
	if k+1 < len(text) && text[k] == ':' {
		if text[k+1] != ':' {
			return form6{}
		}
		p.gap = 0
		k += 2
	}
	for p.groups < 8 && k < len(text) && isHex(text[k]) {
		if a, end := parse4(text, k); end > 0 && p.groups <= 6 && (p.groups > 0 || p.gap == 0) {
			words[p.groups], words[p.groups+1] = uint16(a[0])<<8|uint16(a[1]), uint16(a[2])<<8|uint16(a[3])
			p.groups, p.digit, k = p.groups+2, true, end
			break
		}
		v, start := 0, k
		for k < len(text) && isHex(text[k]) && k-start < 5 {
			p.digit = p.digit || isDigit(text[k])
			v = v<<4 | int(ascii.Hex(text[k]))
			k++
		}
		if k-start > 4 {
			return form6{}
		}
		if p.groups == 0 {
			p.first = k - start
		}
		words[p.groups] = uint16(v)
		p.groups++
		if k+1 < len(text) && text[k] == ':' && text[k+1] == ':' && p.gap < 0 {
			p.gap = p.groups
			k += 2
			continue
		}
		if k+1 >= len(text) || text[k] != ':' || !isHex(text[k+1]) || p.groups == 8 {
			break
		}
		k++
	}
	if p.groups < 8 && p.gap < 0 || p.groups > 7 && p.gap >= 0 || p.groups == 0 && p.gap < 0 {
		return form6{}
	}
	p.end = k
	for g := range p.groups {
		at := g
		if p.gap >= 0 && g >= p.gap {
			at = 8 - p.groups + g
		}
		p.a[2*at], p.a[2*at+1] = byte(words[g]>>8), byte(words[g])
	}
	return p
}

// ParseIP reads an IPv4 or IPv6 address, without port, brackets or zone, that is the whole of value. It allocates
// nothing, which netip.ParseAddr does when it refuses.
func ParseIP(value []byte) (netip.Addr, bool) {
	if a, end := parse4(value, 0); end == len(value) && end > 0 {
		return netip.AddrFrom4(a), true
	}
	if len(value) < 2 || value[0] != ':' && !isHex(value[0]) {
		return netip.Addr{}, false
	}
	p := parse6(value, 0)
	if p.end != len(value) || p.end == 0 {
		return netip.Addr{}, false
	}
	return netip.AddrFrom16(p.a), true
}

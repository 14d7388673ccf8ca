package wire

import (
	"bytes"
	"net/netip"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// Forwarded is the address a hit comes from: the connection's, or, behind trusted proxies, the last one in
// X-Forwarded-For or in Forwarded (RFC 7239) that is not of theirs. What cannot be read is unknown, and so is an
// address where the two headers name different ones: one of them may be what the visitor sent.
func Forwarded(address netip.Addr, r *hit.Request, trusted []netip.Prefix) netip.Addr {
	if !Among(address, trusted) {
		return address
	}
	listed, named := walk{trusted: trusted}, walk{trusted: trusted}
	for i := range r.Headers {
		switch h := &r.Headers[i]; {
		case ascii.EqualFold(h.Name, "X-Forwarded-For"):
			listed.list(h.Value)
		case ascii.EqualFold(h.Name, "Forwarded"):
			named.elements(h.Value)
		}
	}
	switch {
	case !listed.begun && !named.begun:
		return address
	case !named.begun:
		return listed.at
	case !listed.begun || listed.at == named.at:
		return named.at
	case !listed.at.IsValid() || !named.at.IsValid():
		return netip.Addr{}
	case Among(listed.at, trusted): // only the way between proxies
		return named.at
	case Among(named.at, trusted):
		return listed.at
	default:
		return netip.Addr{}
	}
}

// walk follows the way of a hit from its sender to us, hop by hop.
type walk struct {
	trusted []netip.Prefix
	at      netip.Addr // the last hop that no trusted proxy is, or the first of all; the zero Addr where it is not known
	begun   bool
}

// step goes to the next hop. The zero Addr is one that cannot be read.
func (w *walk) step(next netip.Addr) {
	if !w.begun || !Among(next, w.trusted) {
		w.at, w.begun = next, true
	}
}

// list goes along a value of X-Forwarded-For.
func (w *walk) list(value []byte) {
	for more := true; more; {
		var text []byte
		text, value, more = bytes.Cut(value, []byte{','})
		next, _ := hop(unquoted(ascii.TrimBlank(text)))
		w.step(next)
	}
}

// elements goes along a value of Forwarded: elements between commas, pairs between semicolons, the value of a pair a
// token or in quotes. A value that is not so is one hop that cannot be read.
func (w *walk) elements(value []byte) {
	from := *w
	from.step(netip.Addr{})
	var next netip.Addr
	for found := false; ; {
		name, text, end, ok := pair(value)
		if isFor := ascii.EqualFold(name, "for"); !ok || isFor && found {
			*w = from
			return
		} else if isFor {
			next, found = node(text), true
		}
		if value = bytes.TrimLeft(value[end:], "; \t"); len(value) > 0 && value[0] != ',' {
			continue
		}
		if w.step(next); len(value) == 0 {
			return
		}
		next, found, value = netip.Addr{}, false, value[1:]
	}
}

// pair reads one pair of Forwarded: its name, its value without quotes, and where the comma or semicolon behind it is,
// or the end.
func pair(text []byte) (name, value []byte, end int, ok bool) {
	equals := bytes.IndexByte(text, '=')
	if equals < 0 {
		return nil, nil, 0, false
	}
	name = ascii.TrimBlank(text[:equals])
	from := equals + 1
	if from < len(text) && text[from] == '"' {
		for end = from + 1; end < len(text) && text[end] != '"'; end++ {
			if text[end] == '\\' {
				end++
			}
		}
		if end >= len(text) {
			return nil, nil, 0, false
		}
		value = text[from+1 : end]
		for end++; end < len(text) && (text[end] == ' ' || text[end] == '\t'); end++ {
		}
	} else {
		for end = from; end < len(text) && text[end] != ',' && text[end] != ';'; end++ {
		}
		if value = ascii.TrimBlank(text[from:end]); bytes.IndexByte(value, '"') >= 0 {
			return nil, nil, 0, false
		}
	}
	ok = isToken(name) && (end == len(text) || text[end] == ',' || text[end] == ';')
	return name, value, end, ok
}

// isToken tells whether text is a name of a pair.
func isToken(text []byte) bool {
	for _, c := range text {
		if !ascii.IsAlnum(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return len(text) > 0
}

// node reads the address of a hop in Forwarded (RFC 7239, section 6), where IPv6 stands in brackets always. "unknown"
// and names that hide one ("_hidden") are none.
func node(text []byte) netip.Addr {
	if bytes.Count(text, []byte{':'}) > 1 && text[0] != '[' {
		return netip.Addr{}
	}
	a, _ := hop(text)
	return a
}

// unquoted is a text without the quotes around it.
func unquoted(text []byte) []byte {
	if end := len(text) - 1; end > 0 && text[0] == '"' && text[end] == '"' {
		return text[1:end]
	}
	return text
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

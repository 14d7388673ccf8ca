package rules

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"net/netip"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// SenderHeader is the header in which a server shows the token of those who may send. It leaves with nothing.
const SenderHeader = "X-Tagwarden-Sender"

// Senders are the servers that may send hits for a recipient as servers. The zero Senders are none.
type Senders struct {
	Networks []netip.Prefix // where they are
	Token    SenderToken    // what they show
}

// SenderToken is the SHA-256 of a token; the zero one is of none.
type SenderToken [sha256.Size]byte

// NewSenderToken hashes a token; "" is none.
func NewSenderToken(token []byte) SenderToken {
	if len(token) == 0 {
		return SenderToken{}
	}
	return sha256.Sum256(token)
}

// sent tells whether a request comes from one of the servers. What carries a browser's own headers is a browser's,
// whatever it shows: a token in a page is everybody's.
func (s *Senders) sent(q *hit.Request) bool {
	if len(s.Networks) == 0 && s.Token == (SenderToken{}) && !q.Vouched || browsersOwn(q) {
		return false
	}
	for _, network := range s.Networks {
		if q.Address.IsValid() && network.Contains(q.Address) {
			return true
		}
	}
	if q.Vouched {
		return true
	}
	shown, many := q.One(SenderHeader)
	if many || len(shown) == 0 || s.Token == (SenderToken{}) {
		return false
	}
	hash := NewSenderToken(shown)
	return subtle.ConstantTimeCompare(hash[:], s.Token[:]) == 1
}

// browsersOwn tells whether a request carries what browsers alone send: cookies, where a script runs, what is fetched
// for what, and client hints. Node's fetch says "Sec-Fetch-Mode: cors", too, and none of the others (undici); a browser
// never says that alone (Fetch Metadata).
func browsersOwn(q *hit.Request) bool {
	for i := range q.Headers {
		h := &q.Headers[i]
		switch name := h.Name; {
		case ascii.EqualFold(name, "Cookie"), ascii.EqualFold(name, "Origin"), hasPrefixFold(name, "Sec-CH-"):
			return true
		case ascii.EqualFold(name, "Sec-Fetch-Mode") && string(h.Value) == "cors" && !likeBrowser(q):
		case hasPrefixFold(name, "Sec-Fetch-"):
			return true
		}
	}
	return false
}

// likeBrowser tells whether a request names a browser, or nobody, as what sent it.
func likeBrowser(q *hit.Request) bool {
	agent, many := q.One("User-Agent")
	return many || len(agent) == 0 || bytes.HasPrefix(agent, []byte("Mozilla/"))
}

func hasPrefixFold(name []byte, prefix string) bool {
	return len(name) >= len(prefix) && ascii.EqualFold(name[:len(prefix)], prefix)
}

package visitor

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Kind is what a signed link is for.
type Kind uint8

// The kinds. The zero [Kind] is none.
const (
	Unsubscribe Kind = 1 + iota // objects to its scopes, at one click where a mail program sends it (RFC 8058)
	Manage                      // shows what stands for its subjects, and lets them choose
)

// Claim is what a signed link allows whoever holds it: to object for its subjects, and to take back. It
// holds no identifier, only keyed hashes.
type Claim struct {
	Kind     Kind
	Subjects []objection.Subject // 1 to 32
	// what Unsubscribe objects to, 1 to 64; Manage at one click, which is refused where there are none
	Scopes   []string
	Site     string // id of a site; "": every site's
	Campaign string // of the message that it is in; see objection.Change
	// after that it still objects, and takes nothing back any more; zero: never. To the second
	Expires time.Time
}

// ErrLink says that a token is none of ours, or not whole.
var ErrLink = errors.New("the link is damaged, or signed with another key")

// Version 1 has no form in subjects: they are those of which nobody says in which form they are.
//
// The binary form: version, kind, expiry (seconds since 1970, 32 bits, 0 never), site, campaign, scopes, subjects,
// and 16 bytes of HMAC-SHA256 over all of that. A text is a byte that says how long it is and the bytes; a list is a
// byte that says how many and the items.
const (
	tokenVersion  = 2
	tokenFormless = 1
	tokenMAC      = 16
	maxSubjects   = 32
	maxLinkTo     = 64 // scopes
	longestToken  = 8 << 10
)

// Sign makes the token of a claim: [LinkPath] and it are the link's path below the site's base. Equal claims have equal
// tokens; the order of scopes does not matter.
func Sign(key *pseudonym.Key, c Claim) (string, error) {
	c.Scopes = sorted(c.Scopes)
	if err := c.check(); err != nil {
		return "", err
	}
	version := c.version()
	raw := []byte{version, byte(c.Kind)}
	var expires uint32
	if !c.Expires.IsZero() {
		expires = uint32(c.Expires.Unix())
	}
	raw = binary.BigEndian.AppendUint32(raw, expires)
	raw = appendText(appendText(raw, c.Site), c.Campaign)
	raw = append(raw, byte(len(c.Scopes)))
	for _, s := range c.Scopes {
		raw = appendText(raw, s)
	}
	raw = append(raw, byte(len(c.Subjects)))
	for i := range c.Subjects {
		s := &c.Subjects[i]
		raw = appendText(raw, s.Space)
		raw = append(append(append(raw, s.Hash[:]...), s.Ledger[:]...), s.Feed[:]...)
		if version == tokenVersion {
			raw = append(raw, s.Form)
		}
	}
	mac := tokenSum(key, raw)
	return base64.RawURLEncoding.EncodeToString(append(raw, mac[:]...)), nil
}

// Verify reads a token. It does not look at the clock. The error is [ErrLink].
func Verify(key *pseudonym.Key, token string) (Claim, error) {
	if len(token) > longestToken {
		return Claim{}, ErrLink
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) < tokenMAC {
		return Claim{}, ErrLink
	}
	raw, given := raw[:len(raw)-tokenMAC], raw[len(raw)-tokenMAC:]
	mac := tokenSum(key, raw)
	if subtle.ConstantTimeCompare(mac[:], given) != 1 {
		return Claim{}, ErrLink
	}
	return parseClaim(raw)
}

// version is that of the token for a claim: the one that has all that it says, and no more.
func (c *Claim) version() byte {
	if slices.ContainsFunc(c.Subjects, func(s objection.Subject) bool { return s.Form > 0 }) {
		return tokenVersion
	}
	return tokenFormless
}

func tokenSum(key *pseudonym.Key, raw []byte) [tokenMAC]byte {
	mac := key.MAC([]byte("tagwarden/1/link\x00"), raw)
	return [tokenMAC]byte(mac[:tokenMAC])
}

// late tells whether a claim is too old to take back with.
func (c *Claim) late(now time.Time) bool { return !c.Expires.IsZero() && now.After(c.Expires) }

// check says what a token cannot hold.
func (c *Claim) check() error {
	switch {
	case c.Kind != Unsubscribe && c.Kind != Manage:
		return errors.New("a link is to unsubscribe, or to manage")
	case len(c.Subjects) == 0 || len(c.Subjects) > maxSubjects:
		return fmt.Errorf("a link is for 1 to %d subjects, not %d", maxSubjects, len(c.Subjects))
	case len(c.Scopes) > maxLinkTo || len(c.Scopes) == 0 && c.Kind == Unsubscribe:
		return fmt.Errorf("a link to unsubscribe has 1 to %d scopes, not %d", maxLinkTo, len(c.Scopes))
	case !slices.Equal(c.Scopes, sorted(c.Scopes)):
		return errors.New("a link's scopes are not sorted, or there are doubles") // of a token that Sign did not make
	case !slices.ContainsFunc(c.Scopes, func(s string) bool {
		return !named(s)
	}) && len(c.Site) < 256 && len(c.Campaign) < 256:
	default:
		return errors.New("a link's site and campaign have at most 255 bytes, and its scopes are \"all\", ids of purposes, " +
			"or \"vendor:\" and an id")
	}
	for i := range c.Subjects {
		if space := c.Subjects[i].Space; space == "" || len(space) > 255 {
			return errors.New("a link's subjects have a namespace of 1 to 255 bytes")
		}
	}
	if !c.Expires.IsZero() && (c.Expires.Unix() <= 0 || c.Expires.Unix() > 1<<32-1) {
		return errors.New("a link ends between 1970 and 2106")
	}
	return nil
}

func appendText(dst []byte, text string) []byte { return append(append(dst, byte(len(text))), text...) }

// claimReader takes a binary form apart. What is missing is noted, and read as empty.
type claimReader struct {
	raw   []byte
	short bool
}

func (r *claimReader) take(n int) []byte {
	if len(r.raw) < n {
		r.raw, r.short = nil, true
		return make([]byte, n)
	}
	taken := r.raw[:n]
	r.raw = r.raw[n:]
	return taken
}

func (r *claimReader) number() int  { return int(r.take(1)[0]) }
func (r *claimReader) text() string { return string(r.take(r.number())) }

// parseClaim reads the binary form without its sum.
func parseClaim(raw []byte) (Claim, error) {
	r := &claimReader{raw: raw}
	version := r.number()
	c := Claim{Kind: Kind(r.number())}
	if at := binary.BigEndian.Uint32(r.take(4)); at != 0 {
		c.Expires = time.Unix(int64(at), 0).UTC()
	}
	c.Site, c.Campaign = r.text(), r.text()
	for n := r.number(); n > 0 && !r.short; n-- {
		c.Scopes = append(c.Scopes, r.text())
	}
	for n := r.number(); n > 0 && !r.short; n-- {
		s := objection.Subject{Space: r.text()}
		copy(s.Hash[:], r.take(len(s.Hash)))
		copy(s.Ledger[:], r.take(len(s.Ledger)))
		copy(s.Feed[:], r.take(len(s.Feed)))
		if version == tokenVersion {
			s.Form = r.take(1)[0]
		}
		c.Subjects = append(c.Subjects, s)
	}
	if version != int(c.version()) || r.short || len(r.raw) > 0 || c.check() != nil {
		return Claim{}, ErrLink
	}
	return c, nil
}

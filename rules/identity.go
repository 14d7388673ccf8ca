package rules

import (
	"bytes"
	"crypto/md5" //nolint:gosec // its size alone
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Identity is an identifier in one of the forms that it is known in, as the world may
// keep it: keyed hashes that share nothing.
type Identity struct {
	Space string // see Namespace; e-mail addresses and phone numbers are "email_sha256", "email_md5" and "phone_sha256"
	// number of its normal form: what is kept anew is of pseudonym.NewestForm, an older one may be known from before
	Form   uint8
	Hash   [16]byte // below the key of objections
	Ledger [16]byte // below the key of the ledger
	Feed   [16]byte // below the key that suppression feeds are matched with
}

// Identities returns every form of an identifier that an event may carry it in. The name is a class that identifies
// ("client_id", "email" ...), followed by a colon and a catalog id where only that vendor's is meant ("client_id:ga4";
// without, every vendor's of the policy), or "email_sha256", "email_md5" or "phone_sha256", in hexadecimal. Where its
// text or namespace was another in an older form, that one is among them, too, and says so. The error says what is
// wrong and holds nothing of the identifier.
func (p *Policy) Identities(k *Keys, name string, id []byte) ([]Identity, error) {
	class, vendor, named := strings.Cut(name, ":")
	f := idVariants{older: true}
	c, ok := hit.ParseClass(class)
	switch {
	case class == emailSHA256, class == emailMD5, class == phoneSHA256:
		size := sha256.Size
		if class == emailMD5 {
			size = md5.Size
		}
		if !f.hash(hit.Shared, hit.Email, map[string]*space{
			emailSHA256: spaceEmailSHA256, emailMD5: spaceEmailMD5, phoneSHA256: spacePhoneSHA256,
		}[class], id) {
			return nil, fmt.Errorf("%s: %s are right, or the same in base64", class, plural.Of(2*size, "hexadecimal digit"))
		}
	case !ok || !c.Identifies():
		if !ScopeName(name) { // it may be anything that somebody wrote
			name = "that"
		}
		return nil, fmt.Errorf("%s names no identifier: %s are right", name, strings.Join(IdentityNames(), ", "))
	case general(c) && named:
		return nil, fmt.Errorf("%s is the same for every vendor: write it without one", class)
	case general(c):
		f.given(hit.Shared, c, p.anywhere, id)
		if c == hit.UserID || c == hit.ExternalID {
			f.hashesOfID(c, id)
		}
	default:
		known := false
		for i := range p.origins {
			if of := &p.origins[i]; of.is(c, vendor, named) {
				known = true
				f.given(hit.Shared, c, of.in, id)
			}
		}
		if !known {
			return nil, fmt.Errorf("%s: no vendor of the policy is of the catalog entry that is named with it", class)
		}
	}
	if !utf8.Valid(id) || bytes.ContainsRune(id, utf8.RuneError) {
		// Two that are different would become the same on their way: half of a surrogate pair
		// is read as U+FFFD, whichever it was.
		return nil, fmt.Errorf("%s: it holds a character that is none", class)
	}
	if len(f.all) == 0 {
		if c == hit.Email {
			return nil, fmt.Errorf("%s: there is none in it: name@example.com is one", class)
		}
		if c == hit.Phone {
			return nil, fmt.Errorf("%s: there is none in it: +49 30 1234567 is one", class)
		}
		return nil, fmt.Errorf("%s: there is none in it", class)
	}
	return k.identities(&f), nil
}

// identities hashes every form.
func (k *Keys) identities(f *idVariants) []Identity {
	all := make([]Identity, 0, len(f.all))
	for i := range f.all {
		space, text := f.all[i].space, f.text[f.all[i].from:f.all[i].to]
		all = append(all, Identity{
			Space: space, Form: f.all[i].form, Hash: pseudonym.SubjectHash(k.subject, space, text),
			Ledger: pseudonym.SubjectHash(k.ledger, space, text),
			Feed:   pseudonym.SubjectHash(k.feed, space, text),
		})
	}
	return all
}

// Identity is a subject of the hit, by its place, as others may know it: with its namespace, and the hash that
// suppression feeds are matched with.
func (j *Judgement) Identity(subject int, k *Keys) Identity {
	s, of := &j.Subjects[subject], &j.variants.all[subject]
	text := j.variants.text[of.from:of.to]
	return Identity{
		Space: of.space, Form: s.Form, Hash: s.Hash,
		Ledger: pseudonym.SubjectHash(k.ledger, of.space, text), Feed: pseudonym.SubjectHash(k.feed, of.space, text),
	}
}

// IdentityNames lists what identifiers can be given as.
func IdentityNames() []string {
	var names []string
	for c := range hit.NumClasses {
		if c.Identifies() {
			names = append(names, c.String())
		}
	}
	return append(names, emailSHA256, emailMD5, phoneSHA256)
}

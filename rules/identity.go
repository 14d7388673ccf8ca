package rules

import (
	"bytes"
	"crypto/md5" //nolint:gosec // its size alone
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// Identity is an identifier in one of the forms that it is known in, as the world may keep it: keyed hashes that share nothing.
type Identity struct {
	Space  string   // see Namespace; e-mail addresses and phone numbers are "email_sha256", "email_md5" and "phone_sha256"
	Form   uint8    // number of its normal form: what is kept anew is of pseudonym.NewestForm, an older one may be known from before
	Hash   [16]byte // below the key of objections
	Ledger [16]byte // below the key of the ledger
	Feed   [16]byte // below the key that suppression feeds are matched with
}

// Identities returns every form of an identifier that an event may carry it in. The name is a class that identifies ("client_id", "email"
// ...), followed by a colon and a catalog id where only that vendor's is meant ("client_id:ga4"; without, every vendor's of the policy), or
// "email_sha256", "email_md5" or "phone_sha256", in hexadecimal. Where its text or namespace was another in an older form, that one is among
// them, too, and says so. The error says what is wrong and holds nothing of the identifier.
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
		if id = bytes.TrimSpace(id); !hexadecimal(id, size) {
			return nil, fmt.Errorf("%s: %d hexadecimal digits are right", class, 2*size)
		}
		f.hash(hit.Shared, hit.Email, map[string]*space{
			emailSHA256: spaceEmailSHA256, emailMD5: spaceEmailMD5, phoneSHA256: spacePhoneSHA256,
		}[class], id)
	case !ok || !c.Identifies():
		if !ScopeName(name) { // it may be anything that somebody wrote
			name = "that"
		}
		return nil, fmt.Errorf("%s names no identifier: %s are right", name, strings.Join(IdentityNames(), ", "))
	case general(c) && named:
		return nil, fmt.Errorf("%s is the same for every vendor: write it without one", class)
	case general(c):
		f.given(hit.Shared, c, &idField{spaces: newSpaces("", "")}, id)
	default:
		known := false
		for _, r := range p.recipients {
			if of := r.Catalog.File; !named || of.ID == vendor || of.Kin() == vendor {
				known = true
				f.given(hit.Shared, c, &r.unknown, id)
			}
		}
		for _, of := range catalog.BuiltinCookies() {
			if of.Class == c && (!named || of.Vendor == vendor || of.Family == vendor) {
				known = true
				f.given(hit.Shared, c, &idField{spaces: newSpaces(of.Family, of.Family)}, id)
			}
		}
		if !known {
			return nil, fmt.Errorf("%s: no vendor of the policy is of the catalog entry that is named with it", class)
		}
	}
	if !utf8.Valid(id) || bytes.ContainsRune(id, utf8.RuneError) {
		// Two that are different would become the same on their way: half of a surrogate pair is read as U+FFFD, whichever it was.
		return nil, fmt.Errorf("%s: it holds a character that is none", class)
	}
	if len(f.all) == 0 {
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
			Space: space, Form: f.all[i].form, Hash: pseudonym.SubjectHash(&k.subject, space, text), Ledger: pseudonym.SubjectHash(&k.ledger, space, text),
			Feed: pseudonym.SubjectHash(&k.feed, space, text),
		})
	}
	return all
}

// CookieIdentity is an identifier that a browser keeps in a cookie: its name as Identities reads it, and its value.
type CookieIdentity struct {
	Name  string
	Value string
}

// CookieIdentities lists the identifiers in a browser's cookies that an SDK made at random. What a site knows people by (user ids, e-mail
// addresses) is not among them: who can guess such an id could speak for somebody else.
func (p *Policy) CookieIdentities(jar signal.Jar) []CookieIdentity {
	var all []CookieIdentity
	jar.Cookies(func(name, value []byte) bool {
		if len(name) == 0 {
			return true
		}
		for _, c := range p.cookies[name[0]] {
			if general(c.Class) || !c.Named(name) {
				continue
			}
			one := CookieIdentity{c.in.spaces[c.Class].name, string(bytes.TrimSpace(c.AppendID(nil, value)))}
			if one.Value != "" && !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
		return true
	})
	return all
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

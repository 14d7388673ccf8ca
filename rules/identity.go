package rules

import (
	"bytes"
	"crypto/md5" //nolint:gosec // other systems know addresses by it; it protects nothing here
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Identity is an identifier in one of the forms that it is known in, as the world may keep it: keyed hashes that share nothing.
type Identity struct {
	Space  string   // see Namespace; "email_sha256", "email_md5", "phone_sha256" for what is known as a hash only
	Hash   [16]byte // below the key of objections
	Ledger [16]byte // below the key of the ledger
	Feed   [16]byte // below the key that suppression feeds are matched with
}

// hashedSpaces are the namespaces of identifiers that are known as a hash, in hexadecimal: a hash is never taken for what it was made of.
const (
	emailSHA256 = "email_sha256"
	emailMD5    = "email_md5"
	phoneSHA256 = "phone_sha256"
)

// Identities returns every form of an identifier that an event may carry it in. The name is a class that identifies ("client_id", "email"
// ...), followed by a colon and a catalog id where only that vendor's is meant ("client_id:ga4"; without, every vendor's of the policy), or
// "email_sha256", "email_md5" or "phone_sha256", in hexadecimal. The error says what is wrong and holds nothing of the identifier.
func (p *Policy) Identities(k *Keys, name string, id []byte) ([]Identity, error) {
	class, vendor, named := strings.Cut(name, ":")
	switch class {
	case emailSHA256, emailMD5, phoneSHA256:
		return k.hashedIdentity(class, id)
	}
	c, ok := hit.ParseClass(class)
	if !ok || !c.Identifies() {
		return nil, fmt.Errorf("%q names no identifier: %s are right", name, strings.Join(IdentityNames(), ", "))
	}
	normal := pseudonym.AppendNormal(nil, minimise.NormOf(c), id)
	if len(normal) == 0 {
		return nil, fmt.Errorf("%s: there is nothing in it", name)
	}
	if general := Namespace(c, ""); !strings.HasSuffix(general, ":") {
		if named {
			return nil, fmt.Errorf("%q: %s is the same for every vendor: write it without the vendor", name, class)
		}
		return k.general(c, normal)
	}
	var all []Identity
	for _, r := range p.recipients {
		if of := r.Catalog.File.ID; !named || of == vendor {
			if one := k.identity(Namespace(c, of), normal); !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	if all == nil {
		return nil, fmt.Errorf("%q: no vendor of the policy is of that catalog entry", name)
	}
	return all, nil
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

// general returns the forms of what a site knows a person by.
func (k *Keys) general(c hit.Class, normal []byte) ([]Identity, error) {
	all := []Identity{k.identity(c.String(), normal)}
	at := bytes.IndexByte(normal, '@') >= 0
	switch {
	case c == hit.Phone:
		for _, form := range phoneForms(normal) {
			all = append(all, k.identity(phoneSHA256, hashHex(form)))
		}
	case c == hit.Email && !at:
		return nil, fmt.Errorf("%s: it holds no @", c)
	case c == hit.Email:
		all = append(all, k.mailbox(normal)...)
	case at: // a site's own id is often an e-mail address
		address := pseudonym.AppendNormal(nil, pseudonym.Mailbox, normal)
		all = append(append(all, k.identity(hit.Email.String(), address)), k.mailbox(address)...)
	}
	return all, nil
}

// mailbox returns the hashed forms of a normalised e-mail address.
func (k *Keys) mailbox(normal []byte) []Identity {
	return []Identity{k.identity(emailSHA256, hashHex(normal)), k.identity(emailMD5, hashMD5(normal))}
}

// phoneForms are the texts that vendors hash a phone number as: its digits (Meta), and E.164 with its plus (Google).
func phoneForms(digits []byte) [][]byte {
	return [][]byte{digits, append([]byte{'+'}, digits...)}
}

func hashHex(text []byte) []byte {
	sum := sha256.Sum256(text)
	return hex.AppendEncode(nil, sum[:])
}

func hashMD5(text []byte) []byte {
	sum := md5.Sum(text) //nolint:gosec // see above
	return hex.AppendEncode(nil, sum[:])
}

// hashedIdentity reads an identifier that is given as a hash.
func (k *Keys) hashedIdentity(space string, id []byte) ([]Identity, error) {
	normal := bytes.ToLower(bytes.TrimSpace(id))
	length := 2 * sha256.Size
	if space == emailMD5 {
		length = 2 * md5.Size
	}
	if _, err := hex.Decode(make([]byte, length), normal); err != nil || len(normal) != length {
		return nil, fmt.Errorf("%s: %d hexadecimal digits are right", space, length)
	}
	return []Identity{k.identity(space, normal)}, nil
}

func (k *Keys) identity(space string, normal []byte) Identity {
	return Identity{
		Space: space, Hash: pseudonym.SubjectHash(&k.subject, space, normal), Ledger: pseudonym.SubjectHash(&k.ledger, space, normal),
		Feed: pseudonym.SubjectHash(&k.feed, space, normal),
	}
}

package rules

import (
	"bytes"
	"crypto/md5" //nolint:gosec // other systems know addresses by it; it protects nothing here
	"crypto/sha256"
	"encoding/base64"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/contact"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// mostContacts is how many addresses, or numbers, of one value are looked up. A value that lists more is no visitor's:
// the hit is refused for what looking at them all would take.
const mostContacts = 256

// mostPhone is how many digits a phone number has at most (E.164).
const mostPhone = 15

// addresses adds the e-mail addresses in a text, each by its hashes: those alone are looked up and kept, for whoever
// has the plain one has its hashes too.
func (f *idVariants) addresses(event int32, text []byte) {
	in := contact.ReadAddresses(text)
	first := idVariant{}
	for n := 0; ; n++ {
		of := idVariant{form: pseudonym.NewestForm, from: len(f.text)}
		var ok bool
		f.text, ok = in.Append(f.text)
		if of.to = len(f.text); !ok {
			break
		}
		if n == mostContacts {
			f.overdone()
			return
		}
		if n == 0 {
			first = of
		}
		f.digest(event, hit.Email, spaceEmailSHA256, of, nil)
		f.digest(event, hit.Email, spaceEmailMD5, of, nil)
		f.spellings(event, of)
	}
	if !f.older {
		return
	}
	was, ok := f.normal(pseudonym.Mailbox, pseudonym.FirstForm, text)
	if ok && bytes.IndexByte(f.text[was.from:was.to], '@') >= 0 && !bytes.Equal(f.text[first.from:first.to],
		f.text[was.from:was.to]) {
		f.digest(event, hit.Email, spaceEmailSHA256, was, nil)
		f.digest(event, hit.Email, spaceEmailMD5, was, nil)
	}
}

// spellings adds what vendors ask to be hashed of an address instead of its normal form.
func (f *idVariants) spellings(event int32, of idVariant) {
	for n := range contact.Spellings {
		one := idVariant{form: pseudonym.NewestForm, from: len(f.text)}
		var ok bool
		if f.text, ok = contact.AppendSpelling(f.text, f.text[of.from:of.to], n); ok {
			one.to = len(f.text)
			f.digest(event, hit.Email, spaceEmailSHA256, one, nil)
		}
	}
}

// numbers adds the phone numbers in a text, each by its hashes. One that does not say its country is one of the site's,
// where that names one; whether it does not, or is a number of another country without its plus, cannot be told, and it
// is looked up as both.
func (f *idVariants) numbers(event int32, text []byte) {
	first := idVariant{}
	for rest, n := text, 0; rest != nil; {
		of, more, how := f.number(rest, f.country)
		if how != contact.NoNumber {
			if n++; n > mostContacts {
				f.overdone()
				return
			}
			if n == 1 {
				first = of
			}
			f.dialled(event, of)
		}
		if how == contact.Within {
			if bare, _, _ := f.number(rest, nil); f.text[bare.from] != '0' {
				f.dialled(event, bare)
			}
		}
		rest = more
	}
	if !f.older {
		return
	}
	was, ok := f.normal(pseudonym.Dialled, pseudonym.FirstForm, text)
	if ok && !bytes.Equal(f.text[first.from:first.to], f.text[was.from:was.to]) {
		f.dialled(event, was)
	}
}

// number writes the first number of a text in its normal form.
func (f *idVariants) number(text []byte, in *contact.Country) (of idVariant, rest []byte, how contact.Reading) {
	of = idVariant{form: pseudonym.NewestForm, from: len(f.text)}
	f.text, rest, how = contact.AppendPhone(f.text, text, in)
	of.to = len(f.text)
	return of, rest, how
}

// dialled adds the hashes of a number.
func (f *idVariants) dialled(event int32, of idVariant) {
	f.digest(event, hit.Phone, spacePhoneSHA256, of, nil)         // its digits, as Meta hashes them
	f.digest(event, hit.Phone, spacePhoneSHA256, of, []byte{'+'}) // E.164, as Google does
}

// overdone makes what was added cost more than any hit may.
func (f *idVariants) overdone() { f.digests += 1 << 24 }

// hashed adds an address or a number that is there as a hash, in whatever dress; false where the text is none.
func (f *idVariants) hashed(event int32, class hit.Class, text []byte) bool {
	if class == hit.Phone {
		return len(text) > 2*mostPhone && f.hash(event, class, spacePhoneSHA256, text)
	}
	if len(text) < base64.RawStdEncoding.EncodedLen(md5.Size) || bytes.IndexByte(text, '@') >= 0 {
		return false // nearly all of them, at the first look
	}
	return f.hash(event, class, spaceEmailSHA256, text) || f.hash(event, class, spaceEmailMD5, text)
}

// hash adds a hash of a space in hexadecimal, small letters; false where the text is none.
func (f *idVariants) hash(event int32, class hit.Class, space *space, text []byte) (ok bool) {
	size := sha256.Size
	if space == spaceEmailMD5 {
		size = md5.Size
	}
	of := idVariant{event: event, class: class, space: space.name, form: pseudonym.NewestForm, kind: Person,
		from: len(f.text)}
	if f.text, ok = contact.AppendHash(f.text, text, size); !ok {
		return false
	}
	of.to = len(f.text)
	f.keep(of)
	return true
}

// hashedID adds an id that a site knows people by where it is there as a hash, as vendors ask for it: of the id itself,
// or of an address or a number that is the site's id.
func (f *idVariants) hashedID(event int32, class hit.Class, text []byte) {
	if f.hash(event, class, spaceUserIDSHA256, text) {
		f.hash(event, hit.Email, spaceEmailSHA256, text)
		f.hash(event, hit.Phone, spacePhoneSHA256, text)
	}
}

// knownByHash adds the hashes of an id that a site knows a person by, as hashesOfID keeps them: who has the hash alone
// objects by that.
func (f *idVariants) knownByHash(event int32, text []byte) {
	of, ok := f.normal(pseudonym.Trimmed, lookedUp, text)
	if !ok {
		return
	}
	small, _ := f.normal(pseudonym.Mailbox, lookedUp, text)
	f.hashOfID(event, of, &f.sums[0])
	if !bytes.Equal(f.text[small.from:small.to], f.text[of.from:of.to]) {
		f.hashOfID(event, small, &f.sums[1])
	}
}

// hashOfID adds the hash of an id. Last is the one that was hashed before, which it mostly is.
func (f *idVariants) hashOfID(event int32, of idVariant, last *idSum) {
	if !bytes.Equal(f.text[last.from:last.to], f.text[of.from:of.to]) {
		f.digest(event, hit.UserID, spaceUserIDSHA256, of, nil)
		*last = idSum{of.from, of.to, len(f.text) - 2*sha256.Size}
		return
	}
	of.event, of.class, of.space, of.kind = event, hit.UserID, spaceUserIDSHA256.name, Person
	of.from, of.to = last.sum, last.sum+2*sha256.Size
	f.keep(of)
}

// idSum is where an id stands in the text of variants, and its SHA-256.
type idSum struct{ from, to, sum int }

// hashesOfID adds the hashes by which vendors ask for an id that a site knows people by: of its text in small letters
// (Meta's external_id), and as it is. An objection is kept under them.
func (f *idVariants) hashesOfID(class hit.Class, text []byte) {
	of, ok := f.normal(pseudonym.Trimmed, pseudonym.NewestForm, text)
	if !ok {
		return
	}
	f.digest(hit.Shared, class, spaceUserIDSHA256, of, nil)
	small, _ := f.normal(pseudonym.Mailbox, pseudonym.NewestForm, text)
	f.digest(hit.Shared, class, spaceUserIDSHA256, small, nil)
}

// userData adds the hashes in a list as Google's tags write it, "tv.1~em.HASH~pn.HASH": SHA-256 in base64url, and in
// every other dress; or what it is that is no such list.
func (f *idVariants) userData(event int32, text []byte) {
	listed := false
	for rest := text; len(rest) > 0; {
		var item []byte
		item, rest, _ = bytes.Cut(rest, []byte{'~'})
		name, value, _ := bytes.Cut(item, []byte{'.'})
		class := hit.Email
		switch string(name) {
		case "em":
		case "pn":
			class = hit.Phone
		case "tv":
			listed = true
			continue
		default:
			continue
		}
		if listed = true; f.hashed(event, class, value) {
			continue
		}
		if class == hit.Email {
			f.addresses(event, value)
		} else {
			f.numbers(event, value)
		}
	}
	if !listed && !f.hashed(event, hit.Email, text) {
		f.addresses(event, text)
	}
}

// contacts adds what a field of addresses or numbers holds: hashes, whether the catalog says so or not, or what may be
// found in plain where it says so, too.
func (f *idVariants) contacts(event int32, class hit.Class, in *idField, text []byte) {
	switch {
	case in.hashed == catalog.UserData:
		f.userData(event, text)
	case f.hashed(event, class, text):
	case class == hit.Phone:
		f.numbers(event, text)
	default:
		f.addresses(event, text)
	}
}

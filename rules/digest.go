package rules

import (
	"bytes"
	"crypto/md5" //nolint:gosec // other systems know addresses by it; it protects nothing here
	"crypto/sha256"
	"encoding/hex"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// digests are hashes that were made of identifiers of a hit: what one event after another holds is hashed once.
type digests [8]digested

// digested is one of them. The zero digested is none.
type digested struct {
	space      *space
	prefix     int // bytes in front of the identifier
	plain, end int // it stands in text[plain:end],
	from, to   int // and its hash in text[from:to]
}

// slot is where the hash of an identifier stands, if it was made lately.
func (d *digests) slot(space *space, plain []byte, prefix int) *digested {
	at := sumOf(plain) + uint64(2*prefix)
	if space == spaceEmailMD5 {
		at++
	}
	return &d[at%uint64(len(d))]
}

// digest adds the hash of an identifier, with a prefix in front of it.
func (f *idVariants) digest(event int32, class hit.Class, space *space, of idVariant, prefix []byte) {
	f.digests++
	plain := f.text[of.from:of.to]
	known := f.digested.slot(space, plain, len(prefix))
	if known.space != space || known.prefix != len(prefix) || !bytes.Equal(f.text[known.plain:known.end], plain) {
		from, to := f.hashOf(space, plain, prefix)
		*known = digested{space, len(prefix), of.from, of.to, from, to}
	}
	f.keep(idVariant{event: event, class: class, space: space.name, form: of.form, kind: Person,
		from: known.from, to: known.to})
}

// hashOf writes the hash of an identifier, with a prefix in front of it, in hexadecimal.
func (f *idVariants) hashOf(space *space, id, prefix []byte) (from, to int) {
	from = len(f.text)
	f.text = append(append(f.text, prefix...), id...)
	plain := f.text[from:]
	if space == spaceEmailMD5 {
		sum := md5.Sum(plain) //nolint:gosec // see above
		f.text = hex.AppendEncode(f.text[:from], sum[:])
	} else {
		sum := sha256.Sum256(plain)
		f.text = hex.AppendEncode(f.text[:from], sum[:])
	}
	hit.Forget(f.text, len(plain))
	return from, len(f.text)
}

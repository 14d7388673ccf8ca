package visitor

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
)

// UndoCookie proves which acts of objecting were made in this browser, so that they, and no others, may be taken back
// here. For each identifier it holds the act's id, which is random, and a keyed hash of both. What matches no
// identifier that the browser sends is dropped whenever the cookie is written, so that it recognises nobody who deleted
// theirs. Scripts cannot read it, and other sites' requests do not bring it.
//
// Before acts were told apart a proof was a keyed hash of the identifier alone: it proves what was in force then, of
// whoever's doing, and nothing that came after it.
const UndoCookie = rules.UndoCookie

// maxIdentifiers bounds how many identifiers of one browser are used. A cookie of so many has 1,055 bytes, and 1,791
// where each has a proof from before besides.
const maxIdentifiers = 32

// The bytes of a proof: an id and a hash; from before, the hash alone.
const (
	actSize   = 8
	macSize   = 16
	proofSize = actSize + macSize
)

// proof is what the cookie holds for an identifier. One from before has no act: no id is zero.
type proof struct {
	act [actSize]byte
	mac [macSize]byte
}

// holder is whose act it proves.
func (p proof) holder() objection.Holder {
	if p.act == [actSize]byte{} {
		return objection.Holder{Kind: objection.Earlier}
	}
	h := objection.Holder{Kind: objection.Browser}
	copy(h.ID[:], p.act[:])
	return h
}

// proofOf is the proof that an act was made for an identifier; for the zero id that from before.
func (p *Pages) proofOf(id objection.ID, act [actSize]byte) proof {
	label := "tagwarden/2/undo\x00" + string(act[:])
	if act == [actSize]byte{} {
		label = "tagwarden/1/undo\x00"
	}
	mac := p.opts.Key.MAC([]byte(label), []byte(id.Name), []byte{0}, []byte(id.Value))
	return proof{act, [macSize]byte(mac[:macSize])}
}

// newAct makes the id of an act.
func (p *Pages) newAct() (act [actSize]byte, err error) {
	for act == [actSize]byte{} && err == nil {
		if _, err = io.ReadFull(p.opts.Rand, act[:]); err != nil {
			err = fmt.Errorf("cannot make the id of an act: %w", err)
		}
	}
	return act, err
}

// parseProofs reads the cookie. What is no proof is left out.
func parseProofs(value string) []proof {
	var all []proof
	for part := range strings.SplitSeq(value, ".") {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil || len(all) == 2*maxIdentifiers {
			continue
		}
		switch len(raw) {
		case macSize:
			all = append(all, proof{mac: [macSize]byte(raw)})
		case proofSize:
			if one := (proof{[actSize]byte(raw), [macSize]byte(raw[actSize:])}); one.act != [actSize]byte{} {
				all = append(all, one)
			}
		}
	}
	return all
}

// formatProofs writes the cookie: sorted, so that its order says nothing of when.
func formatProofs(all []proof) string {
	parts := make([]string, 0, len(all))
	for _, p := range all {
		raw := append(p.act[:], p.mac[:]...)
		if p.holder().Kind == objection.Earlier {
			raw = p.mac[:]
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(raw))
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), ".")
}

// proofsFor returns those of the browser's proofs that are for an identifier: two at most, of an act of its own and
// from before. Of several acts one is as good as the others.
func (b *browser) proofsFor(p *Pages, id objection.ID) []proof {
	var found []proof
	for _, held := range b.proofs {
		wanted := p.proofOf(id, held.act)
		same := func(other proof) bool { return other.holder().Kind == held.holder().Kind }
		if subtle.ConstantTimeCompare(wanted.mac[:], held.mac[:]) == 1 && !slices.ContainsFunc(found, same) {
			found = append(found, held)
		}
	}
	return found
}

// proven returns the identifiers that were objected for in this browser, as its proofs say.
func (v *visit) proven(ids []objection.ID) []objection.ID {
	var found []objection.ID
	for _, id := range ids {
		if len(v.proofsFor(v.Pages, id)) > 0 {
			found = append(found, id)
		}
	}
	return found
}

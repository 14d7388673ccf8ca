package visitor

import (
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// UndoCookie proves that identifiers were objected for in this browser, so that it may be taken back here. It holds a keyed hash for each of
// them: a pure function of the identifier, that tells nothing more than the identifier does. What matches no identifier that the browser
// sends is dropped whenever the cookie is written, so that it recognises nobody who deleted theirs. Scripts cannot read it, and other sites'
// requests do not bring it.
const UndoCookie = "__Host-tagwarden-undo"

// maxIdentifiers bounds how many identifiers of one browser are used: a cookie of 32 proofs has 736 bytes.
const maxIdentifiers = 32

type proof [16]byte

// proofOf is the proof for an identifier.
func (p *Pages) proofOf(id objection.ID) proof {
	mac := p.opts.Key.MAC([]byte("tagwarden/1/undo\x00"), []byte(id.Name), []byte{0}, []byte(id.Value))
	return proof(mac[:16])
}

// parseProofs reads the cookie. What is no proof is left out.
func parseProofs(value string) []proof {
	var all []proof
	for part := range strings.SplitSeq(value, ".") {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err == nil && len(raw) == len(proof{}) && len(all) < maxIdentifiers {
			all = append(all, proof(raw))
		}
	}
	return all
}

// formatProofs writes the cookie: sorted, so that its order says nothing of when.
func formatProofs(all []proof) string {
	parts := make([]string, 0, len(all))
	for _, p := range all {
		parts = append(parts, base64.RawURLEncoding.EncodeToString(p[:]))
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), ".")
}

// proven returns the identifiers that are among the proofs.
func (p *Pages) proven(ids []objection.ID, proofs []proof) []objection.ID {
	var found []objection.ID
	for _, id := range ids {
		wanted, is := p.proofOf(id), 0
		for _, held := range proofs {
			is |= subtle.ConstantTimeCompare(wanted[:], held[:])
		}
		if is == 1 {
			found = append(found, id)
		}
	}
	return found
}

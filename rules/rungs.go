package rules

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// RungsID names by what an event was judged, and how, in hex: the same ladder, as far as it was climbed, of the same
// policy, site and endpoint, in the same region, by signals that say the same whatever their dates, always has the same
// name. It is appended to dst.
func (j *Judgement) RungsID(dst []byte, event int) []byte {
	of := j.Route
	text := append(hit.Emptied(j.shapes.text), j.Policy.digest...)
	for _, part := range [...]string{j.Site.ID, of.Recipient.ID, of.Endpoint.ID} {
		text = append(append(text, part...), 0)
	}
	text = append(append(text, j.Region.Country[:]...), j.Region.Part[:]...)
	text = append(text, byte(j.Region.Group), oneIf(j.FromServer))
	rungs := j.Rungs(&j.Verdicts[event])
	text = binary.BigEndian.AppendUint16(text, uint16(len(rungs)))
	for i := range rungs {
		r := &rungs[i]
		text = append(append(text, r.Activity.ID...), 0, byte(r.Decision), byte(r.Reason), byte(r.When))
	}
	text = j.SignalsOf(event).AppendFacts(text)
	j.shapes.text = text
	return appendID(dst, text)
}

// appendID appends the name of what a text says.
func appendID(dst, text []byte) []byte {
	sum := sha256.Sum256(text)
	const lower = "0123456789abcdef"
	for _, c := range sum[:8] {
		dst = append(dst, lower[c>>4], lower[c&15])
	}
	return dst
}

func oneIf(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// CategoriesIn lists the consent categories of a set, as a policy's purposes name them.
func CategoriesIn(p *Policy, set signal.Categories) (all []string) {
	for n := range set.All {
		all = append(all, p.categories[n])
	}
	return all
}

package rules

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

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
	return j.shapes.appendID(dst)
}

// ID is the name of a shape or of rungs: the first eight bytes of a SHA-256, in hex.
type ID [16]byte

// IDs remembers names between hits, by the texts that they are made of. Such a text holds ids of the policy, places of
// fields in the catalog and what signals say, and nothing else of a hit. It is asked from many goroutines at once, and
// does not allocate for what it knows.
type IDs interface {
	// Recall returns the name that was made of a text; nil where it is not known.
	Recall(text []byte) *ID
	// Remember is told the name of a text that was not known. It keeps no hold of the text.
	Remember(text []byte, id ID)
}

// appendID appends the name of what the text says.
func (s *shapes) appendID(dst []byte) []byte {
	if s.ids == nil {
		id := idOf(s.text)
		return append(dst, id[:]...)
	}
	if known := s.ids.Recall(s.text); known != nil {
		return append(dst, known[:]...)
	}
	id := idOf(s.text)
	s.ids.Remember(s.text, id)
	return append(dst, id[:]...)
}

// idOf is the name of what a text says.
func idOf(text []byte) (id ID) {
	sum := sha256.Sum256(text)
	hex.Encode(id[:], sum[:len(id)/2])
	return id
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

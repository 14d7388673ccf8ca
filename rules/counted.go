package rules

import (
	"encoding/binary"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// Counted is a value that was judged by how many share it: whoever counts, counts it. Its bytes belong to the Judgement.
type Counted struct {
	Class hit.Class
	Value []byte // alone, or together with those of other fields
	K     int    // how many were asked for
}

// Counts lists the values that events which travel were judged by the rarity of.
func (j *Judgement) Counts() []Counted { return j.counted }

// Rarest is the largest number of networks that any profile asks for; 0 where no activity's profile asks for any.
func (p *Policy) Rarest() int { return p.rarest }

// rarity prepares what a value is judged by whose action asks for its rarity.
func (j *Judgement) rarity(i int32, a *minimise.Action, by hit.Class) {
	j.env.Together = nil
	k, with := a.Rarity()
	if k == 0 {
		return
	}
	value := j.Hit.Text(i)
	if len(with) > 0 {
		if value = j.together(i, with); value == nil {
			return
		}
		j.env.Together = value
	}
	j.counted = append(j.counted, Counted{by, value, k})
}

// maxCombined is how long values are together that are counted. They are copied for each value that is judged by them: what is longer is rare.
const maxCombined = 1 << 10

// together is a value with those of other classes in its event, each with its length before it, so that none can be taken for another. Of a
// class that stands more than once the first counts. It is nil where they are too long.
func (j *Judgement) together(i int32, with []hit.Class) []byte {
	from, length := len(j.combined), len(j.Hit.Text(i))
	for _, class := range with {
		if first := j.firsts(j.Hit.Nodes[i].Event)[class]; first != hit.None {
			length += len(j.Hit.Text(first))
		}
	}
	if length > maxCombined {
		return nil
	}
	j.work.Spend(costNode * length)
	j.combined = appendLong(j.combined, j.Hit.Text(i))
	event := j.Hit.Nodes[i].Event
	firsts := j.firsts(event)
	for _, class := range with {
		j.combined = append(j.combined, byte(class))
		if first := firsts[class]; first != hit.None {
			j.combined = appendLong(j.combined, j.Hit.Text(first))
		}
	}
	return j.combined[from:len(j.combined):len(j.combined)]
}

func appendLong(dst, text []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(text))), text...)
}

// firsts are the first fields of each class in an event, or else in the whole hit. They are looked for once an event, and once in the whole hit.
func (j *Judgement) firsts(event int32) *[hit.NumClasses]int32 {
	if !j.firstsKnown {
		j.firstsKnown, j.firstsOf = true, hit.Shared
		j.firstOfHit = j.firstsIn(hit.Shared)
		j.firstOf = j.firstOfHit
	}
	if j.firstsOf != event {
		j.firstsOf, j.firstOf = event, j.firstsIn(event)
		for class, first := range j.firstOfHit {
			if j.firstOf[class] == hit.None {
				j.firstOf[class] = first
			}
		}
	}
	return &j.firstOf
}

func (j *Judgement) firstsIn(event int32) (first [hit.NumClasses]int32) {
	for class := range first {
		first[class] = hit.None
	}
	h := &j.Hit
	for i := h.FirstOf(event); i != hit.None; i = h.Nodes[i].Peer {
		n := &h.Nodes[i]
		if !n.Kind.Holds() && !n.Opened && first[n.Class] == hit.None {
			first[n.Class] = i
		}
	}
	return first
}

package objection

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
)

// named is a subject that is named somewhere, and the place in group.of; no place: whoever needs it looks for it.
type named struct {
	high, low uint64
	at        uint32
}

const noPlace = 1<<32 - 1

func namedAt(hash []byte, at int) named {
	return named{binary.BigEndian.Uint64(hash[:8]), binary.BigEndian.Uint64(hash[8:]), uint32(at)}
}

func (a named) compare(b named) int {
	return cmp.Or(cmp.Compare(a.high, b.high), cmp.Compare(a.low, b.low))
}

// load reads the records of all subjects in the order of their hashes, with those that follow them: it returns how many
// these are. What the index knows nothing of is not looked for on disk.
func (g *group) load() (followers int) {
	var all []named
	each := func(f func(hash *[16]byte)) {
		for i, r := range g.requests {
			if r.batch == nil || g.answers[i].skip {
				continue
			}
			for c := range r.batch.Changes {
				for j := range r.batch.Changes[c].Subjects {
					f(&r.batch.Changes[c].Subjects[j].Hash)
				}
			}
		}
	}
	count, changes := 0, 0
	each(func(*[16]byte) { count++ })
	for i, r := range g.requests {
		if r.batch != nil && !g.answers[i].skip {
			changes += len(r.batch.Changes)
		}
	}
	g.recorded = make([]Recorded, 0, changes)
	all = make([]named, 0, count)
	each(func(hash *[16]byte) { all = append(all, namedAt(hash[:], len(all))) })
	g.of = make([]uint32, len(all))
	slices.SortFunc(all, named.compare)
	if more := g.leads.following(all); len(more) > 0 {
		followers = len(more)
		all = append(all, more...)
		slices.SortFunc(all, named.compare)
	}
	g.states = make([]subjectState, 0, len(all))
	subjects := g.tx.Bucket(bucketSubjects)
	for i, n := range all {
		if i == 0 || n.high != all[i-1].high || n.low != all[i-1].low {
			g.states = append(g.states, subjectState{})
			st := &g.states[len(g.states)-1]
			binary.BigEndian.PutUint64(st.hash[:8], n.high)
			binary.BigEndian.PutUint64(st.hash[8:], n.low)
			if g.writer.store.index.mayHold(&st.hash) {
				if value := subjects.Get(st.hash[:]); value != nil {
					st.had = true
					st.record, st.err = parseRecord(st.hash[:], value)
					if n := int(st.record.source); n < len(g.writer.sources.names) {
						st.record.split(g.writer.sources.names[n])
					}
				}
			}
		}
		if n.at != noPlace {
			g.of[n.at] = uint32(len(g.states) - 1)
		}
	}
	return followers
}

// stateOf is a subject that was loaded.
func (g *group) stateOf(hash []byte) (*subjectState, error) {
	at, found := placeIn(g.states, hash)
	if !found {
		return nil, errors.New("BUG: the record of a subject that follows was not read")
	}
	return &g.states[at], g.states[at].err
}

// placeIn is where among subjects one is, if it was loaded.
func placeIn(states []subjectState, hash []byte) (at int, found bool) {
	want := namedAt(hash, noPlace)
	return slices.BinarySearchFunc(states, want, func(st subjectState, n named) int {
		return namedAt(st.hash[:], noPlace).compare(n)
	})
}

package objection

import (
	"encoding/binary"
	"slices"
)

// touched stands for the number of the present change until it has one.
const touched = 1<<64 - 1

// effect is what a change did to any of its subjects: marks of scopes, ascending, none twice.
type effect struct{ added, removed []uint32 }

func (e *effect) any() bool { return len(e.added) > 0 || len(e.removed) > 0 }

// add adds what is different between the marks of a subject before and after.
func (e *effect) add(before, after []uint32) {
	for _, mark := range before {
		if _, stays := slices.BinarySearch(after, mark); !stays {
			e.removed = insert(e.removed, mark)
		}
	}
	for _, mark := range after {
		if _, was := slices.BinarySearch(before, mark); !was {
			e.added = insert(e.added, mark)
		}
	}
}

// insert puts a mark in its place, unless it is there.
func insert(marks []uint32, mark uint32) []uint32 {
	at, found := slices.BinarySearch(marks, mark)
	if found {
		return marks
	}
	return slices.Insert(marks, at, mark)
}

// numbers puts the marks of the scopes that are objected to into object. A scope that is new gets its number.
func (g *group) numbers(c *Change) error {
	g.object = g.object[:0]
	for _, scope := range c.Object {
		n, err := g.number(g.writer.scopes, bucketScopes, scope)
		if err != nil {
			return err
		}
		g.object = append(g.object, markOf(n, c.Restriction))
	}
	return nil
}

// number returns the number of a name, and gives it one where it has none.
func (g *group) number(d *dictionary, bucket []byte, name string) (uint32, error) {
	if n, ok := d.numbers[name]; ok {
		return n, nil
	}
	n := d.add(name)
	key := binary.BigEndian.AppendUint32(nil, n)
	g.wrote = true
	return n, g.tx.Bucket(bucket).Put(key, sealed(key, append([]byte{0, 0, 0, 0}, name...)))
}

// alter takes back and adds scopes for one subject.
func (g *group) alter(st *subjectState, c *Change) {
	had := st.record.scopes
	g.before = had.appendMarks(g.before[:0])
	after := append(g.after[:0], g.before...)
	for _, scope := range c.TakeBack {
		if scope == All {
			after = after[:0]
			continue
		}
		name, restricted := bareScope(scope)
		n, ok := g.writer.scopes.numbers[name]
		if !ok {
			continue // nobody ever objected to it
		}
		if at, found := slices.BinarySearch(after, markOf(n, restricted)); found {
			after = slices.Delete(after, at, at+1)
		}
	}
	for _, mark := range g.object {
		after = insert(after, mark)
	}
	g.after = after
	if slices.Equal(g.before, after) {
		return
	}
	st.record.scopes = scopesOf(after, g.text)
	g.effect.add(g.before, after)
	g.retell(had, st.record.scopes)
	seconds := c.Time.Unix()
	if st.record.seq == 0 {
		st.record.first, st.record.last = seconds, seconds
	}
	st.record.first, st.record.last = min(st.record.first, seconds), max(st.record.last, seconds)
	st.record.seq, st.changed, g.wrote = touched, true, true
}

func markOf(number uint32, restricted bool) uint32 {
	if restricted {
		return 2*number + 1
	}
	return 2 * number
}

// retell counts a subject anew whose scopes have changed.
func (g *group) retell(before, after Scopes) {
	for need := 2 * len(g.writer.scopes.names); len(g.state.marks) < need; {
		g.state.marks = append(g.state.marks, 0)
	}
	if before.Any() {
		g.state.inForce--
	}
	if after.Any() {
		g.state.inForce++
	}
	for mark, ok := before.next(); ok; mark, ok = before.next() {
		g.state.marks[mark]--
	}
	for mark, ok := after.next(); ok; mark, ok = after.next() {
		g.state.marks[mark]++
	}
}

// inForce names what is in force for subjects, sorted, none twice.
func (g *group) inForce(mine []uint32) []string {
	var all []string
	for i, at := range mine {
		scopes := g.states[at].record.scopes
		if i > 0 && scopes == g.states[mine[i-1]].record.scopes {
			continue
		}
		names, ok := g.named[scopes]
		if !ok {
			names, _ = scopeNames(g.writer.scopes.names, scopes)
			g.named[scopes] = names
		}
		if i == 0 {
			all = names
			continue
		}
		all = append(slices.Clip(all), names...)
		slices.Sort(all)
		all = slices.Compact(all)
	}
	return all
}

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

func (e *effect) clear() { e.added, e.removed = e.added[:0], e.removed[:0] }

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

// numbers puts the marks of the scopes that are objected to into object, ascending. A scope that is new gets its
// number.
func (g *group) numbers(c *Change) error {
	g.object = g.object[:0]
	for _, scope := range c.Object {
		n, err := g.number(g.writer.scopes, bucketScopes, scope)
		if err != nil {
			return err
		}
		g.object = insert(g.object, markOf(n, c.Restriction))
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

// asked puts into ask what a change asks for.
func (g *group) asked(c *Change) error {
	if err := g.numbers(c); err != nil {
		return err
	}
	g.ask = alteration{holder: c.Holder, every: c.EveryAct, object: g.object}
	g.ask.all, g.ask.takeBack = g.writer.scopes.takenBack(c.TakeBack)
	return nil
}

// takenBack is what scopes that are taken back are as marks, ascending, and whether everything is. What nobody ever
// objected to has no number, and is left out.
func (d *dictionary) takenBack(scopes []string) (all bool, marks []uint32) {
	for _, scope := range scopes {
		if scope == KeptOptOut {
			marks = insert(marks, keptMark)
			continue
		}
		name, restricted := bareScope(scope)
		if n, ok := d.numbers[name]; ok {
			marks = insert(marks, markOf(n, restricted))
		}
		all = all || scope == All
	}
	return all, marks
}

// alter does what is asked for to one subject, in the form that it was given in now. One that is known from before
// alone is not objected for.
func (g *group) alter(st *subjectState, of *Subject, c *Change) {
	ask := g.ask
	if of.known() {
		ask.object = nil
	}
	before := st.record
	if form := max(1, of.Form); form > st.record.form {
		st.record.form = form
		if st.had {
			st.changed, g.wrote = true, true
		}
	}
	acts, changed := ask.apply(st.record.acts, &g.effect)
	if changed {
		g.stand(st, acts, &g.union, c.Time.Unix())
		g.dated(st, c.Time.Unix())
	}
	g.retell(&before, &st.record)
}

// stand makes acts those that stand for a subject from a time on, and adds to union what that changes of what is in
// force.
func (g *group) stand(st *subjectState, acts []act, union *effect, seconds int64) {
	g.before = st.record.scopes.appendMarks(g.before[:0])
	st.record.acts, st.record.scopes = acts, unionOf(acts)
	g.after = st.record.scopes.appendMarks(g.after[:0])
	union.add(g.before, g.after)
	st.record.taken(g.before, g.after, seconds)
}

// dated notes when a subject was changed.
func (g *group) dated(st *subjectState, seconds int64) {
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

// retell counts a subject anew that has changed.
func (g *group) retell(was, is *record) {
	if was.older() {
		g.state.older--
	}
	if is.older() {
		g.state.older++
	}
	before, after := was.scopes, is.scopes
	if before == after {
		return
	}
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
		*g.state.counted(mark)--
	}
	for mark, ok := after.next(); ok; mark, ok = after.next() {
		*g.state.counted(mark)++
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

// gone names what is not in force any more, where everything is taken back.
func (d *dictionary) gone(c *Change, union *effect) (names []string) {
	if !slices.Contains(c.TakeBack, All) {
		return nil
	}
	for _, mark := range union.removed {
		names = append(names, d.name(mark))
	}
	slices.Sort(names)
	return names
}

// apart names what is in force for each of several subjects; nil where it is the same for all.
func (d *dictionary) apart(records []*record) [][]string {
	other := func(r *record) bool { return r.scopes != records[0].scopes }
	if !slices.ContainsFunc(records, other) {
		return nil
	}
	each := make([][]string, len(records))
	for i, r := range records {
		each[i], _ = scopeNames(d.names, r.scopes)
	}
	return each
}

// without are the texts that are not among others, which are sorted; nil where there are none.
func without(texts, others []string) (left []string) {
	for _, one := range texts {
		if _, found := slices.BinarySearch(others, one); !found {
			left = append(left, one)
		}
	}
	return left
}

// held says by whose acts something stands for subjects.
func (g *group) held(mine []uint32) []Held {
	records := make([]*record, len(mine))
	for i, at := range mine {
		records[i] = &g.states[at].record
	}
	list, _ := heldIn(g.writer.scopes.names, records)
	return list
}

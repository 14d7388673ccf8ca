package objection

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// Who follows whom is kept twice: by lead, so that a change of the lead reaches those who follow it in the same
// transaction, and by day, so that those who were not seen for long are found. Where somebody follows, the lead's scopes
// are an act of SeenWith in their record: a look-up knows nothing of leads.

const (
	seenWith      = "seen_with" // the source of such acts
	mostFollowers = 256         // of one lead
	followLife    = 395         // days after it was seen last when somebody follows no more: 13 months
	perFollower   = 4           // things that are put for one, at most
)

// follower is who follows a lead. The stored value is
//
//	CRC-32C over key and the rest, 4 bytes, little endian
//	day when it was seen last, days since 1970, 4 bytes, big endian
//	the lead's hash in the ledger
//	namespace, hash in the ledger, hash in the feed, form
type follower struct {
	day     uint32
	lead    [16]byte // in the ledger
	subject Subject
}

func (f *follower) append(b, key []byte) []byte {
	b = binary.BigEndian.AppendUint32(append(b, 0, 0, 0, 0), f.day)
	b = appendText(append(b, f.lead[:]...), f.subject.Space)
	b = append(append(append(b, f.subject.Ledger[:]...), f.subject.Feed[:]...), f.subject.Form)
	return sealed(key, b)
}

// parseFollower reads a stored value. Every error is an ErrDamaged.
func parseFollower(key, value []byte) (follower, error) {
	rest, err := unseal(key, value, "a subject that follows")
	if err != nil {
		return follower{}, err
	}
	d := decoder{rest: rest}
	var f follower
	if day := d.bytes(4); day != nil {
		f.day = binary.BigEndian.Uint32(day)
	}
	f.lead = d.hash()
	f.subject = Subject{Space: d.text(), Ledger: d.hash(), Feed: d.hash(), Form: d.form()}
	if d.bad || len(d.rest) > 0 || len(key) != 32 {
		return follower{}, fmt.Errorf("%w: a subject that follows cannot be read", ErrDamaged)
	}
	f.subject.Hash = [16]byte(key[16:])
	return f, nil
}

// followKey is the key of who follows a lead.
func followKey(lead, hash *[16]byte) []byte { return append(lead[:len(lead):len(lead)], hash[:]...) }

// followTime is the key of a day when somebody was seen.
func followTime(day uint32, key []byte) []byte {
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 36), day), key...)
}

// followersOf calls f with everybody who follows a lead. It must not put anything.
func followersOf(tx *bolt.Tx, lead *[16]byte, f func(key, value []byte) error) error {
	c := tx.Bucket(bucketFollowers).Cursor()
	for key, value := c.Seek(lead[:]); bytes.HasPrefix(key, lead[:]); key, value = c.Next() {
		if err := f(key, value); err != nil {
			return err
		}
	}
	return nil
}

// following adds to named subjects, which are sorted, those whose records a request may change besides: followers of
// them, what is seen, and what was not seen for long.
func (g *group) following(all []named) (more []named) {
	for _, r := range g.requests {
		for i := range r.follows {
			more = append(more, namedAt(r.follows[i].Lead.Hash[:], noPlace))
			for j := range r.follows[i].Seen {
				more = append(more, namedAt(r.follows[i].Seen[j].Hash[:], noPlace))
			}
		}
		if r.expire && g.due == nil {
			g.due = g.overdue()
			for _, key := range g.due {
				more = append(more, namedAt(key[20:], noPlace))
			}
		}
	}
	first, _ := g.tx.Bucket(bucketFollowers).Cursor().First()
	g.followed = first != nil || len(more) > 0
	if first == nil {
		return more
	}
	for i, n := range all {
		if i > 0 && n.compare(all[i-1]) == 0 {
			continue
		}
		var lead [16]byte
		binary.BigEndian.PutUint64(lead[:8], n.high)
		binary.BigEndian.PutUint64(lead[8:], n.low)
		_ = followersOf(g.tx, &lead, func(key, _ []byte) error {
			if len(key) == 32 {
				more = append(more, namedAt(key[16:], noPlace))
			}
			return nil
		})
	}
	return more
}

// overdue lists keys of who was not seen for long.
func (g *group) overdue() [][]byte {
	due := [][]byte{}
	c := g.tx.Bucket(bucketFollowTimes).Cursor()
	today := dayOf(g.now)
	for key, _ := c.First(); len(key) == 36 && len(due) < mostGone; key, _ = c.Next() {
		if binary.BigEndian.Uint32(key)+followLife > today {
			break
		}
		due = append(due, bytes.Clone(key))
	}
	return due
}

// stateOf is a subject that was loaded.
func (g *group) stateOf(hash []byte) (*subjectState, error) {
	want := namedAt(hash, noPlace)
	at, found := slices.BinarySearchFunc(g.states, want, func(st subjectState, n named) int {
		return namedAt(st.hash[:], noPlace).compare(n)
	})
	if !found {
		return nil, errors.New("BUG: the record of a subject that follows was not read")
	}
	return &g.states[at], g.states[at].err
}

// led are the scopes that stand for a lead, as marks: all that it does not follow itself.
func led(r *record) []uint32 {
	if count(r.acts, SeenWith) == 0 {
		return r.scopes.appendMarks(nil)
	}
	own := slices.DeleteFunc(slices.Clone(r.acts), func(a act) bool { return a.holder.Kind == SeenWith })
	return unionOf(own).appendMarks(nil)
}

// put puts who follows, and the day.
func (g *group) putFollower(f *follower, lead *[16]byte) error {
	key := followKey(lead, &f.subject.Hash)
	return errors.Join(
		g.tx.Bucket(bucketFollowers).Put(key, f.append(nil, key)),
		g.tx.Bucket(bucketFollowTimes).Put(followTime(f.day, key), nil),
	)
}

// loses forgets who followed.
func (g *group) loses(f *follower, lead *[16]byte) error {
	key := followKey(lead, &f.subject.Hash)
	return errors.Join(
		g.tx.Bucket(bucketFollowers).Delete(key), g.tx.Bucket(bucketFollowTimes).Delete(followTime(f.day, key)),
	)
}

// follow does what a request of Follow asks for. A record that cannot be read is that request's error.
func (g *group) follow(r *request, a *answer) error {
	for i := range r.follows {
		f := &r.follows[i]
		for _, hash := range append([][16]byte{f.Lead.Hash}, hashesIn(f.Seen)...) {
			if _, err := g.stateOf(hash[:]); err != nil {
				a.err = err
				return nil
			}
		}
	}
	r.followed = make([]Followed, len(r.follows))
	for i := range r.follows {
		if err := g.followOne(&r.follows[i], &r.followed[i]); err != nil {
			return err
		}
	}
	return nil
}

func hashesIn(subjects []Subject) (all [][16]byte) {
	for i := range subjects {
		all = append(all, subjects[i].Hash)
	}
	return all
}

func (g *group) followOne(f *Follow, did *Followed) error {
	lead, err := g.stateOf(f.Lead.Hash[:])
	if err != nil {
		return err
	}
	marks := led(&lead.record)
	if len(marks) == 0 {
		return nil
	}
	n, day := 0, dayOf(f.Time)
	known := map[[16]byte]follower{}
	err = followersOf(g.tx, &f.Lead.Hash, func(key, value []byte) error {
		one, err := parseFollower(key, value)
		n, known[one.subject.Hash] = n+1, one
		return err
	})
	if err != nil {
		return err
	}
	var fresh []Subject
	holder := Holder{Kind: SeenWith, ID: f.Lead.Hash}
	for i := range f.Seen {
		st, err := g.stateOf(f.Seen[i].Hash[:])
		if err != nil {
			return err
		}
		was, follows := known[st.hash]
		one := follower{day, f.Lead.Ledger, f.Seen[i]}
		switch {
		case st == lead, f.Seen[i].known(), follows && was.day >= day:
			continue
		case follows:
			g.wrote = true
			if err := errors.Join(g.loses(&was, &f.Lead.Hash), g.putFollower(&one, &f.Lead.Hash)); err != nil {
				return err
			}
			continue
		case n >= mostFollowers, count(st.record.acts, SeenWith) >= mostLeads:
			did.Refused++
			continue
		}
		n, did.New, known[st.hash] = n+1, did.New+1, one
		fresh = append(fresh, f.Seen[i])
		if err := g.putFollower(&one, &f.Lead.Hash); err != nil {
			return err
		}
	}
	done, err := g.led(holder, marks, fresh, &Change{Lead: f.Lead.Ledger, Site: f.Site, Time: f.Time})
	if err != nil {
		return err
	}
	return g.recordLed(&done)
}

// ledChange is what became of subjects that follow a lead.
type ledChange struct {
	change Change // but for its scopes
	effect effect
	places []*subjectState
}

// led makes marks the act of subjects that follow a lead. Of says the rest of the change.
func (g *group) led(holder Holder, marks []uint32, subjects []Subject, of *Change) (ledChange, error) {
	done := ledChange{change: *of}
	done.change.Holder, done.change.Source, done.change.Subjects = holder, seenWith, subjects
	ask := alteration{holder: holder, all: true, object: marks}
	var union effect
	for i := range subjects {
		st, err := g.stateOf(subjects[i].Hash[:])
		if err != nil {
			return done, err
		}
		before := st.record
		st.record.form = max(1, st.record.form, subjects[i].Form)
		if acts, changed := ask.apply(st.record.acts, &done.effect); changed {
			g.stand(st, acts, &union)
			g.dated(st, of.Time.Unix())
		}
		g.retell(&before, &st.record)
		done.places = append(done.places, st)
	}
	return done, nil
}

// recordLed records what became of subjects that follow a lead: restrictions apart from objections.
func (g *group) recordLed(done *ledChange) error {
	objects, restricts := done.change, done.change
	restricts.Restriction = true
	for _, mark := range done.effect.removed {
		objects.TakeBack = append(objects.TakeBack, g.writer.scopes.name(mark))
	}
	for _, mark := range done.effect.added {
		of := &objects
		if mark&1 != 0 {
			of = &restricts
		}
		of.Object = append(of.Object, g.writer.scopes.names[mark/2])
	}
	slices.Sort(objects.TakeBack)
	if !done.effect.any() {
		return nil
	}
	inForce := g.inForceOf(done.places)
	for _, c := range []*Change{&objects, &restricts} {
		if len(c.Object)+len(c.TakeBack) == 0 {
			continue
		}
		slices.Sort(c.Object)
		r := Recorded{Seq: g.tree.size + 1, Time: g.now, Change: *c, InForce: inForce, Ended: without(c.TakeBack, inForce)}
		if err := g.record(&r); err != nil {
			return err
		}
	}
	source, err := g.number(g.writer.sources, bucketSources, seenWith)
	if err != nil {
		return err
	}
	for _, st := range done.places {
		if st.record.seq == touched {
			st.record.seq, st.record.source = g.tree.size, source
		}
	}
	return nil
}

// inForceOf names what is in force for subjects.
func (g *group) inForceOf(places []*subjectState) []string {
	var marks []uint32
	for _, st := range places {
		marks = st.record.scopes.appendMarks(marks)
	}
	slices.Sort(marks)
	names, _ := scopeNames(g.writer.scopes.names, scopesOf(slices.Compact(marks), nil))
	return names
}

// readable says why a subject's record, or that of one who follows it, cannot be read.
func (g *group) readable(st *subjectState) error {
	if st.err != nil || !g.followed {
		return st.err
	}
	return followersOf(g.tx, &st.hash, func(key, _ []byte) error {
		_, err := g.stateOf(key[16:])
		return err
	})
}

// mirror makes what stands for subjects of a change stand for those who follow them.
func (g *group) mirror(c *Change, mine []uint32) (all []ledChange, err error) {
	if !g.followed || !g.effect.any() {
		return nil, nil
	}
	for i, at := range mine {
		lead := &g.states[at]
		var following []follower
		err := followersOf(g.tx, &lead.hash, func(key, value []byte) error {
			one, err := parseFollower(key, value)
			following = append(following, one)
			return err
		})
		marks := led(&lead.record)
		subjects := make([]Subject, len(following))
		for n := range following {
			if subjects[n] = following[n].subject; len(marks) == 0 && err == nil {
				g.wrote = true
				err = g.loses(&following[n], &lead.hash)
			}
		}
		if err != nil {
			return nil, err
		}
		holder := Holder{Kind: SeenWith, ID: lead.hash}
		done, err := g.led(holder, marks, subjects, &Change{Lead: c.Subjects[i].Ledger, Site: c.Site, Time: c.Time})
		if err != nil {
			return nil, err
		}
		all = append(all, done)
	}
	return all, nil
}

// expire ends what follows from leads for those who were not seen for long.
func (g *group) expire(r *request) error {
	r.more = len(g.due) == mostGone
	var leads [][16]byte
	byLead := map[[16]byte][]follower{}
	for _, time := range g.due {
		key := time[4:]
		value := g.tx.Bucket(bucketFollowers).Get(key)
		if value == nil {
			continue // another request of the group ended it
		}
		one, err := parseFollower(key, value)
		if err != nil {
			return err
		}
		if _, err := g.stateOf(key[16:]); err != nil || one.day != binary.BigEndian.Uint32(time) {
			continue // it cannot be read, or was seen meanwhile
		}
		lead := [16]byte(key[:16])
		if byLead[lead] == nil {
			leads = append(leads, lead)
		}
		byLead[lead] = append(byLead[lead], one)
	}
	g.due = [][]byte{}
	for _, lead := range leads {
		all := byLead[lead]
		subjects := make([]Subject, len(all))
		for i := range all {
			g.wrote = true
			subjects[i] = all[i].subject
			if err := g.loses(&all[i], &lead); err != nil {
				return err
			}
		}
		why := &Change{Lead: all[0].lead, Because: "not seen for 13 months", Time: g.now}
		done, err := g.led(Holder{Kind: SeenWith, ID: lead}, nil, subjects, why)
		if err != nil {
			return err
		}
		if err := g.recordLed(&done); err != nil {
			return err
		}
	}
	return nil
}

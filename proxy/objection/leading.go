package objection

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
)

// leading is what a group does for those who follow: it finds them before anything is done, and changes them in the
// same step as their leads.
type leading struct {
	*group
	some bool     // somebody follows somebody
	due  [][]byte // keys of bucketFollowTimes that an expire is about
	over [][]byte // and of bucketKeptTimes
}

// following adds to named subjects, which are sorted, those whose records a request may change besides: followers of
// them, what is seen, and what was not seen for long.
func (l *leading) following(all []named) (more []named) {
	for _, r := range l.requests {
		if (ordering{l.group}).timed(r); r.wrong != nil {
			continue
		}
		for i := range r.follows {
			more = append(more, namedAt(r.follows[i].Lead.Hash[:], noPlace))
			for j := range r.follows[i].Seen {
				more = append(more, namedAt(r.follows[i].Seen[j].Hash[:], noPlace))
			}
		}
		for i := range r.keeps {
			more = append(more, namedAt(r.keeps[i].Subject.Hash[:], noPlace))
		}
		if r.expire && l.due == nil {
			l.due, l.over = l.overdue(bucketFollowTimes, 36), l.overdue(bucketKeptTimes, 20)
			for _, key := range slices.Concat(l.due, l.over) {
				more = append(more, namedAt(key[len(key)-16:], noPlace))
			}
		}
	}
	first, _ := l.tx.Bucket(bucketFollowers).Cursor().First()
	l.some = first != nil || len(more) > 0
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
		_ = followersOf(l.tx, &lead, func(key, _ []byte) error {
			if len(key) == 32 {
				more = append(more, namedAt(key[16:], noPlace))
			}
			return nil
		})
	}
	return more
}

// overdue lists keys of who was not seen for long, of a bucket whose keys of so many bytes begin with a day.
func (l *leading) overdue(bucket []byte, size int) [][]byte {
	due := [][]byte{}
	c := l.tx.Bucket(bucket).Cursor()
	today := dayOf(l.now)
	for key, _ := c.First(); len(key) == size && len(due) < mostGone; key, _ = c.Next() {
		if binary.BigEndian.Uint32(key)+followLife > today {
			break
		}
		due = append(due, bytes.Clone(key))
	}
	return due
}

// led are the scopes that stand for a lead, as marks: all that it does not follow itself, but for what is kept, which
// is no objection.
func led(r *record) []uint32 {
	notLed := func(a act) bool { return a.holder.Kind == SeenWith || a.holder.Kind == Kept }
	if !slices.ContainsFunc(r.acts, notLed) {
		return r.scopes.appendMarks(nil)
	}
	return unionOf(slices.DeleteFunc(slices.Clone(r.acts), notLed)).appendMarks(nil)
}

// put puts who follows, and the day.
func (l *leading) putFollower(f *follower, lead *[16]byte) error {
	key := followKey(lead, &f.subject.Hash)
	return errors.Join(
		l.tx.Bucket(bucketFollowers).Put(key, f.append(nil, key)),
		l.tx.Bucket(bucketFollowTimes).Put(followTime(f.day, key), nil),
	)
}

// loses forgets who followed.
func (l *leading) loses(f *follower, lead *[16]byte) error {
	key := followKey(lead, &f.subject.Hash)
	return errors.Join(
		l.tx.Bucket(bucketFollowers).Delete(key), l.tx.Bucket(bucketFollowTimes).Delete(followTime(f.day, key)),
	)
}

// follow does what a request of Follow asks for. A record that cannot be read is that request's error.
func (l *leading) follow(r *request, a *answer) error {
	for i := range r.follows {
		f := &r.follows[i]
		for _, hash := range append([][16]byte{f.Lead.Hash}, hashesIn(f.Seen)...) {
			if _, err := l.stateOf(hash[:]); err != nil {
				a.err = err
				return nil
			}
		}
	}
	r.followed = make([]Followed, len(r.follows))
	begun := map[[16]byte]bool{} // who began to follow, whomever
	for i := range r.follows {
		if err := l.followOne(&r.follows[i], &r.followed[i], begun); err != nil {
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

func (l *leading) followOne(f *Follow, did *Followed, begun map[[16]byte]bool) error {
	lead, err := l.stateOf(f.Lead.Hash[:])
	if err != nil {
		return err
	}
	marks := led(&lead.record)
	if len(marks) == 0 {
		return nil
	}
	n, day := 0, dayOf(f.Time)
	known := map[[16]byte]follower{}
	err = followersOf(l.tx, &f.Lead.Hash, func(key, value []byte) error {
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
		st, err := l.stateOf(f.Seen[i].Hash[:])
		if err != nil {
			return err
		}
		was, follows := known[st.hash]
		one := follower{day, f.Lead.Ledger, f.Seen[i]}
		switch {
		case st == lead, f.Seen[i].known(), follows && was.day >= day:
			continue
		case follows:
			l.wrote = true
			if err := errors.Join(l.loses(&was, &f.Lead.Hash), l.putFollower(&one, &f.Lead.Hash)); err != nil {
				return err
			}
			continue
		case n >= mostFollowers, count(st.record.acts, SeenWith) >= mostLeads:
			did.Refused++
			continue
		}
		if !begun[st.hash] {
			did.New++
		}
		n, begun[st.hash], known[st.hash] = n+1, true, one
		fresh = append(fresh, f.Seen[i])
		if err := l.putFollower(&one, &f.Lead.Hash); err != nil {
			return err
		}
	}
	done, err := l.led(holder, marks, fresh, &Change{Lead: f.Lead.Ledger, Site: f.Site, Time: f.Time})
	if err != nil {
		return err
	}
	return l.recordLed(&done)
}

// ledChange is what became of subjects that follow a lead, or that an opt-out is kept for.
type ledChange struct {
	change Change // but for its scopes
	effect effect
	places []*subjectState
}

// led makes marks the act of subjects that follow a lead, or of Kept. Of says the rest of the change.
func (l *leading) led(holder Holder, marks []uint32, subjects []Subject, of *Change) (ledChange, error) {
	done := ledChange{change: *of}
	done.change.Holder, done.change.Source, done.change.Subjects = holder, holder.Kind.String(), subjects
	ask := alteration{holder: holder, all: true, object: marks}
	var union effect
	for i := range subjects {
		st, err := l.stateOf(subjects[i].Hash[:])
		if err != nil {
			return done, err
		}
		before := st.record
		st.record.form = max(1, st.record.form, subjects[i].Form)
		if acts, changed := ask.apply(st.record.acts, &done.effect); changed {
			l.stand(st, acts, &union, of.Time.Unix())
			l.dated(st, of.Time.Unix())
		}
		l.retell(&before, &st.record)
		done.places = append(done.places, st)
	}
	return done, nil
}

// recordLed records what became of such subjects: restrictions apart from objections.
func (l *leading) recordLed(done *ledChange) error {
	objects, restricts := done.change, done.change
	restricts.Restriction = true
	for _, mark := range done.effect.removed {
		objects.TakeBack = append(objects.TakeBack, l.writer.scopes.name(mark))
	}
	for _, mark := range done.effect.added {
		of := &objects
		name, restricted := bareScope(l.writer.scopes.name(mark))
		if restricted {
			of = &restricts
		}
		of.Object = append(of.Object, name)
	}
	slices.Sort(objects.TakeBack)
	if !done.effect.any() {
		return nil
	}
	records := make([]*record, len(done.places))
	var marks []uint32
	for i, st := range done.places {
		records[i] = &st.record
		marks = st.record.scopes.appendMarks(marks)
	}
	slices.Sort(marks)
	inForce, _ := scopeNames(l.writer.scopes.names, scopesOf(slices.Compact(marks)))
	each := l.writer.scopes.apart(records)
	for _, c := range []*Change{&objects, &restricts} {
		if len(c.Object)+len(c.TakeBack) == 0 {
			continue
		}
		slices.Sort(c.Object)
		r := Recorded{Seq: l.tree.size + 1, Time: l.now, Change: *c, InForce: inForce, Each: each, Gone: c.TakeBack}
		if err := l.record(&r); err != nil {
			return err
		}
	}
	source, err := l.number(l.writer.sources, bucketSources, done.change.Source)
	if err != nil {
		return err
	}
	for _, st := range done.places {
		if st.record.seq == touched {
			st.record.seq, st.record.source = l.tree.size, source
		}
	}
	return nil
}

// readable says why a subject's record, or that of one who follows it, cannot be read.
func (l *leading) readable(st *subjectState) error {
	if st.err != nil || !l.some {
		return st.err
	}
	return followersOf(l.tx, &st.hash, func(key, _ []byte) error {
		_, err := l.stateOf(key[16:])
		return err
	})
}

// mirror makes what stands for subjects of a change stand for those who follow them.
func (l *leading) mirror(c *Change, mine []uint32) (all []ledChange, err error) {
	if !l.some || !l.effect.any() {
		return nil, nil
	}
	for i, at := range mine {
		lead := &l.states[at]
		var following []follower
		err := followersOf(l.tx, &lead.hash, func(key, value []byte) error {
			one, err := parseFollower(key, value)
			following = append(following, one)
			return err
		})
		marks := led(&lead.record)
		subjects := make([]Subject, len(following))
		for n := range following {
			if subjects[n] = following[n].subject; len(marks) == 0 && err == nil {
				l.wrote = true
				err = l.loses(&following[n], &lead.hash)
			}
		}
		if err != nil {
			return nil, err
		}
		holder := Holder{Kind: SeenWith, ID: lead.hash}
		done, err := l.led(holder, marks, subjects, &Change{Lead: c.Subjects[i].Ledger, Site: c.Site, Time: c.Time})
		if err != nil {
			return nil, err
		}
		all = append(all, done)
	}
	return all, nil
}

const notSeen = "not seen for 13 months" // why what follows, or is kept, ended

// expire ends what follows from leads, and what is kept, for those who were not seen for long.
func (l *leading) expire(r *request) error {
	r.more = len(l.due) == mostGone || len(l.over) == mostGone
	if err := errors.Join(l.expireKept(), deciding{l.group}.expireDecisions()); err != nil {
		return err
	}
	var leads [][16]byte
	byLead := map[[16]byte][]follower{}
	for _, time := range l.due {
		key := time[4:]
		value := l.tx.Bucket(bucketFollowers).Get(key)
		if value == nil {
			continue // another request of the group ended it
		}
		one, err := parseFollower(key, value)
		if err != nil {
			return err
		}
		if _, err := l.stateOf(key[16:]); err != nil || one.day != binary.BigEndian.Uint32(time) {
			continue // it cannot be read, or was seen meanwhile
		}
		lead := [16]byte(key[:16])
		if byLead[lead] == nil {
			leads = append(leads, lead)
		}
		byLead[lead] = append(byLead[lead], one)
	}
	l.due = [][]byte{}
	for _, lead := range leads {
		all := byLead[lead]
		subjects := make([]Subject, len(all))
		for i := range all {
			l.wrote = true
			subjects[i] = all[i].subject
			if err := l.loses(&all[i], &lead); err != nil {
				return err
			}
		}
		why := &Change{Lead: all[0].lead, Because: notSeen, Time: l.now}
		done, err := l.led(Holder{Kind: SeenWith, ID: lead}, nil, subjects, why)
		if err != nil {
			return err
		}
		if err := l.recordLed(&done); err != nil {
			return err
		}
	}
	return nil
}

package objection

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"
)

// group is what one transaction does.
type group struct {
	writer   *writer
	requests []*request
	answers  []answer // of each request

	tx       *bolt.Tx
	clock    time.Time      // of this machine
	now      time.Time      // for the present request: the clock's, or when its turn came in an order
	wrote    bool           // something was put: the transaction has to be committed
	states   []subjectState // of every subject that a change names, by hash, ascending
	of       []uint32       // for every subject of every change, in their order, its place in states
	at       int            // in of
	state    state          // after the commit
	decided  *decisions     // after it
	tree     tree
	recorded []Recorded
	counts   map[counted]uint64
	repeats  map[[32]byte]int // idempotency keys of this group, with the request that has it

	run           run
	object        []uint32            // marks of the scopes that the present change objects to
	ask           alteration          // what the present change asks for
	effect        effect              // of the present change on acts
	union         effect              // of the present change on what is in force
	before, after []uint32            // scratch
	text          []byte              // scratch
	named         map[Scopes][]string // names of scopes, sorted
	arena         arena
	leads         leading
}

type answer struct {
	receipts []Receipt
	err      error
	skip     bool // nothing is to be done for this request any more
	like     int  // with skip: the request of the group that is answered the same; -1: none
}

// subjectState is a subject while a group is applied.
type subjectState struct {
	hash    [16]byte
	record  record
	had     bool  // it has a record on disk
	changed bool  // and gets another one
	err     error // its record cannot be read
}

// arena hands out bytes that stay until the transaction is over, as bbolt wants it.
type arena struct{ free []byte }

// keep copies b.
func (a *arena) keep(b []byte) []byte {
	if len(b) > cap(a.free)-len(a.free) {
		a.free = make([]byte, 0, max(len(b), 1<<16))
	}
	start := len(a.free)
	a.free = append(a.free, b...)
	return a.free[start:len(a.free):len(a.free)]
}

// number keeps a number as a key.
func (a *arena) number(n uint64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	return a.keep(b[:])
}

// apply does everything and commits. A request whose own content is refused has its error in answers, and has done
// nothing; any other error is of the whole group.
func (g *group) apply() (err error) {
	s := g.writer.store
	g.clock, g.leads.group = s.opts.Now().UTC(), g
	g.now = g.clock
	if g.tx, err = s.file.db.Begin(true); err != nil {
		return err
	}
	if g.writer.old {
		if err := upgrade(g.tx); err != nil {
			return err
		}
	}
	g.state = *s.state.Load()
	g.state.marks = slices.Clone(g.state.marks)
	g.tree, g.decided = *g.writer.tree, s.table.Load()
	g.counts, g.repeats, g.named = map[counted]uint64{}, map[[32]byte]int{}, map[Scopes][]string{}
	for i, r := range g.requests {
		if r.wrong != nil {
			g.answers[i] = answer{err: r.wrong, skip: true, like: -1}
			continue
		}
		if (ordering{g}).timed(r); r.batch != nil {
			if err := g.repeated(i, r.batch); err != nil {
				return err
			}
		}
	}
	more := g.load()
	s.file.makeRoom(g.tx.Size(), g.requests, more)
	for i, r := range g.requests {
		ordering{g}.timed(r)
		if err := (ordering{g}).takeUntold(r); err != nil {
			return err
		}
		if err := g.request(i, r); err != nil {
			return err
		}
		if of := r.order; of != nil {
			if err := g.answers[i].err; errors.Is(err, ErrDamaged) {
				return err // the other stores do it
			}
			g.state.position.passed(of)
			g.wrote = true
		}
	}
	if !g.wrote {
		return nil
	}
	if err := g.finish(); err != nil {
		return err
	}
	names := g.writer.scopes.names
	s.names.Store(&names) // before anybody can read their numbers
	if err := s.opts.Commit(g.tx); err != nil {
		return err
	}
	*g.writer.tree, g.writer.old = g.tree, false
	return nil
}

// timed says what time it is for a request.
func (g ordering) timed(r *request) {
	if g.now = g.clock; r.order != nil {
		g.now = r.order.at
	}
}

// request does one request.
func (g *group) request(i int, r *request) error {
	a := &g.answers[i]
	switch {
	case r.wrong != nil:
		return nil
	case r.untold != nil:
		return ordering{g}.keepUntold(r.untold)
	case r.notice != nil:
		receipt, err := g.notice(r.notice)
		a.receipts = []Receipt{receipt}
		return err
	case r.follows != nil:
		return g.leads.follow(r, a)
	case r.keeps != nil:
		return g.leads.keep(r, a)
	case r.expire:
		return g.leads.expire(r)
	case r.probe != "":
		return ordering{g}.putProbe(r)
	case r.batch == nil:
		return g.ack(r.ack)
	case a.skip:
		if a.like >= 0 {
			a.receipts, a.err = g.answers[a.like].receipts, g.answers[a.like].err
		}
		return nil
	}
	subjects := 0
	for c := range r.batch.Changes {
		subjects += len(r.batch.Changes[c].Subjects)
	}
	places := g.of[g.at : g.at+subjects]
	g.at += subjects
	for _, at := range places {
		if a.err = g.leads.readable(&g.states[at]); a.err != nil {
			return nil
		}
	}
	if a.err = (deciding{g}).undecidable(r.batch, places); a.err != nil {
		return nil
	}
	a.receipts = make([]Receipt, len(r.batch.Changes))
	for c := range r.batch.Changes {
		change := &r.batch.Changes[c]
		mine := places[:len(change.Subjects)]
		places = places[len(change.Subjects):]
		receipt, err := g.change(change, mine)
		if err != nil {
			return err
		}
		a.receipts[c] = receipt
	}
	for t := range r.batch.Tallies {
		r.batch.Tallies[t].tally(g)
	}
	if p := r.batch.Progress; p != nil {
		g.wrote = true
		if err := putProgress(g.tx, p); err != nil {
			return err
		}
	}
	return g.remember(r.batch, a.receipts)
}

// change does one change for its subjects.
func (g *group) change(c *Change, mine []uint32) (Receipt, error) {
	switch {
	case c.EndDecision != 0:
		return deciding{g}.takeBackDecision(c)
	case c.Decide != nil:
		return deciding{g}.decide(c, mine)
	case c.Choice != nil:
		return choosing{g}.choose(c, mine)
	}
	if err := g.asked(c); err != nil {
		return Receipt{}, err
	}
	effect := &g.effect
	effect.clear()
	g.union.clear()
	for i, at := range mine {
		g.alter(&g.states[at], &c.Subjects[i], c)
	}
	mirrored, err := g.leads.mirror(c, mine)
	if err != nil {
		return Receipt{}, err
	}
	again := deciding{g}.again(c)
	receipt := Receipt{
		Recorded: g.now, New: effect.any() || c.Complaint || len(again) > 0, InForce: g.inForce(mine),
	}
	receipt.Own = slices.ContainsFunc(mine, func(at uint32) bool {
		_, found := find(g.states[at].record.acts, c.Holder)
		return found
	})
	if len(c.TakeBack) > 0 && len(receipt.InForce) > 0 {
		receipt.Held = g.held(mine)
	}
	if !receipt.New {
		for _, at := range mine {
			receipt.Seq = max(receipt.Seq, g.states[at].record.seq)
		}
		return receipt, nil
	}
	receipt.Seq = g.tree.size + 1
	source, err := g.number(g.writer.sources, bucketSources, c.Source)
	if err != nil {
		return Receipt{}, err
	}
	for _, at := range mine {
		if st := &g.states[at]; st.record.seq == touched {
			st.record.seq, st.record.source = receipt.Seq, source
		}
	}
	entry := Recorded{
		Seq: receipt.Seq, Time: g.now, Change: *c, InForce: receipt.InForce, Gone: g.writer.scopes.gone(c, &g.union),
	}
	entry.Change.Outbox, entry.Change.dated = nil, false
	of, records := g.concerned(c, mine, receipt.Seq)
	entry.Change.Subjects, entry.Each = of, g.writer.scopes.apart(records)
	if err := g.record(&entry); err != nil {
		return Receipt{}, err
	}
	g.count(c, effect)
	if g.union.any() || c.Complaint || len(again) > 0 { // nobody else has to know whose acts something stands by
		if err := g.post(c.Outbox, &entry); err != nil {
			return Receipt{}, err
		}
	}
	for i := range mirrored {
		if err := g.leads.recordLed(&mirrored[i]); err != nil {
			return Receipt{}, err
		}
	}
	return receipt, deciding{g}.endDecisions(again, objectedAgain, c)
}

// concerned are the subjects of a change, with their records, without those that are known from
// before alone and that it left as they were.
func (g *group) concerned(c *Change, mine []uint32, seq uint64) (all []Subject, records []*record) {
	idle := func(i int) bool { return c.Subjects[i].known() && g.states[mine[i]].record.seq != seq }
	left := 0
	for i := range mine {
		if !idle(i) {
			left++
		}
	}
	for i, at := range mine {
		if left == 0 || !idle(i) {
			all, records = append(all, c.Subjects[i]), append(records, &g.states[at].record)
		}
	}
	return all, records
}

// record puts a change on the change log, and with what the ledger is told.
func (g *group) record(r *Recorded) error {
	g.recorded = append(g.recorded, *r)
	return g.log(r)
}

// log appends a change to the change log and its tree.
func (g *group) log(r *Recorded) error {
	if g.run.first == 0 {
		g.run.first = r.Seq
	}
	g.text = r.append(g.text[:0])
	g.run.entries = append(binary.AppendUvarint(g.run.entries, uint64(len(g.text))), g.text...)
	g.run.hashes = g.tree.add(g.run.hashes, tlog.RecordHash(g.text))
	g.wrote = true
	if len(g.run.entries) < longRun {
		return nil
	}
	return g.putRun()
}

// putRun puts what was appended.
func (g *group) putRun() error {
	if g.run.first == 0 {
		return nil
	}
	key := g.arena.number(g.run.first)
	changes, hashes := g.tx.Bucket(bucketChanges), g.tx.Bucket(bucketTree)
	changes.FillPercent, hashes.FillPercent = 1, 1 // they only grow at their end
	if err := changes.Put(key, sealed(key, append([]byte{0, 0, 0, 0}, g.run.entries...))); err != nil {
		return err
	}
	if err := hashes.Put(key, bytes.Clone(g.run.hashes)); err != nil {
		return err
	}
	g.run.first, g.run.entries, g.run.hashes = 0, g.run.entries[:0], g.run.hashes[:0]
	return nil
}

// finish puts what is put once: records, measures, the head.
func (g *group) finish() error {
	subjects := g.tx.Bucket(bucketSubjects)
	for i := range g.states {
		st := &g.states[i]
		if !st.changed {
			continue
		}
		if !st.had {
			g.state.records++
		}
		g.text = st.record.append(g.text[:0], &st.hash)
		if err := subjects.Put(st.hash[:], g.arena.keep(g.text)); err != nil {
			return err
		}
	}
	if err := g.putRun(); err != nil {
		return err
	}
	if err := g.putMeasures(); err != nil {
		return err
	}
	if err := g.purge(); err != nil {
		return err
	}
	if err := (ordering{g}).putPosition(); err != nil {
		return err
	}
	g.state.head = g.tree.head()
	return putSaved(g.tx, saved{head: g.state.head, records: g.state.records})
}

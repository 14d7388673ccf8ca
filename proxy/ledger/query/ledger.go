package query

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/index"
)

// Options say how a ledger is asked.
type Options struct {
	Write bool         // an index that is missing, damaged or of another segment is made anew
	Scan  bool         // no index is believed: every record of the time that is asked about is read
	Disk  durable.Disk // that indexes are written to; nil: the file system
	// Report is told of damaged records, which are passed over: the answer may lack some. nil: nobody is.
	Report func(error)
	// Note is told what else is to be known of the answer: an index that could not be used. nil: nobody is.
	Note func(string)
	// Gone is told again and again up to which record the ledger was gone through. nil: nobody is.
	Gone func(through uint64)
	// Indexing is told which record the making of an index came to, and 0 where it is made, or is not. nil: nobody is.
	Indexing func(number uint64)
	// Enough is asked again and again whether so many records that were read are enough: the answer ends there, and
	// [Tally.Next] says where it goes on. Those before the first that is asked about do not count. nil: they never are.
	Enough func(read uint64) bool
}

// Ledger is a ledger's folder that can be asked, while a server writes to it or none does. Several goroutines may ask.
type Ledger struct {
	dir      string
	opts     Options
	writable func() bool // asked where something is to be written
}

// Open makes ready to ask a ledger. Nothing is read before it is.
func Open(dir string, o Options) *Ledger {
	if o.Report == nil {
		o.Report = func(error) {}
	}
	if o.Note == nil {
		o.Note = func(string) {}
	}
	if o.Gone == nil {
		o.Gone = func(uint64) {}
	}
	if o.Enough == nil {
		o.Enough = func(uint64) bool { return false }
	}
	return &Ledger{dir, o, sync.OnceValue(func() bool { return o.Write && mayWrite(dir) })}
}

// Tally says what an answer was made of.
type Tally struct {
	Found    int    // records that were yielded
	More     bool   // there may be more: the limit cut them off, or it was enough
	Next     uint64 // where More: the number of the record that it goes on with
	Records  uint64 // that the ledger holds, as far as it was gone through: all, unless More
	Read     uint64 // of those, how many were looked at
	Segments int
	Indexed  int // how many of them an index answered for
	Damaged  int // how often damage was passed over
}

// Ask yields the records that answer a question, in the order of their numbers, until yield returns false. What is
// wrong with the question itself is a [*Fault].
func (l *Ledger) Ask(ctx context.Context, q *Question, yield func(*Found) bool) (Tally, error) {
	if err := q.Check(); err != nil {
		return Tally{}, err
	}
	if err := l.known(ctx, q); err != nil {
		return Tally{}, err
	}
	ended, err := l.endedAs(ctx, q)
	if err != nil {
		return Tally{}, err
	}
	return l.ask(ctx, q, ended, yield)
}

// ask is Ask of a question that is right, where it is known which events ended as it asks.
func (l *Ledger) ask(ctx context.Context, q *Question, ended ended, yield func(*Found) bool) (Tally, error) {
	a := &asking{ledger: l, ctx: ctx, q: q, filter: newFilter(q), yield: yield}
	a.filter.ended = ended
	err := a.run()
	if errors.Is(err, errEnough) {
		err = nil
	}
	return a.tally, err
}

// errEnough ends an answer.
var errEnough = errors.New("that is enough")

// asking is one question, as it is answered.
type asking struct {
	ledger *Ledger
	ctx    context.Context //nolint:containedctx // it lives as long as the call
	q      *Question
	filter *filter
	yield  func(*Found) bool
	tally  Tally
	before uint64 // how many records were read for what they name, before the first that is asked about
}

// run goes through the segments. Those that are sealed are asked one by one; the rest is read on as it is written.
func (a *asking) run() error {
	dir := a.ledger.dir
	all, err := ledger.Segments(dir)
	if err != nil {
		return err
	}
	next := uint64(0)
	if !slices.ContainsFunc(all, func(s ledger.Segment) bool { return s.Old }) {
		for i, s := range all {
			sealed, err := ledger.ReadSealed(dir, s.First)
			if err != nil || s.End != 0 && s.End < sealed.End {
				break
			}
			if i > 0 && s.First > next {
				a.damage(&ledger.Damage{Path: dir, First: next, End: s.First, Numbered: true, Why: errMissing})
			}
			next = sealed.End
			a.tally.Segments++
			a.tally.Records += sealed.End - sealed.First
			if err := a.segment(s, sealed); err != nil {
				return err
			}
			a.ledger.opts.Gone(next)
			if a.enough(next) {
				return a.cut(next)
			}
		}
		if next == 0 && len(all) > 0 {
			next = all[0].First
		}
	}
	return a.read(next)
}

// errMissing says of records that no segment holds them.
var errMissing = errors.New("the segment that they were in is missing")

// damage tells of damage.
func (a *asking) damage(err error) {
	a.tally.Damaged++
	a.ledger.opts.Report(err)
}

// segment asks a sealed segment.
func (a *asking) segment(s ledger.Segment, of *ledger.Sealed) error {
	q := a.q
	if q.Numbers.First >= of.End || q.Numbers.End != 0 && q.Numbers.End <= of.First {
		return nil
	}
	if !of.To.After(q.Since) || !q.Until.IsZero() && !of.From.Before(q.Until) {
		return nil
	}
	if err := a.ctx.Err(); err != nil {
		return err
	}
	a.filter.forget()
	s.End = of.End
	if x := a.ledger.index(s, of); x != nil {
		answered, err := a.indexed(s, of, x)
		if err = errors.Join(err, x.Close()); answered || err != nil {
			return err
		}
	}
	return a.scan(s, of.First)
}

// scan reads a sealed segment, and takes its records from a number on.
func (a *asking) scan(s ledger.Segment, from uint64) error {
	a.filter.forget()
	a.filter.load = nil
	r, err := s.Open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was deleted meanwhile
	}
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	for {
		for r.Next() {
			number, _ := r.Number()
			if err := a.take(number, true, r.Record(), number >= from); err != nil {
				return err
			}
		}
		if r.Err() == nil {
			return nil
		}
		if a.damage(r.Err()); !r.Skip() {
			return nil
		}
	}
}

// read reads what is not sealed, from a number on.
func (a *asking) read(from uint64) error {
	a.filter.forget()
	a.filter.load = nil
	r := ledger.Read(a.ledger.dir, from)
	defer func() { _ = r.Close() }()
	for {
		for r.Next() {
			number, numbered := r.Number()
			a.tally.Records++
			if err := a.take(number, numbered, r.Record(), true); err != nil {
				return err
			}
		}
		if r.Err() == nil {
			return nil
		}
		if a.damage(r.Err()); !r.Skip() {
			return nil
		}
	}
}

// take looks at a record. Where it is not to be yielded, it is read for what it names.
func (a *asking) take(number uint64, numbered bool, record []byte, yields bool) error {
	if a.tally.Read++; a.tally.Read%1024 == 0 {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		if begun := a.filter.begun(number); numbered && a.enough(begun) {
			return a.cut(begun)
		}
	}
	if number < a.q.Numbers.First {
		a.before++
	}
	if a.tally.Read%4096 == 0 {
		a.ledger.opts.Gone(number)
	}
	found, is := a.filter.matches(number, numbered, record)
	if !is || !yields || a.q.asks(record) {
		return nil
	}
	if a.q.Limit > 0 && a.tally.Found >= a.q.Limit {
		return a.cut(found.Number)
	}
	a.tally.Found++
	if !a.yield(found) {
		return errEnough
	}
	return nil
}

// enough tells whether the answer ends before the record of a number. It goes on at least one
// record further than whoever asks has come.
func (a *asking) enough(number uint64) bool {
	return number > a.q.Numbers.First && a.ledger.opts.Enough(a.tally.Read-a.before)
}

// cut ends the answer before it is whole; it goes on with the record of a number.
func (a *asking) cut(number uint64) error {
	a.tally.More, a.tally.Next = true, number
	return errEnough
}

// index is that of a segment; nil: it has none that can be believed.
func (l *Ledger) index(s ledger.Segment, of *ledger.Sealed) *index.Index {
	if l.opts.Scan || of.Aside {
		return nil
	}
	path := ledger.IndexPath(l.dir, s.First)
	x, err := index.Open(path)
	if err == nil {
		fits := of.Fits(l.dir, x.Of())
		if fits == nil {
			return x
		}
		err = errors.Join(fits, x.Close())
	}
	if !errors.Is(err, fs.ErrNotExist) {
		l.opts.Note(path + ": " + err.Error() + l.instead())
	}
	return l.remade(s)
}

// instead says what is done where an index is not believed.
func (l *Ledger) instead() string {
	if l.writable() {
		return ": it is made again"
	}
	return ": the segment is read instead"
}

// remade makes an index anew, where that may be written; nil: it cannot be made.
func (l *Ledger) remade(s ledger.Segment) *index.Index {
	if !l.writable() {
		return nil
	}
	err := ledger.MakeIndex(s, l.opts.Disk, l.opts.Indexing)
	if l.opts.Indexing != nil {
		l.opts.Indexing(0)
	}
	if err != nil {
		return nil
	}
	x, err := index.Open(ledger.IndexPath(l.dir, s.First))
	if err != nil {
		return nil
	}
	return x
}

// mayWrite tells whether files may be made in a folder.
func mayWrite(dir string) bool {
	f, err := os.CreateTemp(dir, ".idx.*.new")
	return err == nil && errors.Join(f.Close(), os.Remove(f.Name())) == nil
}

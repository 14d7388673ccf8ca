// Package stream sends the records of the ledger on to other systems, as they are written: to
// receivers of syslog and of OpenTelemetry logs. It follows the ledger's files behind whoever writes
// them, and remembers on disk how far it came.
//
// It promises that nobody who writes waits for it, that nothing is sent which is not on disk, that memory
// holds one batch whatever happens, that each record is handed over at least once, in the order of the
// numbers, and that of those which are not (a receiver that is too far behind, or will not have one; lines
// that are gone) somebody is told which they are.
package stream

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// Record is a record as it is sent.
type Record struct {
	Number uint64
	At     time.Time // zero: it does not say
	Kind   string
	Line   []byte // as it stands in the ledger, or without what tells persons apart

	whole []byte // as it stands
}

// Sent is what became of a batch.
type Sent struct {
	Taken   int           // of the first so many nothing is left to do
	Refused []Gap         // those among them that the receiver will never take
	After   time.Duration // it asks to be let be for so long; 0: it does not
}

// Receiver is who records are sent to. One goroutine calls it.
type Receiver interface {
	// Send hands over records, in their order. They hold until it returns.
	Send(ctx context.Context, batch []Record) (Sent, error)
	// Err tells what became of the connection since: nil where nothing is known against what was sent.
	Err() error
	// Close ends the connection.
	Close()
}

// Why records are not sent.
const (
	WhyBehind  = "behind"  // the receiver was further behind than it may be
	WhyGone    = "gone"    // their lines were deleted, or set aside, before they were sent
	WhyDamaged = "damaged" // their lines cannot be read
	WhyRefused = "refused" // the receiver will not have them
)

// Gap is records that are not sent: so many of those from First on, before End.
type Gap struct {
	First, End, Count uint64
	Why               string
}

// Options say what is followed, and who is sent to.
type Options struct {
	Dir      string // the ledger's
	File     string // where the position is kept
	Receiver Receiver
	Synced   func() uint64 // the number of the first record that may not be on disk
	Begin    uint64        // where it begins where no position is kept
	Behind   uint64        // by how many records it may be behind
	Subjects bool          // subjects go along
	// how long a connection has to stand after a record for it to count as taken; 0: the receiver says so
	Settle time.Duration

	Now    func() time.Time
	Random func() float64 // of [0, 1)
	Files  durable.Files

	OnSent func(records uint64)
	OnGap  func(Gap)
	// OnFailed is told of each attempt that failed, and of nil once it goes on again. The error holds no address.
	OnFailed func(error)
	Report   func(error) // of what is wrong with the log or the position
}

// Follower sends records on to one receiver.
type Follower struct {
	opts   Options
	reader *ledger.Reader
	next   uint64 // the number of the next record to send
	told   uint64 // the number behind the last record of which it was told that it is left out
	unsure []mark // what was sent and does not count as taken yet
	taken  position
	kept   position  // what is on disk
	saved  time.Time // when it was written
	batch  []Record
	lines  []byte // what the batch's lines are in

	mu    sync.Mutex
	state State
}

// mark is how far was sent by a time.
type mark struct {
	to position
	at time.Time
}

// State is how a follower stands.
type State struct {
	Next    uint64    // the number of the first record that does not count as taken
	Oldest  time.Time // when that was written, where it waits; zero: none does, or nobody knows
	Failing time.Time // since when attempts fail; zero: they do not
	Why     string    // the last failure
}

// How much is sent at once, how often it is looked for more, and how often the position is written at most.
const (
	mostRecords = 512
	mostBytes   = 512 << 10
	lookEvery   = 250 * time.Millisecond
	keepEvery   = time.Second
)

var backoff = delivery.Backoff{First: time.Second, Most: time.Minute}

// New makes ready to follow: it reads the position.
func New(o Options) *Follower {
	f := &Follower{opts: o}
	f.begin()
	return f
}

// State tells how it stands.
func (f *Follower) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

// Run sends records until the context ends.
func (f *Follower) Run(ctx context.Context) {
	defer f.end()
	f.hold()
	for failures := 0; ctx.Err() == nil; {
		more, after, err := f.step(ctx)
		wait := lookEvery
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			failures++
			f.failed(err)
			wait = max(backoff.Delay(failures, after, f.opts.Random()), lookEvery)
		default:
			if failures > 0 {
				f.worksAgain()
			}
			if failures = 0; more {
				wait = 0
			}
		}
		f.keep(false)
		pause(ctx, wait)
	}
}

// pause waits, or until the context ends.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// step sends one batch. More says that there may be more at once.
func (f *Follower) step(ctx context.Context) (more bool, after time.Duration, err error) {
	if err := f.opts.Receiver.Err(); err != nil {
		f.goBack()
		return false, 0, err
	}
	f.settle()
	synced := f.opts.Synced()
	f.skip(synced)
	if err := f.read(synced); err != nil {
		return false, 0, err
	}
	if len(f.batch) == 0 {
		f.stands(time.Time{})
		return false, 0, nil
	}
	f.stands(f.batch[0].At)
	sent, err := f.opts.Receiver.Send(ctx, f.batch)
	if n := min(sent.Taken, len(f.batch)); n > 0 {
		last, count := &f.batch[n-1], uint64(n)
		for _, gap := range sent.Refused {
			count -= gap.Count
			f.opts.OnGap(gap)
		}
		f.unsure = append(f.unsure, mark{position{last.Number + 1, sha256.Sum256(last.whole)}, f.opts.Now()})
		f.opts.OnSent(count)
		f.settle()
	}
	if err == nil && sent.Taken < len(f.batch) {
		err = errors.New("the receiver did not take all of it")
	}
	if err != nil {
		f.goBack()
		return false, sent.After, err
	}
	return true, 0, nil
}

// skip leaves out what is too far behind.
func (f *Follower) skip(synced uint64) {
	if synced <= f.next || synced-f.next <= f.opts.Behind {
		return
	}
	to := synced - f.opts.Behind/2
	f.leftOut(f.next, to, WhyBehind)
	f.unsure, f.taken = f.unsure[:0], position{next: to}
	f.goTo(to)
}

// leftOut tells of records that are not sent, once of each.
func (f *Follower) leftOut(first, end uint64, why string) {
	if first = max(first, f.told); first < end {
		f.opts.OnGap(Gap{first, end, end - first, why})
		f.told = end
	}
}

// goTo goes on with another record.
func (f *Follower) goTo(next uint64) {
	f.close()
	f.next = next
}

// goBack goes back to the first record that does not count as taken.
func (f *Follower) goBack() {
	f.unsure = f.unsure[:0]
	if f.next != f.taken.next {
		f.goTo(f.taken.next)
	}
	f.close()
}

func (f *Follower) close() {
	if f.reader != nil {
		_ = f.reader.Close() // it was read only
		f.reader = nil
	}
}

// read reads a batch of what is on disk. Records are told of that are not there.
func (f *Follower) read(synced uint64) error {
	f.batch, f.lines = f.batch[:0], f.lines[:0]
	if f.reader == nil {
		f.reader = ledger.Read(f.opts.Dir, f.next)
	}
	for len(f.batch) < mostRecords && len(f.lines) < mostBytes {
		if !f.reader.NextBelow(synced) {
			err := f.reader.Err()
			if err == nil {
				break
			}
			damage, is := errors.AsType[*ledger.Damage](err)
			if !is || !damage.Numbered || !f.reader.Skip() {
				f.close()
				return fmt.Errorf("the log cannot be read: %w", err)
			}
			f.opts.Report(err)
			f.passed(damage.End, WhyDamaged)
			continue
		}
		number, known := f.reader.Number()
		if !known {
			f.close()
			return errors.New("the log is of a version before, and its records have no numbers")
		}
		f.passed(number, WhyGone)
		f.next = number + 1
		f.add(number, f.reader.Record())
	}
	f.point()
	return nil
}

// passed tells of records before one that are not there.
func (f *Follower) passed(to uint64, why string) {
	if to > f.next {
		f.leftOut(f.next, to, why)
		f.next = to
	}
}

// add adds a record to the batch. Its line stands in lines, where point finds it.
func (f *Follower) add(number uint64, line []byte) {
	said := gjson.GetManyBytes(line, "time", "kind")
	at, err := time.Parse(time.RFC3339Nano, said[0].Str)
	if err != nil {
		at = time.Time{}
	}
	f.batch = append(f.batch, Record{Number: number, At: at.UTC(), Kind: said[1].Str, Line: slices.Clip(line)})
	f.lines = append(f.lines, line...)
}

// point has the batch's lines stand where they were copied to, and leaves out what is not to go along.
func (f *Follower) point() {
	at := 0
	for i := range f.batch {
		r := &f.batch[i]
		n := len(r.Line)
		r.whole = f.lines[at : at+n : at+n]
		r.Line = r.whole
		if at += n; !f.opts.Subjects {
			r.Line = withoutPersons(r.Line)
		}
	}
}

// settle has count as taken what was sent long enough ago.
func (f *Follower) settle() {
	now, n := f.opts.Now(), 0
	for n < len(f.unsure) && now.Sub(f.unsure[n].at) >= f.opts.Settle {
		f.taken = f.unsure[n].to
		n++
	}
	f.unsure = append(f.unsure[:0], f.unsure[n:]...)
	if len(f.unsure) == 0 && f.taken.next < f.next && len(f.batch) == 0 {
		f.taken = position{next: f.next} // what is behind it is not there
	}
}

// stands notes how it stands; oldest is when the first record was written that waits.
func (f *Follower) stands(oldest time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.Next, f.state.Oldest = f.taken.next, oldest
}

// failed notes a failure.
func (f *Follower) failed(err error) {
	f.mu.Lock()
	if f.state.Failing.IsZero() {
		f.state.Failing = f.opts.Now()
	}
	f.state.Why = err.Error()
	f.mu.Unlock()
	f.opts.OnFailed(err)
}

func (f *Follower) worksAgain() {
	f.mu.Lock()
	f.state.Failing, f.state.Why = time.Time{}, ""
	f.mu.Unlock()
	f.opts.OnFailed(nil)
}

// end closes what is open, and keeps how far it came.
func (f *Follower) end() {
	f.opts.Receiver.Close()
	f.close()
	f.keep(true)
}

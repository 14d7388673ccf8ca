package queue

import (
	"cmp"
	"crypto/rand"
	"errors"
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// Options say where a queue is, and how it is kept. Zero values take the defaults given.
type Options struct {
	Dir  string // where frames lie; in `parked` below it, those of what is parked
	Keys string // where their keys lie, likewise

	// Wrap seals a key under the key state, and Unwrap opens it; name is that of its file, which it is to be bound to.
	Wrap   func(secret *[32]byte, name string) ([]byte, error)
	Unwrap func(wrapped []byte, name string) (*[32]byte, error)

	// Since tells what became of events by the log that says it: of the records from a number on, in their order, or
	// of all that there are, 0. What it does not name is pending.
	Since func(record uint64, told func(Name, Fate)) error
	// Recorded returns when what was recorded before it was called is on disk: a file whose events have ended is deleted
	// no sooner. nil: it always is.
	Recorded func() error
	// OnDamage is told what was lost after the start, in the goroutine that came upon it; nil: nobody is.
	OnDamage func(Damage)

	// Left is told that an event which was taken from elsewhere ([Event.Taken]) has ended, or is parked and so this
	// queue's own from then on. It must not wait, and asks nothing of the queue. nil: nobody is told.
	Left func(Name)

	Size     int64                  // bytes of all files of what waits; 4 GiB
	Reserve  int64                  // bytes that are left free on the disk; 1 GiB
	Free     func() (uint64, error) // bytes that are free there; nil: nobody looks
	ParkSize int64                  // bytes of all files of what is parked; 256 MiB
	ParkFor  time.Duration          // how long events are parked; 7 days

	File   int64         // how long a file gets; 64 MiB
	Seal   time.Duration // how old one gets that is written; 1 min
	Settle time.Duration // how old one gets in which few events are left, before those are copied; 10 min
	Sync   time.Duration // how long frames may wait for a sync that nobody waits for; 200 ms
	Again  time.Duration // how long nothing is tried after a failure to write; 1 s
	Tend   time.Duration // how often files are looked after; 1 s. Less than 0: [Queue.Tend] alone does

	Recent int // bytes of frames, sealed, that memory holds of what was added last; 1 MiB. Less than 0: none

	Now  func() time.Time // nil: time.Now
	Disk durable.Disk     // nil: the file system
	Rand io.Reader        // of keys; nil: crypto/rand
}

func (o *Options) defaults() {
	o.Size, o.Reserve = cmp.Or(o.Size, 4<<30), cmp.Or(o.Reserve, 1<<30)
	o.ParkSize, o.ParkFor = cmp.Or(o.ParkSize, 256<<20), cmp.Or(o.ParkFor, 7*24*time.Hour)
	o.File, o.Seal, o.Settle = cmp.Or(o.File, 64<<20), cmp.Or(o.Seal, time.Minute), cmp.Or(o.Settle, 10*time.Minute)
	o.Sync, o.Again = cmp.Or(o.Sync, 200*time.Millisecond), cmp.Or(o.Again, time.Second)
	o.Tend, o.Recent = cmp.Or(o.Tend, time.Second), max(cmp.Or(o.Recent, 1<<20), 0)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Left == nil {
		o.Left = func(Name) {}
	}
	if o.Recorded == nil {
		o.Recorded = func() error { return nil }
	}
}

// Fate is what the log says of an event last.
type Fate uint8

// The fates.
const (
	Pending   Fate = iota // it was tried, is known not to have arrived, and is to be tried again
	Attempted             // an attempt was begun, and the log does not say how that ended
	Ended                 // it has ended
)

// Queue is events that wait, and such as are parked. Its methods may be called from many goroutines at once.
type Queue struct {
	opts  Options
	files durable.Files

	// ending is held for reading over the record of what became of events and the note of it here: between the two
	// no checkpoint is taken.
	ending  sync.RWMutex
	tending sync.Mutex // held by who copies frames, takes a checkpoint, or deletes files

	mu      sync.Mutex
	placed  sync.Cond // it is known where frames are that were added, or a copy is done
	waiting *store
	parked  *store
	index
	ownClock
	tickets []*Ticket
	highest uint64
	overdue int64 // nothing that is parked is overdue before that, by the queue's own clock
	free    int64 // bytes on the disk above the reserve, as far as is known
	refused int64 // bytes that were asked for when there was no room for them last
	taken   error // why nothing is added: what is written is not where it is to be found again; nil: it is
	closed  bool
	found   []Damage // by the start
	unsaid  []Item   // likewise
	removed bool     // files were, before the start
	damaged int      // events that were lost by damage

	kicked chan struct{}
	stop   chan struct{}
	over   sync.WaitGroup
}

// Why nothing is added.
var (
	ErrFull     = errors.New("the queue is full")
	ErrReserve  = errors.New("there is too little room left on the disk")
	ErrClosed   = errors.New("the queue is closed")
	ErrTaken    = errors.New("a file of the queue was removed, or another was put in its place")
	ErrParkFull = errors.New("there is no more room to park events")
	ErrGone     = errors.New("the event is not pending any more")
	ErrDamaged  = errors.New("the event is damaged on disk")
)

// Highest is the highest number of a hit that the queue has seen.
func (q *Queue) Highest() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.highest
}

// Sync waits until all that was added is on disk.
func (q *Queue) Sync() error {
	ticket, err := q.waiting.w.Add(nil, 0)
	if err != nil {
		return err
	}
	return ticket.Synced()
}

// Refuses tells whether what found no room last would find none now.
func Refuses(q *Queue) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return IsFull(q.waiting.refuses(max(q.refused, 1)))
}

// Full tells why nothing is added, where there is no room; nil: there is.
func (q *Queue) Full() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting.refuses(1)
}

// Close ends it. What waits is there again at the next start.
func (q *Queue) Close() error {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return nil
	}
	q.closed = true
	q.mu.Unlock()
	close(q.stop)
	q.over.Wait()
	q.tending.Lock()
	defer q.tending.Unlock()
	err := errors.Join(q.waiting.w.Close(), q.parked.w.Close(), q.waiting.confirm(), q.parked.confirm())
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range []*store{q.waiting, q.parked} {
		for _, f := range s.files {
			if f.reads == 0 {
				err = errors.Join(err, f.close())
			}
		}
	}
	return err
}

func newStore(q *Queue, dir, keys string, parks bool) *store {
	return &store{q: q, dir: filepath.Clean(dir), keyDir: filepath.Clean(keys), parks: parks, keys: map[uint64]*key{}}
}

// kick has files be looked after soon.
func (q *Queue) kick() {
	select {
	case q.kicked <- struct{}{}:
	default:
	}
}

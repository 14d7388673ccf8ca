package segment

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// Why a writer takes nothing: for now, and for good.
var (
	ErrRefused = errors.New("nothing can be written now")
	ErrClosed  = errors.New("the writer is closed")
	ErrUnknown = errors.New("nobody knows whether it is on disk")
)

// Options say where records are written, and how. Zero values take the defaults given.
type Options struct {
	Dir   string                    // the folder, which is there
	Name  func(first uint64) string // the name of the file whose first record has that number
	First uint64                    // number of the first record

	Sync     time.Duration // how long what was written may wait for a sync that nobody waits for; 200 ms
	Retry    time.Duration // how long nothing is tried after a failure; 1 s
	Unsynced int           // bytes in memory that are written and not synced, at most; 16 MiB

	Now  func() time.Time // nil: time.Now
	Disk durable.Disk     // nil: the file system

	// Synced is told how long each fsync took that succeeded, by Elapsed. It is called under no lock. nil: nobody is.
	Synced  func(took time.Duration)
	Elapsed func() time.Duration // since some moment; needed with Synced

	// Wrote is told what was written, group by group, in order: the number of the first record, the bytes as they stand in
	// the file, and how many records they are. It is called by one goroutine at a time, under no lock; the bytes are read
	// only while it runs. nil: nobody is.
	Wrote func(first uint64, frames []byte, n int)

	// Moved is told that what was written and not synced, from the record of a number on, stands at the beginning of
	// another file from now on, because a sync had failed. It is called under no lock, and before anybody is told that
	// those records are on disk. nil: nobody is.
	Moved func(path string, first uint64)
}

// Ended is a file that is written no more.
type Ended struct {
	Path  string
	First uint64 // number of its first record
	N     uint64 // how many it holds
	Size  int64
}

// Writer appends records to a file, and begins further ones. Its methods may be called from many goroutines at once.
//
// Whoever comes first writes for all who came meanwhile, and likewise syncs: the mutex guards what is added, and
// is held neither over a write(2) nor over an fsync(2). One goroutine writes at a time (writing), one syncs
// (syncing); a write may go on while a sync does.
type Writer struct {
	opts  Options
	place place

	mu      sync.Mutex
	idle    sync.Cond // nobody writes, or nobody syncs any more
	reached sync.Cond // more is on disk, or a sync failed
	batches
	writing bool
	syncing bool
	wanted  bool // somebody is to have both: nobody begins either
	closed  bool
	err     error     // why nothing is taken until again
	failed  error     // what failed then
	again   time.Time // when the next try is due

	file     durable.File // nil: a sync failed, and another is to be begun. It is replaced only while nobody writes
	path     string
	first    uint64 // number of the file's first record
	number   uint64 // of the next record
	size     int64  // of the file, as far as it is whole
	torn     bool   // more may lie behind that
	unsynced unsynced
	lost     bool // a sync failed: what is unsynced is written once more, to another file, before anything else
	tries    int  // how often that failed, the sync among it
	era      uint64

	stop chan struct{}
	over sync.WaitGroup
}

// Open begins a file. One of its name that is there is never opened: the error is fs.ErrExist.
func Open(o Options) (*Writer, error) {
	o.Sync, o.Retry = cmp.Or(o.Sync, 200*time.Millisecond), cmp.Or(o.Retry, time.Second)
	o.Unsynced = cmp.Or(o.Unsynced, 16<<20)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Disk == nil {
		o.Disk = durable.System
	}
	w := &Writer{opts: o, number: o.First, stop: make(chan struct{})}
	w.idle.L, w.reached.L = &w.mu, &w.mu
	w.place = place{o.Dir, o.Name, durable.Files{Disk: o.Disk}}
	w.begin(&w.mu)
	w.unsynced.startAt(o.First)
	path := w.place.pathOf(o.First)
	file, err := w.place.files.Begin(path, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot begin %s: %w", path, err)
	}
	w.install(file, path, o.First, 0)
	w.over.Add(1)
	go w.tick()
	return w, nil
}

// install goes on in a file.
func (w *Writer) install(file durable.File, path string, first uint64, size int64) {
	w.file, w.path, w.first, w.size, w.torn = file, path, first, size, false
	w.era++
}

// Add adds records, framed as they are to stand in the file. It waits for nothing: the ticket does. In the file they
// stand behind everything that was added before.
func (w *Writer) Add(frames []byte, n int) (Ticket, error) {
	return w.AddFunc(func(dst []byte, _ uint64) ([]byte, int) { return append(dst, frames...), n })
}

// AddFunc is [Writer.Add] of what fill appends, which it counts. Fill is told the era, a number that is
// another one as soon as a file was begun or a write failed: all that was added in one era stands in one file,
// or none of it does from the first failure on; but where a sync failed, the end of an era stands in the next
// file. It runs under the writer's mutex.
func (w *Writer) AddFunc(fill func(dst []byte, era uint64) ([]byte, int)) (Ticket, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.add(fill)
}

// WriteFunc is [Writer.AddFunc] and [Ticket.Written] in one.
func (w *Writer) WriteFunc(fill func(dst []byte, era uint64) ([]byte, int)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	t, err := w.add(fill)
	if err != nil {
		return err
	}
	return t.written()
}

// add adds records. The mutex is held.
func (w *Writer) add(fill func(dst []byte, era uint64) ([]byte, int)) (Ticket, error) {
	if err := w.refuses(); err != nil {
		return Ticket{}, err
	}
	b := w.next
	var n int
	b.frames, n = fill(b.frames, w.era)
	b.n += n
	b.waiting++
	return Ticket{w, b}, nil
}

// Keep adds records that nobody waits for. They are written with the next ones, or at the next
// tick; a failure keeps them in memory.
func (w *Writer) Keep(frames []byte, n int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
		return ErrClosed
	case len(w.kept)+len(frames) > w.opts.Unsynced:
		return cmp.Or(w.err, ErrRefused)
	}
	w.kept = append(w.kept, frames...)
	w.keptN += n
	return nil
}

// refuses tells why nothing is taken. The mutex is held.
func (w *Writer) refuses() error {
	if w.closed {
		return ErrClosed
	}
	if w.waits() {
		return w.err
	}
	return nil
}

// waits tells whether something failed, and the next try is not yet due.
func (w *Writer) waits() bool { return w.err != nil && w.opts.Now().Before(w.again) }

// behind tells whether a sync comes before the next write: too much waits for it, or one failed.
func (w *Writer) behind() bool { return w.lost || w.unsynced.bytes() > w.opts.Unsynced }

// write hands everything that was added to the kernel. The mutex is held on entry and on return,
// and let go of meanwhile. Whoever is about to add something is let go first: where there are
// many, one write takes the records of all.
func (w *Writer) write() {
	w.writing = true
	w.mu.Unlock()
	runtime.Gosched()
	w.mu.Lock()
	b := w.take(w.number)
	switch {
	case w.waits() || w.lost:
		w.fail(b, w.err)
	case b.n > 0:
		w.put(b)
	default: // what was added is nothing
		b.written = true
		b.done.Broadcast()
	}
	w.writing = false
	w.idle.Broadcast()
	w.next.done.Signal()
	w.recycle(b)
}

// put writes a batch. Where that fails, the file is cut back to what is whole.
func (w *Writer) put(b *batch) {
	file, size, torn := w.file, w.size, w.torn
	w.mu.Unlock()
	var err error
	if torn {
		err = file.Truncate(size)
	}
	if err == nil {
		torn = false
		var n int
		n, err = file.Write(b.frames)
		if err == nil && n < len(b.frames) {
			err = io.ErrShortWrite
		}
		if err != nil {
			torn = file.Truncate(size) != nil
		} else {
			w.unsynced.add(b.frames, b.n)
		}
	}
	w.mu.Lock()
	w.torn = torn
	if err != nil {
		w.fails(err)
		w.fail(b, w.err)
		w.failNext(w.err)
		return
	}
	b.written, b.held = true, true
	if !w.lost {
		w.err = nil
	}
	w.number += uint64(b.n)
	w.size += int64(len(b.frames))
	b.done.Broadcast()
	if w.opts.Wrote != nil {
		w.mu.Unlock()
		w.opts.Wrote(b.first, b.frames, b.n)
		w.mu.Lock()
	}
	b.held = false
}

// fails notes why nothing is taken for now.
func (w *Writer) fails(err error) {
	w.era++
	w.failed = err
	w.err = fmt.Errorf("%w: %w", ErrRefused, err)
	w.again = w.opts.Now().Add(w.opts.Retry)
}

// Err tells whether records are taken: nil, or why not.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return ErrClosed
	}
	return w.err
}

// Failed is what failed, where that is why no records are taken; nil: they are.
func (w *Writer) Failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		return nil
	}
	return w.failed
}

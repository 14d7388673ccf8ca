// Package ledger is the forwarding log: one record a judged event, written before the event leaves, and never a field's value. It
// promises that Append returns only when the record has been handed to the kernel, and that after a write has failed nothing is
// acknowledged any more.
package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.uber.org/zap/zapcore"

	"github.com/tagwarden/tagwarden/config/durable"
)

// Why a ledger takes nothing any more, until it is opened anew.
var (
	ErrBroken = errors.New("the ledger is broken: an earlier write failed")
	ErrClosed = errors.New("the ledger is closed")
)

// Options say where a ledger is and how it is written. Zero values take the defaults given.
type Options struct {
	Dir    string           // made with mode 0700; segments are files in it
	Node   string           // the node's name, in every segment's first record
	Sync   time.Duration    // how often what was written is fsynced; 200 ms
	Seal   time.Duration    // how long a segment is written before the next is begun; 1 h
	Shapes int              // how many shapes are remembered as already named; 4096
	Now    func() time.Time // the clock
	Files  Files            // nil: files on Disk
	Disk   durable.Disk     // nil: the file system
}

// Files begins a segment, whose name is on disk when it returns; fs.ErrExist says that there is one. Tests put failing ones in its place.
type Files interface {
	Create(path string) (File, error)
}

// File is a segment that is being written.
type File interface {
	io.Writer
	Sync() error
	Close() error
}

type fileSystem struct{ files durable.Files }

// Create makes a new segment. One that exists is never written again.
func (f fileSystem) Create(path string) (File, error) { return f.files.Begin(path, 0o600) }

// Ledger is an open ledger. Its methods may be called from many goroutines at once.
//
// Whoever comes first writes for all who came meanwhile: the mutex guards pending and its counters, and is never held over a write(2) or
// an fsync(2). Only one goroutine writes at a time (writing), and only tick, or Close after it, fsyncs or begins a segment; a write may go
// on while an fsync does.
type Ledger struct {
	opts    Options
	encoder zapcore.Encoder
	shapes  *lru.Cache[string, string] // shape ids that the present segment has named, with the segment
	lines   sync.Pool                  // of *eventLines: what hits write their records in, before they take the mutex

	mu      sync.Mutex
	field   [1]zapcore.Field // what add hands to the encoder
	done    *sync.Cond
	pending []byte // records not yet written
	spare   []byte // the other buffer
	taken   uint64 // batches taken to be written so far; what is pending is the next, taken+1
	written uint64 // of these, those that are written: all, or all but the one that is being written
	writing bool   // somebody is in write(2)
	broken  error

	file    File // replaced only while nobody writes
	segment string
	begun   time.Time
	dirty   bool // something was written since the last fsync began

	stop chan struct{}
	idle sync.WaitGroup
}

// Open begins a new segment and writes its first record.
func Open(o Options, first Note) (*Ledger, error) {
	if o.Sync <= 0 {
		o.Sync = 200 * time.Millisecond
	}
	if o.Seal <= 0 {
		o.Seal = time.Hour
	}
	if o.Shapes <= 0 {
		o.Shapes = 4096
	}
	if o.Files == nil {
		o.Files = fileSystem{durable.Files{Disk: o.Disk}}
	}
	if err := (durable.Files{Disk: o.Disk}).Folder(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the ledger's folder: %w", err)
	}
	shapes, err := lru.New[string, string](o.Shapes)
	if err != nil {
		return nil, fmt.Errorf("cannot remember shapes: %w", err)
	}
	l := &Ledger{opts: o, encoder: newEncoder(), shapes: shapes, stop: make(chan struct{})}
	l.done, l.lines.New = sync.NewCond(&l.mu), func() any { return new(eventLines) }
	if err := l.begin(); err != nil {
		return nil, err
	}
	if err := l.Note(first); err != nil {
		return nil, errors.Join(err, l.file.Close())
	}
	l.idle.Add(1)
	go l.tick()
	return l, nil
}

// begin starts another segment. Its name is the time, so that names sort as they were written; where the clock went back, or stands
// still, the name of the last segment is counted on.
func (l *Ledger) begin() error {
	now := l.opts.Now()
	stem := now.UTC().Format(stemLayout)
	if there, err := Segments(l.opts.Dir); err == nil && len(there) > 0 {
		last, _, _ := strings.Cut(filepath.Base(there[len(there)-1].Path), "-")
		stem = max(stem, last)
	}
	for n := range 1000 {
		path := filepath.Join(l.opts.Dir, fmt.Sprintf("%s-%03d.jsonl", stem, n))
		file, err := l.opts.Files.Create(path)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot begin a segment of the ledger: %w", err)
		}
		l.file, l.segment, l.begun = file, path, now
		return nil
	}
	return fmt.Errorf("cannot begin a segment of the ledger: every name at %s is taken", stem)
}

// Append records the events of a hit. When it returns nil, the records have been written (write(2) has returned). Named gives the
// shape of event i; it is called only where the segment has not named that shape yet.
func (l *Ledger) Append(events []Event, named func(i int) Shape) error {
	now := l.opts.Now()
	lines := l.lines.Get().(*eventLines)
	lines.write(now, events)
	defer func() {
		if cap(lines.b) <= mostLines {
			l.lines.Put(lines)
		}
	}()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return l.broken
	}
	from := 0
	for i := range events {
		if err := l.shape(now, events[i].Shape, i, named); err != nil {
			return err
		}
		l.pending = append(l.pending, lines.b[from:lines.ends[i]]...)
		from = lines.ends[i]
	}
	return l.commit()
}

// shape names a shape, once a segment.
func (l *Ledger) shape(now time.Time, id string, i int, named func(i int) Shape) error {
	if in, ok := l.shapes.Get(id); id == "" || ok && in == l.segment {
		return nil
	}
	s := named(i)
	s.ID = strings.Clone(id)
	l.shapes.Add(s.ID, l.segment)
	return l.add(now, KindShape, &s)
}

// Outcome records how a delivery ended. It waits for nothing: the record is written with the next one, or at the next tick.
func (l *Ledger) Outcome(o Outcome) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return l.broken
	}
	into := line{l.pending}
	into.outcome(l.opts.Now(), &o)
	l.pending = into.b
	return nil
}

// Refusals records aggregates.
func (l *Ledger) Refusals(all []Refused) error {
	entries := make([]entry, len(all))
	for i := range all {
		entries[i] = entry{KindRefused, &all[i]}
	}
	return l.put(entries...)
}

// Note records what happened to the server.
func (l *Ledger) Note(n Note) error {
	n.node = l.opts.Node
	return l.put(entry{n.Kind, &n})
}

// add encodes a record and puts it among those that are not yet written.
func (l *Ledger) add(now time.Time, kind string, members zapcore.ObjectMarshaler) error {
	l.field[0] = zapcore.Field{Type: zapcore.InlineMarshalerType, Interface: members}
	line, err := l.encoder.EncodeEntry(zapcore.Entry{Time: now.UTC(), Message: kind}, l.field[:])
	l.field[0].Interface = nil
	if err != nil {
		return fmt.Errorf("cannot encode a record: %w", err)
	}
	l.pending = append(l.pending, line.Bytes()...)
	line.Free()
	return nil
}

// commit waits until everything added so far is written. The first to come writes for all. The mutex is held on entry
// and on return.
//
// Records are counted in batches. What is pending is batch taken+1, also while batch taken is still being written:
// write takes all that is pending and counts taken up in one step, under the mutex. Who calls has not let go of the
// mutex since it added its record, so that this is in batch taken+1, as taken stands on entry. Batches are written one
// at a time and in order: written has reached that number when the record is written, and not before. A batch that
// failed never counts as written, nor does one behind it: the ledger is broken, and nobody is told that all is well.
//
// Written means that write(2) has returned: the records are the kernel's, and outlive the process, however that ends. A
// power cut, or the kernel's own end, they outlive once the next tick has fsynced them: of the last Options.Sync some
// may be missing, whose events have left. No hit waits for the disk. What must not be lost like this is kept elsewhere
// as well, synced, and a start records what the ledger lacks of it: objections in their store, approvals and
// revocations in the policy folder, keys in their state. A last line that was cut off is passed over by [Search].
func (l *Ledger) commit() error {
	if len(l.pending) == 0 {
		return l.broken
	}
	mine := l.taken + 1
	for l.written < mine && l.broken == nil {
		if l.writing {
			l.done.Wait()
			continue
		}
		l.write()
	}
	if l.written >= mine && !errors.Is(l.broken, ErrBroken) {
		return nil // written, though the ledger may have been closed since
	}
	return l.broken
}

// write hands the pending records to the kernel. The mutex is held on entry and on return, and let go of meanwhile. Hits that are about to
// record something are let go first: where there are many, one write takes the records of all.
func (l *Ledger) write() {
	l.writing = true
	l.mu.Unlock()
	runtime.Gosched()
	l.mu.Lock()
	batch := l.pending
	l.pending, l.spare = l.spare[:0], nil
	l.taken++
	file := l.file
	l.mu.Unlock()
	n, err := file.Write(batch)
	if err == nil && n < len(batch) {
		err = io.ErrShortWrite
	}
	l.mu.Lock()
	l.spare, l.dirty, l.writing = batch, true, false
	if l.breaks(err); err == nil {
		l.written = l.taken
	}
	l.done.Broadcast()
}

// tick fsyncs what was written, writes what nobody waited for, and begins another segment in time.
func (l *Ledger) tick() {
	defer l.idle.Done()
	t := time.NewTicker(l.opts.Sync)
	defer t.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-t.C:
			l.flush()
		}
	}
}

func (l *Ledger) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) > 0 && l.broken == nil {
		_ = l.commit() // what failed is kept in broken
	}
	l.sync()
	if l.broken == nil && l.opts.Now().Sub(l.begun) >= l.opts.Seal {
		l.next()
	}
}

// sync fsyncs what was written. After a failure nothing is tried again: the next fsync would say that all is well.
func (l *Ledger) sync() {
	if !l.dirty || l.broken != nil {
		return
	}
	l.dirty = false
	file := l.file
	l.mu.Unlock()
	err := file.Sync()
	l.mu.Lock()
	l.breaks(err)
}

// breaks notes why nothing more is taken, where an error says so.
func (l *Ledger) breaks(err error) {
	if err != nil && l.broken == nil {
		l.broken = fmt.Errorf("%w: %w", ErrBroken, err)
	}
}

// next ends the segment, on disk, and begins another. What is pending goes into the old one: a shape and what refers to it stay together.
func (l *Ledger) next() {
	if l.drain(); l.broken != nil {
		return
	}
	// The mutex is held until the next segment is there: whoever comes meanwhile waits for it.
	if err := errors.Join(l.file.Sync(), l.file.Close()); err != nil {
		l.breaks(err)
		return
	}
	l.dirty = false
	l.breaks(l.begin())
	l.breaks(l.add(l.opts.Now(), KindSegment, &Note{node: l.opts.Node}))
}

// drain writes what is pending, and waits until nobody writes.
func (l *Ledger) drain() {
	for l.writing || len(l.pending) > 0 && l.broken == nil {
		if l.writing {
			l.done.Wait()
		} else {
			l.write()
		}
	}
}

// Err tells whether the ledger can be written: nil, or why not.
func (l *Ledger) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

// Close writes and fsyncs everything. Nothing is taken afterwards.
func (l *Ledger) Close() error {
	close(l.stop)
	l.idle.Wait()
	err := l.Note(Note{Kind: KindStop})
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.drain(); l.broken == nil {
		l.broken = ErrClosed
	}
	l.done.Broadcast()
	return errors.Join(err, l.file.Sync(), l.file.Close())
}

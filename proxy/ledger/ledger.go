// Package ledger is the forwarding log: one record a judged event, written before the event leaves, and never a field's
// value. It promises that Append returns nil only when the records have been handed to the kernel; that what
// is refused is in no file; that record N is leaf N of a Merkle tree whose signed heads nobody can make but
// who holds the key; and that what was refused because a disk was full is taken again when there is room,
// without a restart and without a hole.
package ledger

import (
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// ErrClosed says that the ledger is closed.
var ErrClosed = segment.ErrClosed

// Options say where a ledger is and how it is written. Zero values take the defaults given.
type Options struct {
	Dir  string // made with mode 0700; segments are files in it
	Node string // the node's name, in every segment's first record

	Sync       time.Duration // how often what was written is fsynced; 200 ms
	Retry      time.Duration // how long nothing is tried after a failure; 1 s
	Seal       time.Duration // how long a segment is written before the next is begun; 1 h
	Size       int64         // likewise, how many bytes; 64 MiB
	Checkpoint time.Duration // how often a checkpoint is signed, where there are new records; 5 s
	Shapes     int           // how many shapes are remembered as already named, and how many lists of rungs; 4096

	Origin string // names the log in its checkpoints; "": none are signed
	// Seed is that of the key that signs the checkpoints of an origin (Ed25519, RFC 8032).
	Seed  func(origin string) [ed25519.SeedSize]byte
	Known string // a file in another folder that holds the newest checkpoint as well; "": none does
	// OnCheckpoint is told each checkpoint, once it is on disk. One goroutine calls it;
	// it waits for nothing. nil: nobody is.
	OnCheckpoint func(signed []byte)
	// Report is told what failed in the background, once for each time that it begins to. nil: nobody is.
	Report func(what string, err error)

	Reserve uint64                 // how many bytes stay free on the disk: with less, hits are refused, and acts are not
	Free    func() (uint64, error) // how many are; nil: nobody asks

	// Synced is told how long each fsync of records took, by Elapsed. It is called under no lock. nil: nobody is.
	Synced  func(took time.Duration)
	Elapsed func() time.Duration // since some moment; needed with Synced

	Now  func() time.Time // the clock; records say the millisecond
	Rand io.Reader        // of salts; nil: crypto/rand
	Disk durable.Disk     // nil: the file system
}

// withDefaults fills in what is zero.
func (o Options) withDefaults() Options {
	o.Sync, o.Retry = cmp.Or(o.Sync, 200*time.Millisecond), cmp.Or(o.Retry, time.Second)
	o.Seal, o.Size = cmp.Or(o.Seal, time.Hour), cmp.Or(o.Size, 64<<20)
	o.Checkpoint, o.Shapes = cmp.Or(o.Checkpoint, 5*time.Second), cmp.Or(o.Shapes, 4096)
	if o.Disk == nil {
		o.Disk = durable.System
	}
	if o.Report == nil {
		o.Report = func(string, error) {}
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	now := o.Now
	o.Now = func() time.Time { return time.UnixMilli(now().UnixMilli()).UTC() }
	return o
}

// Ledger is an open ledger. Its methods may be called from many goroutines at once.
//
// Hits put their records into the writer, and wait until write(2) has returned: whoever comes first writes for all. The
// same goroutine then hashes what was written (wrote), under no lock that hits wait for. Two goroutines are in the
// background: one looks whether the files are there (looks), one signs checkpoints,
// and seals and packs segments (works).
type Ledger struct {
	*records
	signing *signing
	sealing *sealing
	tree    *grown

	Eraser *Eraser // has lines of sealed segments go
	idle   sync.WaitGroup
}

// Open opens a ledger: it brings one of a version before to numbers, reads what a start must know, and begins a new
// segment, whose first record it writes.
func Open(o Options, first Note) (*Ledger, error) {
	if err := Migrate(o.Dir, o.Disk, nil); err != nil {
		return nil, err
	}
	from, err := Recover(o.Dir)
	if err != nil {
		return nil, err
	}
	return from.Open(o, first)
}

// Open begins a new segment of a ledger as it stands, and writes its first record.
func (from *Standing) Open(o Options, first Note) (*Ledger, error) {
	r := newRecords(o.withDefaults())
	o = r.opts
	if err := r.files.Folder(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the ledger's folder: %w", err)
	}
	if o.Known != "" {
		if err := r.files.Folder(filepath.Dir(o.Known), 0o700); err != nil {
			return nil, fmt.Errorf("cannot make the folder of the ledger's checkpoint: %w", err)
		}
	}
	if err := refuseOlder(o.Dir, r.files); err != nil {
		return nil, fmt.Errorf("cannot write to the ledger's folder: %w", err)
	}
	g := &grown{dir: o.Dir, files: r.files, report: o.Report}
	l := &Ledger{records: r, tree: g, signing: &signing{records: r, tree: g}, sealing: sealFrom(r, g, from)}
	l.Eraser = &Eraser{records: r, signing: l.signing, sealing: l.sealing, pending: maps.Clone(from.Erasing)}
	if err := l.signing.begin(); err != nil {
		return nil, err
	}
	restored, err := l.signing.growFrom(from)
	if err != nil {
		return nil, err
	}
	if l.Eraser.doubted, err = l.signing.unsigned(from.Next()); err != nil {
		return nil, err
	}
	if err := l.sealing.leftovers(); err != nil {
		return nil, fmt.Errorf("cannot tidy the ledger's folder: %w", err)
	}
	if err := l.begin(from.Next()); err != nil {
		return nil, err
	}
	if err := l.first(first, from, restored); err != nil {
		return nil, errors.Join(err, l.writer.Close(), g.close())
	}
	l.sealing.own = l.Next() - from.Next()
	l.signing.signStart()
	faults, of := newFaults(o.Report), &lookout{r}
	of.look(faults)
	l.idle.Add(2)
	go of.looks(faults, l.idle.Done)
	go l.works()
	return l, nil
}

// begin begins a segment. One of the same number that lies there holds no record: a process died before it wrote one.
func (l *Ledger) begin(number uint64) (err error) {
	if err := l.sealing.removeEmpty(number); err != nil {
		return fmt.Errorf("cannot begin a segment of the ledger: %w", err)
	}
	l.writer, err = segment.Open(segment.Options{
		Dir: l.opts.Dir, Name: func(first uint64) string { return segment.FileName(first, OpenSuffix) }, First: number,
		Sync: l.opts.Sync, Retry: l.opts.Retry, Now: l.opts.Now, Disk: l.opts.Disk, Wrote: l.tree.wrote,
		Synced: l.opts.Synced, Elapsed: l.opts.Elapsed,
	})
	if err != nil {
		return fmt.Errorf("cannot begin a segment of the ledger: %w", err)
	}
	return nil
}

// first writes the records that a start begins with.
func (l *Ledger) first(first Note, from *Standing, restored *Restored) error {
	first.node = l.opts.Node
	entries, err := l.asides([]entry{{first.Kind, &first}}, from.Aside)
	if err != nil {
		return err
	}
	if from.unvouched {
		if entries, err = l.sealing.vouch(entries); err != nil {
			return err
		}
	}
	if err := l.put(written, entries...); err != nil {
		return err
	}
	if restored != nil {
		if err := l.signing.restored(restored); err != nil {
			return err
		}
	}
	if l.signing.signer == nil {
		return nil
	}
	return l.signing.publishKey()
}

// Append records the events of a hit. When it returns nil, the records have been written (write(2) has returned). What
// the names in them stand for is asked of named, where the segment has not said it yet.
func (l *Ledger) Append(events []Event, named Named) error {
	lines, err := l.Write(events)
	if err != nil {
		return err
	}
	defer l.GiveBack(lines)
	return l.writer.WriteFunc(l.filling(lines, events, named))
}

// Write writes the records of the events of a hit, for AppendLines. They go to GiveBack in the end.
func (l *Ledger) Write(events []Event) (*Lines, error) {
	if err := l.refused(true); err != nil {
		return nil, err
	}
	lines := l.lines.Get().(*Lines)
	lines.at = l.opts.Now()
	if err := lines.write(lines.at, events, &l.salts); err != nil {
		l.GiveBack(lines)
		return nil, err
	}
	return lines, nil
}

// AddLines adds what [Ledger.Write] wrote of events, and waits for nothing: the ticket does.
func (l *Ledger) AddLines(lines *Lines, events []Event, named Named) (segment.Ticket, error) {
	return l.writer.AddFunc(l.filling(lines, events, named))
}

// filling appends lines, and before each what its names stand for.
func (l *Ledger) filling(lines *Lines, events []Event, named Named) func(dst []byte, era uint64) ([]byte, int) {
	return func(dst []byte, era uint64) ([]byte, int) {
		from, all := 0, lines.n
		for i := range events {
			var n int
			dst, n = l.name(dst, lines.at, &events[i], i, named, era)
			dst = append(dst, lines.b[from:lines.ends[i]]...)
			from, all = lines.ends[i], all+n
		}
		return dst, all
	}
}

// GiveBack keeps what records were written in, for others.
func (r *records) GiveBack(lines *Lines) {
	if cap(lines.b) <= mostLines {
		r.lines.Put(lines)
	}
}

// Outcome records how a delivery ended. It waits for nothing: the record is written with the next one, or at the next
// tick, and no failure of the disk loses it.
func (l *Ledger) Outcome(o Outcome) error {
	lines := l.lines.Get().(*Lines)
	defer l.GiveBack(lines)
	lines.b = lines.b[:0]
	lines.outcome(l.opts.Now(), &o, part{salt: l.salts.next()})
	if len(lines.b) > longestLine {
		return errTooLong
	}
	return l.writer.Keep(lines.b, 1)
}

// Refusals records aggregates. Where that cannot be written they are kept in memory until it can.
func (l *Ledger) Refusals(all []Refused) error {
	entries := make([]entry, len(all))
	for i := range all {
		entries[i] = entry{KindRefused, &all[i]}
	}
	return l.put(kept, entries...)
}

// Note records what happened to the server.
func (l *Ledger) Note(n Note) error { return l.note(n) }

// Err tells whether records of hits are taken: nil, or why not.
func (l *Ledger) Err() error {
	if err := l.refused(true); err != nil {
		return err
	}
	return l.writer.Err()
}

// Next is the number of the next record.
func (l *Ledger) Next() uint64 {
	next, _ := l.writer.Next()
	return next
}

// Sync waits until everything that was recorded is on disk, also what nobody waits for.
func (l *Ledger) Sync() error {
	ticket, err := l.writer.Add(nil, 0) // what was kept is written with it
	if err != nil {
		return err
	}
	return ticket.Synced()
}

// Close writes and fsyncs everything, and signs what it came to. Nothing is taken afterwards.
func (l *Ledger) Close() error {
	close(l.stop)
	l.idle.Wait()
	err := l.Note(Note{Kind: KindStop})
	err = errors.Join(err, l.writer.Close())
	return errors.Join(err, l.signing.sign(), l.tree.close())
}

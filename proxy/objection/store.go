package objection

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/config/durable"
)

// Options say where a store is and what it is put together with. Zero values take the defaults given.
type Options struct {
	Dir      string           // made with mode 0700; the file in it is FileName
	Identity string           // of the keys that the hashes are made with; a file of another one is ErrForeign
	Now      func() time.Time // the clock; time.Now

	// Past is the head that the ledger remembers last; zero: none. A store that has not come as far, or that has come
	// there on another way, is refused with ErrOlder, unless Because says why it is accepted (see Restored). A store that
	// has come further is none of its faults: what the ledger does not have is in Changes(Past.Size). With an Order one
	// that has not come as far is opened: see [Replica.Lacks].
	Past    Head
	Because string

	// Record puts changes on the ledger: it is called once they are on disk and found by look-ups, before Apply
	// returns, one call at a time, in the order of their numbers. An error undoes nothing, and ends nothing here: the
	// ledger says by its last head what it lacks.
	Record func([]Recorded, Head) error

	// InForce returns when every send whose last look-up came before its call has left or was cut: Apply waits for it.
	// It may take seconds, and is called again meanwhile for what is taken next.
	InForce func()

	// Tell makes the body of a message, of the change as it was done, or of a notice, where that is nil. Without it the
	// message's Body is it.
	Tell func(m *Message, of *Recorded) ([]byte, error)

	// Order is a log that all acts come from: see [Order]. What [Replica.Take] is given is done, and
	// nothing else. Nil: the store is alone.
	Order Order
	Rand  io.Reader // of ids of acts; crypto/rand
	// Probed is told that a probe of this store or another one is in force here, and whom that is to be reported to. It
	// must not block. Nobody.
	Probed func(to string)
	// Patience is how long an act waits for its turn, before whoever asked is told that the other stores do not know it
	// yet; 3 s.
	Patience time.Duration

	Recent int // how many answers from disk are remembered; 65536

	// Map is how much address space the file is mapped into, in bytes: 16 GiB where addresses have 64 bits, 256 MiB else,
	// and never less than twice the file when it is opened. It costs no memory. A file that outgrows it is mapped anew,
	// now and again, and for such a moment look-ups on disk and the writer wait for each other, and both for a Backup
	// that runs. Opening it anew ends that.
	Map int

	LockWait time.Duration // how long a file that another process has is waited for; 200 ms

	Free func() (uint64, error) // bytes that are free on the disk; those of Dir's file system. See ErrFull

	Disk durable.Disk // where the file is made; nil: the file system. What is in it, bbolt writes

	Commit func(tx *bolt.Tx) error // how a transaction is committed: (*bolt.Tx).Commit. Tests fail in its place
}

// FileName is the store's file in its folder.
const FileName = "objections.db"

// Store is an open store. Its methods may be called from many goroutines at once.
//
// One goroutine writes: it takes all batches that wait, applies them in one transaction and commits. Another one
// rebuilds the filters in memory. Whoever looks up meets neither.
type Store struct {
	opts     Options
	restored bool // an older copy was accepted

	undecided uint64 // decisions up to this number do not hold: they are of that copy

	// What a look-up meets, in this order: nothing in the index, an answer that is remembered, the file.
	index   *index
	recent  *recent
	file    *dataFile
	names   atomic.Pointer[[]string] // of scopes, by number; published before anybody can read the number
	state   atomic.Pointer[state]    // after the last commit
	decided                          // decisions that stand after it
	version atomic.Uint64            // see Version

	queue  *queue
	shared *shared // nil without Options.Order
	room   room
	broken atomic.Pointer[error] // nothing is taken any more
	gone   atomic.Pointer[error] // the file is not in its place
	stop   chan struct{}
	idle   sync.WaitGroup // writer and rebuilder
	acting sync.WaitGroup // calls of InForce
}

// state is what is known of the store as a whole after a commit. It is never changed.
type state struct {
	head     Head
	records  uint64   // subjects that have a record
	inForce  uint64   // of these, with a scope in force
	older    uint64   // of these, in an older form than the newest
	waiting  uint64   // messages in the outbox
	kept     uint64   // subjects that an opt-out is kept for
	position Position // in an order
	marks    []uint64 // subjects by the mark of a scope (twice its number, one more for a restriction)
}

// Apply does what a batch asks for. When it returns, everything is on disk, on the ledger and in force. A change with
// an error in it is a [*Fault]; [ErrReused], [ErrFull], [ErrPoisoned] and [ErrClosed] are the other ways not to do it.
// The context ends only the waiting before the batch was begun: what was begun is finished, and answered.
//
// Change.TakeBack comes before Change.Object. The name of a scope in it takes the objection back; with "restriction:"
// before it the restriction; "all" takes back everything: of the acts that the change's holder may end (see [Holder]).
// In force is what the acts that are left make. A change that changes no act is not recorded; one that leaves what is
// in force as it is has its messages dropped; a complaint is always recorded.
func (s *Store) Apply(ctx context.Context, b Batch) ([]Receipt, error) {
	if err := normalise(&b, s.opts.Now()); err != nil {
		return nil, err
	}
	r := &request{batch: &b, again: b.Progress != nil, done: make(chan struct{})}
	if err := s.submit(ctx, r); err != nil {
		return nil, err
	}
	return r.receipts, r.err
}

// submit puts a request before the writer, or on the log that is shared, and waits for the answer.
func (s *Store) submit(ctx context.Context, r *request) error {
	if err := ready(s); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.shared != nil && r.shared() {
		return s.shared.submit(ctx, r)
	}
	if err := s.queue.put(r); err != nil {
		return err
	}
	return r.wait(ctx)
}

// ready says why nothing is taken now.
func ready(s *Store) error {
	err := s.Err()
	if errors.Is(err, ErrGone) {
		err = s.Present() // it may be back
	}
	return err
}

// Lookup returns the scopes in force for the subject of that hash. An error means that nobody knows. It never waits for
// a writer, and allocates nothing unless it has to read from disk.
func (s *Store) Lookup(hash [16]byte) (Scopes, error) {
	found, err := s.lookUp(hash)
	return found.scopes, err
}

// lookUp returns what is in force for a subject, and what was once.
func (s *Store) lookUp(hash [16]byte) (found standing, err error) {
	if s.file.closed.Load() {
		return standing{}, ErrClosed
	}
	if s.shared == nil || !s.shared.untold.some.Load() {
		return lookUpTaken(s, hash)
	}
	marks := s.shared.untold.marks(hash) // before what follows: an act is among these until it is found there
	if found, err = lookUpTaken(s, hash); err == nil && len(marks) > 0 {
		found = found.beside(marks)
	}
	return found, err
}

// lookUpTaken returns what is in force by acts that were done.
func lookUpTaken(s *Store, hash [16]byte) (standing, error) {
	if !s.index.mayHold(&hash) {
		return standing{}, nil
	}
	found, generation, ok := s.recent.get(hash)
	if ok {
		return found, nil
	}
	found, err := s.file.standing(hash)
	if err == nil {
		s.recent.keep(hash, found, generation)
	}
	return found, err
}

// Version tells whether anything can be found by now that was not before: whoever asked for it, looked up, and
// finds the same number later, would find the same again. It is another one as soon as what was asked for can
// be seen by look-ups, and before any send is waited for on its behalf ([Options].InForce). What [Store.Err]
// and [Store.Full] say is no part of it.
func (s *Store) Version() uint64 { return s.version.Load() }

// Standing names the scopes that are in force for a person, sorted, none twice.
func (s *Store) Standing(subjects []Subject) ([]string, error) {
	var all []string
	for i := range subjects {
		scopes, err := s.Lookup(subjects[i].Hash)
		if err != nil {
			return nil, err
		}
		names, ok := scopeNames(*s.names.Load(), scopes)
		if !ok {
			return nil, errUnknownNumber
		}
		all = append(all, names...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

var errUnknownNumber = fmt.Errorf("%w: a scope has a number that its dictionary does not have", ErrDamaged)

// Err says why nothing is taken any more: nil where it is.
func (s *Store) Err() error {
	if why := s.broken.Load(); why != nil {
		return *why
	}
	if s.file.closed.Load() {
		return ErrClosed
	}
	if why := s.gone.Load(); why != nil {
		return *why
	}
	return nil
}

// poison makes the store take nothing any more. The first reason is kept.
func (s *Store) poison(why error) error {
	err := fmt.Errorf("%w: %w", ErrPoisoned, why)
	s.broken.CompareAndSwap(nil, &err)
	return *s.broken.Load()
}

// Head names the state of the change log after the last commit.
func (s *Store) Head() Head { return s.state.Load().head }

// Restored returns the head that was given up where Options.Because made [Open] accept an older copy, or one of another
// history. It is for the ledger: from now on, Head is what counts.
func (s *Store) Restored() (Head, bool) { return s.opts.Past, s.restored }

// Backup writes a copy of the file as it is now, while everything goes on, and returns how long it is. The copy is
// a store of its own. For as long as it is being written, pages that commits make free cannot be used again: the
// file grows by what is written meanwhile.
func (s *Store) Backup(w io.Writer) (n int64, err error) {
	err = s.file.read(func(tx *bolt.Tx) error {
		n, err = tx.WriteTo(w)
		return err
	})
	return n, err
}

// Close ends the store when the batch that is being written is done. Those that still wait are answered with
// [ErrClosed].
func (s *Store) Close() error {
	left, first := s.queue.close()
	if !first {
		return nil
	}
	s.file.closed.Store(true)
	for _, r := range left {
		if r.begun.CompareAndSwap(requestWaits, requestTaken) {
			r.answer(nil, ErrClosed)
		}
	}
	close(s.stop)
	s.idle.Wait()
	s.acting.Wait()
	return s.file.close()
}

// OlderForms tells whether something is in force for a subject of an older form than [NewestForm]. It takes no lock.
func (s *Store) OlderForms() bool { return s.state.Load().older > 0 }

// Held says by whose acts what is in force for a person stands. It reads from disk.
func (s *Store) Held(subjects []Subject) ([]Held, error) {
	var records []*record
	err := s.file.read(func(tx *bolt.Tx) error {
		for i := range subjects {
			hash := &subjects[i].Hash
			value := tx.Bucket(bucketSubjects).Get(hash[:])
			if value == nil {
				continue
			}
			r, err := parseRecord(hash[:], value)
			if err != nil {
				return err
			}
			r.split(sourceName(tx, r.source))
			records = append(records, &r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, ok := heldIn(*s.names.Load(), records)
	if !ok {
		return nil, errUnknownNumber
	}
	return list, nil
}

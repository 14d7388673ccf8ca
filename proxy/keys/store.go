// Package keys keeps a node's key state on disk: made once from the root secret, advanced at the end of every period,
// the keys before it overwritten. It promises that a process that is killed at any moment leaves a state that can be
// read, and that no new keys are made where there was a state, unless they are those that the root gives for today.
package keys

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// The files in a state's folder. The second is there only while the first is being replaced.
const (
	StateFile = "state"
	nextFile  = "state.next"
)

// Why there are no keys.
var (
	ErrNoState = errors.New("there is no key state, and no root secret to make one of")
	ErrDamaged = errors.New("the key state is damaged, and there is no root secret to make it of again")
	ErrForeign = errors.New("the root secret is not the one that the key state was made from")
)

// Options say where a key state is. Zero values take the defaults given.
type Options struct {
	Dir   string           // made with mode 0700
	Root  pseudonym.Root   // the zero Root: there is none, and there has to be a state
	Now   func() time.Time // the clock
	Rand  io.Reader        // of keys that are to be no longer those of the root; crypto/rand
	Files Files            // nil: files on Disk
	Disk  durable.Disk     // nil: the file system

	Shared bool // other nodes have the same keys: a state that is lost is not made of the root where that would part them

	// What others remember of a state that is not there any more; it is asked for only then.
	Recover func() (Recovered, error) // nil: nobody remembers any
}

// Recovered is what is remembered of a state that is lost.
type Recovered struct {
	Known    bool   // there was one
	Identity string // pseudonym.State.Identity of it, "" where that is not known
	Shredded bool   // its ledger subject key was a random one
}

// Origin says where a state comes from.
type Origin uint8

// The origins.
const (
	Found   Origin = iota // it was on disk
	Made                  // it was made of the root, the first time
	Remade                // it was lost or damaged, and made again of the root
	Settled               // it was on disk, and a replacement that had been interrupted was completed
)

// Store is a key state on disk. Its methods may be called from many goroutines at once.
type Store struct {
	opts   Options
	Origin Origin // of the state, when it was opened

	mu    sync.Mutex
	state pseudonym.State
	dirty bool // the state on disk is an older one
}

// Open reads the key state, or makes it of the root. It advances nothing.
func Open(o Options) (*Store, error) {
	if o.Files == nil {
		o.Files = fileSystem{durable.Files{Disk: o.Disk}}
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	s := &Store{opts: o}
	if err := o.Files.Folder(o.Dir); err != nil {
		return nil, fmt.Errorf("cannot make the folder of the key state: %w", err)
	}
	found, err := read(o.Files, o.Dir)
	switch {
	case err == nil:
		s.state = found.state
		if found.unfinished {
			s.Origin = Settled
			return s, s.completeChange()
		}
		return s, nil
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, pseudonym.ErrState):
		return nil, err
	}
	return s, s.make(err)
}

// BeginRekeying gives the state of a version before what it lacks for keys to be replaced out of turn. Without the root
// that is random: other nodes get it with a copy of the state. Who only looks leaves it to the server.
func (s *Store) BeginRekeying() error {
	state := s.State()
	if state.Rekeyable() {
		return nil
	}
	secret, err := s.Random()
	if err != nil {
		return err
	}
	if of := s.opts.Root; of != (pseudonym.Root{}) && of.SubjectKey() == state.SubjectKey() {
		secret = of.RekeyingKey()
	}
	return s.Change(func(state *pseudonym.State) error {
		state.BeginRekeying(secret)
		return nil
	})
}

// ErrShreddedElsewhere says that a state is lost of which only another node has the like.
var ErrShreddedElsewhere = errors.New(
	"the key state is lost, and keys of it were replaced that the root does not give: " +
		"begin this node anew with a backup of another one (cluster join)")

// make makes the state of the root; why says why there is none.
func (s *Store) make(why error) error {
	damaged := errors.Is(why, pseudonym.ErrState)
	var past Recovered
	if s.opts.Recover != nil {
		var err error
		if past, err = s.opts.Recover(); err != nil {
			return fmt.Errorf("cannot find out what the key state was: %w", err)
		}
	}
	switch {
	case s.opts.Root == pseudonym.Root{} && damaged:
		return fmt.Errorf("%s: %w: put a copy of the folder in its place, or the root secret where keys.root says",
			s.opts.Dir, ErrDamaged)
	case s.opts.Root == pseudonym.Root{}:
		return fmt.Errorf("%s: %w: put a copy of the folder there, or the root secret where keys.root says",
			s.opts.Dir, ErrNoState)
	}
	s.state, s.Origin = s.opts.Root.State(s.opts.Now()), Made
	if !s.opts.Now().Before(s.state.Until()) {
		return fmt.Errorf("%w: it says %s", pseudonym.ErrAhead, s.opts.Now().UTC().Format(time.DateOnly))
	}
	if past.Identity != "" && past.Identity != s.state.Identity() {
		return fmt.Errorf("%s: %w: objections and records would lose their subjects; put back the right root, or a copy of "+
			"the folder", s.opts.Dir, ErrForeign)
	}
	if damaged || past.Known {
		s.Origin = Remade
	}
	if past.Shredded && s.opts.Shared {
		return fmt.Errorf("%s: %w", s.opts.Dir, ErrShreddedElsewhere)
	}
	if past.Shredded { // the root's key is that of records which are to be anonymous
		key, err := s.Random()
		if err != nil {
			return err
		}
		s.state.ShredLedger(key)
	}
	return s.save(s.state)
}

// State returns the state as it is in force.
func (s *Store) State() pseudonym.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Advance takes the chains to the period that now is in ([pseudonym.State.Advance]) and returns which moved. They are
// in force at once, for what vendors are sent must change though a disk is full; Flush writes them.
func (s *Store) Advance(now time.Time) ([]pseudonym.Rotation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	moved, err := s.state.Advance(now)
	s.dirty = s.dirty || len(moved) > 0
	return moved, err
}

// Flush writes the state where it was advanced since it was written. Until that has
// succeeded, the keys before are still on disk.
func (s *Store) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dirty {
		return nil
	}
	return s.save(s.state)
}

// Change writes a changed state; it is in force when that has succeeded, and not before.
func (s *Store) Change(how func(*pseudonym.State) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.state
	if err := how(&changed); err != nil {
		return err
	}
	if err := s.save(changed); err != nil {
		return err
	}
	s.state = changed
	return nil
}

// Random makes a key that has nothing to do with the root, such as ShredLedger takes.
func (s *Store) Random() (key pseudonym.Key, err error) {
	if _, err = io.ReadFull(s.opts.Rand, key[:]); err != nil {
		return key, fmt.Errorf("cannot make a random key: %w", err)
	}
	return key, nil
}

// save replaces the state on disk. First the new one is written whole beside it, then the old one overwritten where it
// lies, then the new one given its name: whenever this ends, one of the two is whole, and on disk. One that could not
// be written whole is overwritten and taken away: what was refused must not be found at the next start.
//
// What is overwritten is gone as far as a file system goes that writes in place. One that keeps a journal of data,
// snapshots or copies on write, and an SSD, which writes every block to another cell, keep the old bytes until they get
// round to erasing them; so do backups. An encrypted disk makes that a matter of who has its key.
func (s *Store) save(state pseudonym.State) error {
	if err := s.completeChange(); err != nil {
		return err
	}
	if err := s.opts.Files.Write(s.path(nextFile), state.Append(nil)); err != nil {
		return fmt.Errorf("cannot write the key state: %w", errors.Join(err, s.discard()))
	}
	if err := s.replace(); err != nil {
		return err
	}
	s.dirty = false
	return nil
}

// completeChange puts a state that was written whole in the place of the old one, and takes away one that was not.
// Whoever wrote it may have died, or been told of a failure, before it was on disk: it has to be there before the old
// one is overwritten.
func (s *Store) completeChange() error {
	text, err := s.opts.Files.Read(s.path(nextFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the key state: %w", err)
	}
	if _, faulty := pseudonym.ParseState(text); faulty != nil {
		return s.discard()
	}
	if err := s.opts.Files.SyncAgain(s.path(nextFile)); err != nil {
		return fmt.Errorf("cannot write the key state: %w", err)
	}
	return s.replace()
}

// replace overwrites the old state and gives its name to the new one, which is on disk.
func (s *Store) replace() error {
	if err := s.opts.Files.Overwrite(s.path(StateFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot overwrite the old key state: %w", err)
	}
	if err := s.opts.Files.Rename(s.path(nextFile), s.path(StateFile)); err != nil {
		return fmt.Errorf("cannot replace the key state: %w", err)
	}
	return nil
}

// discard overwrites a state that is not whole, and takes it away. There may be none.
func (s *Store) discard() error {
	path := s.path(nextFile)
	if _, err := s.opts.Files.Read(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := s.opts.Files.Overwrite(path); err != nil {
		return fmt.Errorf("cannot overwrite half a key state: %w", err)
	}
	if err := s.opts.Files.Remove(path); err != nil {
		return fmt.Errorf("cannot take half a key state away: %w", err)
	}
	return nil
}

func (s *Store) path(name string) string { return filepath.Join(s.opts.Dir, name) }

// Read returns the state in a folder, and changes nothing there. Where a server is just
// replacing it, the newer one is returned.
func Read(dir string) (pseudonym.State, error) {
	var found onDisk
	var err error
	for range 3 { // between two looks the older file may have been overwritten, and the newer one not yet been there
		if found, err = read(fileSystem{}, dir); err == nil {
			return found.state, nil
		}
	}
	return pseudonym.State{}, fmt.Errorf("%s: %w", dir, err)
}

type onDisk struct {
	state      pseudonym.State
	unfinished bool // the newer file is there
}

// read looks at both files. The newer one counts where it is whole: the older one may be overwritten already.
func read(files Files, dir string) (onDisk, error) {
	text, err := files.Read(filepath.Join(dir, nextFile))
	there := err == nil
	if there {
		if state, faulty := pseudonym.ParseState(text); faulty == nil {
			return onDisk{state, true}, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return onDisk{}, fmt.Errorf("cannot read the key state: %w", err)
	}
	text, err = files.Read(filepath.Join(dir, StateFile))
	if errors.Is(err, fs.ErrNotExist) && there {
		return onDisk{}, pseudonym.ErrState
	}
	if err != nil {
		return onDisk{}, fmt.Errorf("cannot read the key state: %w", err)
	}
	state, err := pseudonym.ParseState(text)
	return onDisk{state, there}, err
}

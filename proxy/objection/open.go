package objection

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// whatToDo ends the errors of Open that an operator has to do something about.
const whatToDo = "put a backup in its place and start with 'tagwarden objections restore --because REASON', which " +
	"says on the ledger what was lost"

const olderAdvice = "put the newest copy in its place, or say with 'tagwarden objections restore --because REASON' " +
	"why this one holds"

// Open opens the store, and makes one where there is none. It reads every subject once: a file in which anything is not
// what was written is refused with [ErrDamaged]. See [Options] for the other reasons.
func Open(o Options) (*Store, error) {
	o.defaults()
	path := filepath.Join(o.Dir, FileName)
	files := durable.Files{Disk: o.Disk}
	if err := files.Folder(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the folder of objections: %w", err)
	}
	_, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		if o.Past.Size > 0 && o.Because == "" && o.Order == nil {
			return nil, fmt.Errorf("%w: there is no %s, and the ledger remembers %s: %s", ErrOlder, path,
				plural.Of(o.Past.Size, "change"), whatToDo)
		}
		err = create(files, path, o.Identity)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot make the store of objections: %w", err)
	}
	s := &Store{opts: o, index: newIndex(), queue: newQueue(), stop: make(chan struct{})}
	s.decided.lookUp = s.lookUp
	if o.Order != nil {
		s.shared = &shared{
			store: s, order: o.Order, asked: map[[16]byte]*request{}, untold: newUntoldActs(), kick: make(chan struct{}, 1),
		}
	}
	s.room.free = o.Free
	w := &writer{store: s, scopes: newDictionary(), sources: newDictionary()}
	if s.recent, err = newRecent(o.Recent); err != nil {
		return nil, fmt.Errorf("cannot remember answers: %w", err)
	}
	if err := s.open(path, w); err != nil {
		return nil, err
	}
	r := rebuilder{file: s.file, index: s.index, failed: func(err error) { _ = s.poison(err) }}
	s.idle.Go(func() { w.writeAll(s.stop) })
	s.idle.Go(func() { r.rebuildAll(s.stop) })
	if s.shared != nil {
		s.idle.Go(func() { s.shared.tellAll(s.stop) })
	}
	return s, nil
}

func (o *Options) defaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Record == nil {
		o.Record = func([]Recorded, Head) error { return nil }
	}
	if o.InForce == nil {
		o.InForce = func() {}
	}
	if o.Patience <= 0 {
		o.Patience = 3 * time.Second
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Probed == nil {
		o.Probed = func(string) {}
	}
	if o.Recent <= 0 {
		o.Recent = 1 << 16
	}
	if o.Map <= 0 {
		o.Map = 1 << 28
		if strconv.IntSize == 64 {
			o.Map <<= 6
		}
	}
	if o.LockWait <= 0 {
		o.LockWait = 200 * time.Millisecond
	}
	if o.Free == nil {
		o.Free = func() (uint64, error) { return FreeOn(o.Dir) }
	}
	if o.Commit == nil {
		o.Commit = (*bolt.Tx).Commit
	}
}

// open opens the file and reads from it what is kept in memory, by those who look up and by the writer. Where it fails,
// nothing stays open.
func (s *Store) open(path string, w *writer) error {
	file, found, err := openFile(path, s.opts.Map, s.opts.LockWait)
	if err != nil {
		return err
	}
	s.file = file
	if err := s.load(found, w); err != nil {
		_ = file.close()
		return err
	}
	return nil
}

func (s *Store) load(found layout, w *writer) error {
	err := s.file.read(func(tx *bolt.Tx) error {
		var err error
		if w.old, err = checkOwner(tx, s.opts.Identity); err != nil {
			return err
		}
		kept, err := loadSaved(tx)
		if err != nil {
			return err
		}
		if err := w.scopes.load(tx.Bucket(bucketScopes)); err != nil {
			return err
		}
		if err := w.sources.load(tx.Bucket(bucketSources)); err != nil {
			return err
		}
		now, err := loadSubjects(tx, s.file, found, kept, len(w.scopes.names), s.index)
		if err != nil {
			return err
		}
		if now.position, err = loadPosition(tx); err != nil {
			return err
		}
		if s.shared != nil {
			err = s.shared.untold.load(tx, w.scopes.numbers)
		} else {
			err = noneUntold(tx)
		}
		if err != nil {
			return err
		}
		s.state.Store(now)
		decided, err := loadDecisions(tx)
		if err != nil {
			return err
		}
		s.table.Store(decided)
		if w.labels, err = loadLabels(tx); err != nil {
			return err
		}
		w.tree, err = loadLog(tx, kept.head)
		return err
	})
	switch {
	case errors.Is(err, ErrDamaged):
		return fmt.Errorf("%w (%s): %s", err, s.file.path, whatToDo)
	case err != nil:
		return err
	}
	if s.restored, err = againstPast(&s.opts, s.Head(), s.HeadAt, s.file.path); err != nil {
		return err
	}
	if s.restored {
		s.undecided = s.Head().Size
	}
	names := w.scopes.names
	s.names.Store(&names)
	return s.file.renew()
}

// againstPast compares a store with what the ledger remembers. Restored: it is an older one, and is accepted.
func againstPast(o *Options, head Head, at func(size uint64) (Head, error), path string) (restored bool, err error) {
	past := o.Past
	if past.Size == 0 {
		return false, nil
	}
	var older error
	if head.Size < past.Size {
		older = fmt.Errorf("%w: it holds %s, the ledger remembers %d (%s)",
			ErrOlder, plural.Of(head.Size, "change"), past.Size, path)
	} else {
		then, err := at(past.Size)
		if err != nil {
			return false, err
		}
		if then != past {
			older = fmt.Errorf("%w: among its first %s are others than the ledger remembers: "+
				"it has another history (%s)", ErrOlder, plural.Of(past.Size, "change"), path)
		}
	}
	if older != nil && o.Because == "" {
		if o.Order != nil && head.Size < past.Size {
			return false, nil // it takes what it lacks from there: Replica.Lacks
		}
		return false, fmt.Errorf("%w: %s", older, olderAdvice)
	}
	return older != nil, nil
}

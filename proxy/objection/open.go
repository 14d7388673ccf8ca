package objection

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/config/durable"
)

// The buckets of the file.
var (
	bucketMeta     = []byte("meta")     // format, identity, state: see saved
	bucketScopes   = []byte("scopes")   // number (4 bytes, big endian) → checksum and name
	bucketSources  = []byte("sources")  // the same
	bucketSubjects = []byte("subjects") // hash → record
	bucketChanges  = []byte("changes")  // number of the first change of a run → the run
	bucketTree     = []byte("tree")     // the same number → hashes of the run, see tree
	bucketKeys     = []byte("keys")     // SHA-256 of an idempotency key → what was answered
	bucketKeyTimes = []byte("keytimes") // seconds since 1970, and that hash → nothing
	bucketProgress = []byte("progress") // digest of a file → line
	bucketOutbox   = []byte("outbox")   // number of the message → checksum and message
	bucketMeasures = []byte("measures") // see measures.go

	buckets = [][]byte{
		bucketMeta, bucketScopes, bucketSources, bucketSubjects, bucketChanges, bucketTree, bucketKeys, bucketKeyTimes, bucketProgress,
		bucketOutbox, bucketMeasures,
	}

	keyFormat   = []byte("format")
	keyIdentity = []byte("identity")
	keyState    = []byte("state")
)

// fileFormat is the version of what is in the file.
const fileFormat = "1"

// whatToDo ends the errors of Open that an operator has to do something about.
const whatToDo = "put a backup in its place and start with 'tagwarden objections restore --because REASON', which says on the ledger what was lost"

// Open opens the store, and makes one where there is none. It reads every subject once: a file in which anything is not what was written is
// refused with ErrDamaged. See Options for the other reasons.
func Open(o Options) (*Store, error) {
	o.defaults()
	path := filepath.Join(o.Dir, FileName)
	files := durable.Files{Disk: o.Disk}
	if err := files.Folder(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the folder of objections: %w", err)
	}
	_, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		if o.Past.Size > 0 && o.Because == "" {
			return nil, fmt.Errorf("%w: there is no %s, and the ledger remembers %d changes: %s", ErrOlder, path, o.Past.Size, whatToDo)
		}
		err = create(files, path, o.Identity)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot make the store of objections: %w", err)
	}
	s := &Store{
		opts: o, index: newIndex(), scopes: newDictionary(), sources: newDictionary(), wake: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	if s.recent, err = newRecent(o.Recent); err != nil {
		return nil, fmt.Errorf("cannot remember answers: %w", err)
	}
	if err := s.open(path); err != nil {
		return nil, err
	}
	s.idle.Add(2)
	go s.writeAll()
	go s.rebuildAll()
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
		o.Free = func() (uint64, error) { return freeOn(o.Dir) }
	}
	if o.Commit == nil {
		o.Commit = (*bolt.Tx).Commit
	}
}

// freeOn is how many bytes are free, to those who are not root, on the file system of a folder.
func freeOn(dir string) (uint64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, fmt.Errorf("cannot tell how much room is left on the disk: %w", err)
	}
	return uint64(fs.Bavail) * uint64(fs.Bsize), nil
}

// create makes an empty store. It appears under its name only when it is whole, so that half a file is never somebody's crash.
func create(files durable.Files, path, identity string) error {
	made, err := os.CreateTemp(filepath.Dir(path), FileName+".*.new")
	if err != nil {
		return err
	}
	temporary := made.Name()
	defer func() { _ = os.Remove(temporary) }()
	if err := made.Close(); err != nil {
		return err
	}
	db, err := bolt.Open(temporary, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		meta := tx.Bucket(bucketMeta)
		all := append([]byte{0, 0, 0, 0}, All...)
		return errors.Join(
			meta.Put(keyFormat, []byte(fileFormat)), meta.Put(keyIdentity, []byte(identity)), putSaved(tx, saved{head: emptyHead}),
			tx.Bucket(bucketScopes).Put(make([]byte, 4), sealed(make([]byte, 4), all)),
		)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return files.Adopt(temporary, path)
}

// open opens the file and reads from it what is kept in memory. Where it fails, nothing stays open.
func (s *Store) open(path string) (err error) {
	defer func() {
		if err == nil {
			return
		}
		s.show(nil)
		if s.db != nil {
			_ = s.db.Close()
		}
		if s.file != nil {
			_ = s.file.Close()
		}
	}()
	var found layout
	if s.db, found, err = s.openFile(path); err != nil {
		return err
	}
	if s.file, err = os.Open(path); err != nil {
		return fmt.Errorf("cannot read the store of objections: %w", err)
	}
	err = s.read(func(tx *bolt.Tx) error {
		if err := s.checkOwner(tx); err != nil {
			return err
		}
		kept, err := loadSaved(tx)
		if err != nil {
			return err
		}
		if err := errors.Join(s.scopes.load(tx.Bucket(bucketScopes)), s.sources.load(tx.Bucket(bucketSources))); err != nil {
			return err
		}
		if err := s.loadSubjects(tx, found, kept); err != nil {
			return err
		}
		if s.labels, err = loadLabels(tx); err != nil {
			return err
		}
		return s.loadLog(tx, kept.head)
	})
	switch {
	case errors.Is(err, ErrDamaged):
		return fmt.Errorf("%w (%s): %s", err, path, whatToDo)
	case err != nil:
		return err
	}
	if err := s.checkPast(path); err != nil {
		return err
	}
	names := s.scopes.names
	s.names.Store(&names)
	return s.renew()
}

// openFile locks the file, looks whether it is whole, and only then has it mapped.
func (s *Store) openFile(path string) (db *bolt.DB, found layout, err error) {
	var file *os.File
	if info, err := os.Stat(path); err == nil && info.Size() > int64(s.opts.Map)/2 {
		s.opts.Map = int(2 * info.Size())
	}
	s.mapped = int64(s.opts.Map)
	err = guarded(func() error {
		db, err = bolt.Open(path, 0o600, &bolt.Options{
			InitialMmapSize: s.opts.Map, FreelistType: bolt.FreelistArrayType, NoStatistics: true, Timeout: time.Second,
			OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
				if file, err = os.OpenFile(name, flag, mode); err != nil {
					return nil, err
				}
				if err := lock(file, s.opts.LockWait); err != nil {
					_ = file.Close()
					return nil, fmt.Errorf("%w: %s: end that one first, or give this one a data folder of its own", err, name)
				}
				if found, err = inspect(file); err != nil {
					_ = file.Close()
					return nil, err
				}
				return file, nil
			},
		})
		return err
	})
	if errors.Is(err, ErrDamaged) {
		if file != nil {
			_ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN) // a map that a panic left keeps the file open
			_ = file.Close()
		}
		return nil, layout{}, fmt.Errorf("%w (%s): %s", err, path, whatToDo)
	}
	if err != nil {
		return nil, layout{}, fmt.Errorf("cannot open the store of objections: %w", err)
	}
	s.pageSize = found.pageSize
	return db, found, nil
}

// lock takes the file for this process. bbolt takes the same lock on the same open file, and then has it already.
func lock(file *os.File, wait time.Duration) error {
	for end := time.Now().Add(wait); ; time.Sleep(10 * time.Millisecond) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if time.Now().After(end) {
			return ErrLocked
		}
	}
}

// checkOwner looks whether the file is one of ours, in a format that is known, made with the present keys.
func (s *Store) checkOwner(tx *bolt.Tx) error {
	for _, name := range buckets {
		if tx.Bucket(name) == nil {
			return fmt.Errorf("%w: it has no bucket %q", ErrDamaged, name)
		}
	}
	meta := tx.Bucket(bucketMeta)
	if format := string(meta.Get(keyFormat)); format != fileFormat {
		return fmt.Errorf("the store of objections has format %q: this version of tagwarden knows format %s", format, fileFormat)
	}
	if identity := string(meta.Get(keyIdentity)); identity != s.opts.Identity {
		return fmt.Errorf("%w: keys %q made it, keys %q are in use: put the key state that belongs to it in place", ErrForeign, identity, s.opts.Identity)
	}
	return nil
}

// checkPast compares the store with what the ledger remembers.
func (s *Store) checkPast(path string) error {
	past, head := s.opts.Past, s.Head()
	if past.Size == 0 {
		return nil
	}
	var err error
	if head.Size < past.Size {
		err = fmt.Errorf("%w: it holds %d changes, the ledger remembers %d (%s)", ErrOlder, head.Size, past.Size, path)
	} else {
		var then Head
		if err := s.read(func(tx *bolt.Tx) (err error) { then, err = headAt(tx, past.Size); return err }); err != nil {
			return err
		}
		if then != past {
			err = fmt.Errorf("%w: among its first %d changes are others than the ledger remembers: it has another history (%s)", ErrOlder, past.Size, path)
		}
	}
	if err != nil && s.opts.Because == "" {
		return fmt.Errorf("%w: put the newest copy in its place, or say with 'tagwarden objections restore --because REASON' why this one holds", err)
	}
	s.restored = err != nil
	return nil
}

// loadLog reads the right edge of the tree and compares it with the head, and with the last entry of the log.
func (s *Store) loadLog(tx *bolt.Tx, head Head) (err error) {
	if s.tree, err = loadTree(tx, head.Size); err != nil {
		return err
	}
	if s.tree.head() != head {
		return fmt.Errorf("%w: the hashes of the change log do not make its head", ErrDamaged)
	}
	key, value := tx.Bucket(bucketChanges).Cursor().Last()
	if head.Size == 0 {
		if key != nil {
			return fmt.Errorf("%w: the change log holds more than its head says", ErrDamaged)
		}
		return nil
	}
	if key == nil {
		return missingChange(head.Size)
	}
	var last uint64
	var entry []byte
	if err := eachEntry(key, value, func(seq uint64, e []byte) error { last, entry = seq, e; return nil }); err != nil {
		return err
	}
	if last != head.Size {
		return fmt.Errorf("%w: the change log does not end where its head says", ErrDamaged)
	}
	leaf, err := hashes(tx).ReadHashes([]int64{tlog.StoredHashIndex(0, int64(head.Size)-1)})
	if err != nil {
		return err
	}
	if tlog.RecordHash(entry) != leaf[0] {
		return fmt.Errorf("%w: the last change is not the one that its hash is of", ErrDamaged)
	}
	return nil
}

// load reads a dictionary.
func (d *dictionary) load(b *bolt.Bucket) error {
	return b.ForEach(func(key, value []byte) error {
		name, err := unseal(key, value, "a name")
		if err != nil {
			return err
		}
		if len(key) != 4 || int(binary.BigEndian.Uint32(key)) != len(d.names) {
			return fmt.Errorf("%w: a name is missing", ErrDamaged)
		}
		d.add(string(name))
		return nil
	})
}

// saved is what the file says of itself after each commit.
type saved struct {
	head    Head
	records uint64
}

func putSaved(tx *bolt.Tx, v saved) error {
	b := make([]byte, 4, 64)
	b = binary.BigEndian.AppendUint64(b, v.head.Size)
	b = append(b, v.head.Root[:]...)
	b = binary.BigEndian.AppendUint64(b, v.records)
	return tx.Bucket(bucketMeta).Put(keyState, sealed(keyState, b))
}

func loadSaved(tx *bolt.Tx) (v saved, err error) {
	b, err := unseal(keyState, tx.Bucket(bucketMeta).Get(keyState), "the head")
	if err != nil {
		return saved{}, err
	}
	if len(b) != 8+32+8 {
		return saved{}, fmt.Errorf("%w: the head cannot be read", ErrDamaged)
	}
	v.head.Size = binary.BigEndian.Uint64(b)
	copy(v.head.Root[:], b[8:])
	v.records = binary.BigEndian.Uint64(b[40:])
	return v, nil
}

// readers is how many goroutines read pages when a store is opened: more than there are processors, since they wait for the disk too.
func readers() int { return max(4, runtime.GOMAXPROCS(0)) }

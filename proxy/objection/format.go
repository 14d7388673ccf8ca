package objection

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

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

	// These came with format 2; see followers.go.
	// hash of a lead, hash of a subject that follows it → the latter, and when it was seen
	bucketFollowers   = []byte("followers")
	bucketFollowTimes = []byte("followtimes") // day (4 bytes, big endian), and both hashes → nothing

	// These came with format 3; see kept.go.
	bucketKept      = []byte("kept")      // hash of a browser that an opt-out is kept for → when it was seen
	bucketKeptTimes = []byte("kepttimes") // day (4 bytes, big endian), and that hash → nothing

	bucketDecisions = []byte("decisions") // came with format 4: number of one that stands (8 bytes, big endian) → checksum

	buckets    = append(slices.Clip(bucketsOf3), bucketDecisions)
	bucketsOf3 = append(slices.Clip(bucketsOf2), bucketKept, bucketKeptTimes)
	bucketsOf2 = append(slices.Clip(bucketsOf1), bucketFollowers, bucketFollowTimes)
	bucketsOf1 = [][]byte{
		bucketMeta, bucketScopes, bucketSources, bucketSubjects, bucketChanges, bucketTree, bucketKeys, bucketKeyTimes,
		bucketProgress, bucketOutbox, bucketMeasures,
	}

	keyFormat   = []byte("format")
	keyIdentity = []byte("identity")
	keyState    = []byte("state")
)

// fileFormat is the version of what is in the file. Format 2 tells acts apart (see record), knows who follows whom, and
// says in the change log whose act a change is. Format 3 knows opt-outs that are kept, and of each subject what was
// taken back, and when. Format 4 knows decisions. Format 5 knows choices. A file of an older format is read as it is,
// and becomes one of the newest with the first change; records and entries in it stay until they are touched. What only
// knows an older format refuses it then.
const (
	fileFormatOrdered = "6" // format 5 of a store that takes its acts from an order
	fileFormat        = "5"
	fileFormat4       = "4"
	fileFormat3       = "3"
	fileFormat2       = "2"
	fileFormat1       = "1"
)

// upgrade makes a file of an older format one of the newest, as part of a transaction.
func upgrade(tx *bolt.Tx) error {
	for _, name := range buckets[len(bucketsOf1):] {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return tx.Bucket(bucketMeta).Put(keyFormat, []byte(fileFormat))
}

// create makes an empty store. It appears under its name only when it is whole, so that half a file is never somebody's
// crash.
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
			meta.Put(keyFormat, []byte(fileFormat)), meta.Put(keyIdentity, []byte(identity)),
			putSaved(tx, saved{head: emptyHead}),
			tx.Bucket(bucketScopes).Put(make([]byte, 4), sealed(make([]byte, 4), all)),
		)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return files.Adopt(temporary, path)
}

// checkOwner looks whether the file is one of ours, in a format that is known, made with the present keys. Old tells
// whether it is one of an older format.
func checkOwner(tx *bolt.Tx, owner string) (old bool, err error) {
	meta := tx.Bucket(bucketMeta)
	if meta == nil {
		return false, fmt.Errorf("%w: it has no bucket %q", ErrDamaged, bucketMeta)
	}
	wanted := buckets
	switch format := string(meta.Get(keyFormat)); format {
	case fileFormat, fileFormatOrdered:
	case fileFormat4:
		old = true
	case fileFormat3, fileFormat2: // one of format 3 in which nothing is kept yet may lack the buckets for that
		wanted, old = bucketsOf2, true
	case fileFormat1:
		wanted, old = bucketsOf1, true
	default:
		return false, fmt.Errorf("the store of objections has format %q: this version of tagwarden knows formats %s to %s",
			format, fileFormat1, fileFormatOrdered)
	}
	for _, name := range wanted {
		if tx.Bucket(name) == nil {
			return false, fmt.Errorf("%w: it has no bucket %q", ErrDamaged, name)
		}
	}
	if made := string(meta.Get(keyIdentity)); made != owner {
		return false, fmt.Errorf("%w: keys %q made it, keys %q are in use: put the key state that belongs to it in place",
			ErrForeign, made, owner)
	}
	return old, nil
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

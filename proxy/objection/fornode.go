package objection

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/tagwarden/tagwarden/config/durable"
)

// MarkIn reads what the log calls the place that the store in a folder has come to; false where it does not tell
// now: there is none, or a process has it.
func MarkIn(dir string) (mark string, told bool) {
	path := filepath.Join(dir, FileName)
	if _, err := os.Stat(path); err != nil {
		return "", false
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: 50 * time.Millisecond})
	if err != nil {
		return "", false
	}
	defer func() { _ = db.Close() }() // it was read alone
	err = db.View(func(tx *bolt.Tx) error {
		at, err := loadPosition(tx)
		mark = at.Mark
		return err
	})
	return mark, err == nil
}

// openCopy opens a copy of another node's store.
func openCopy(from string) (*bolt.DB, error) {
	db, err := bolt.Open(from, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s is in use: a node serves from that folder; take a backup of it (tagwarden backup DIR)",
			from)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened: %w", from, err)
	}
	return db, nil
}

// unfinished makes a file that becomes the store of a folder once it is whole. What others have left there goes:
// whoever calls it has the folder for itself.
func unfinished(dir string) (*os.File, error) {
	left, err := filepath.Glob(filepath.Join(dir, FileName+".*.new"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return nil, err
	}
	return os.CreateTemp(dir, FileName+".*.new")
}

// CopyForNode makes a store in a folder, which must have none, of a copy of another node's store ([Store.Backup]): with
// all that stands, and the place in the order that this is of; without what that node tells other systems, and without
// acts that it has not told the others, which are its own. Where it has done none of the order's acts
// the position is zero: it is a copy of what the order began with, or whoever opens the order refuses
// it. Another keys' store is [ErrForeign].
func CopyForNode(from, dir, identity string, disk durable.Disk) (at Position, err error) {
	files := durable.Files{Disk: disk}
	if err := files.Folder(dir, 0o700); err != nil {
		return Position{}, err
	}
	path := filepath.Join(dir, FileName)
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return Position{}, errors.Join(fmt.Errorf("there is a store of objections already: %s", path), err)
	}
	source, err := openCopy(from)
	if err != nil {
		return Position{}, err
	}
	made, err := unfinished(dir)
	if err != nil {
		return Position{}, errors.Join(err, source.Close())
	}
	temporary := made.Name()
	defer func() { _ = os.Remove(temporary) }()
	err = source.View(func(tx *bolt.Tx) error {
		if _, err := checkOwner(tx, identity); err != nil {
			return err
		}
		if at, err = loadPosition(tx); err != nil {
			return err
		}
		_, err := tx.WriteTo(made)
		return err
	})
	if err = errors.Join(err, source.Close(), made.Close()); err != nil {
		return Position{}, err
	}
	copied, err := bolt.Open(temporary, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return Position{}, err
	}
	err = copied.Update(func(tx *bolt.Tx) error {
		if tx.Bucket(bucketUntold) != nil {
			if err := tx.DeleteBucket(bucketUntold); err != nil {
				return err
			}
		}
		sequence := tx.Bucket(bucketOutbox).Sequence()
		if err := tx.DeleteBucket(bucketOutbox); err != nil {
			return err
		}
		outbox, err := tx.CreateBucket(bucketOutbox)
		if err != nil {
			return err
		}
		return outbox.SetSequence(sequence)
	})
	if err = errors.Join(err, copied.Close()); err != nil {
		return Position{}, err
	}
	return at, files.Adopt(temporary, path)
}

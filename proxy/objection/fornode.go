package objection

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/config/durable"
)

// CopyForNode makes a store in a folder, which must have none, of a copy of another node's store ([Store.Backup]): with
// all that stands, and the place in the order that this is of; without what that node tells other systems, and without
// acts that it has not told the others, which are its own. Another keys' store is [ErrForeign], one that takes its acts
// from no order an error as well: nobody could tell what the copy lacks.
func CopyForNode(from, dir, identity string, disk durable.Disk) (at Position, err error) {
	files := durable.Files{Disk: disk}
	if err := files.Folder(dir, 0o700); err != nil {
		return Position{}, err
	}
	path := filepath.Join(dir, FileName)
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return Position{}, errors.Join(fmt.Errorf("there is a store of objections already: %s", path), err)
	}
	made, err := os.CreateTemp(dir, FileName+".*.new")
	if err != nil {
		return Position{}, err
	}
	temporary := made.Name()
	defer func() { _ = os.Remove(temporary) }()
	source, err := bolt.Open(from, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return Position{}, errors.Join(fmt.Errorf("%s cannot be opened: %w", from, err), made.Close())
	}
	err = source.View(func(tx *bolt.Tx) error {
		if _, err := checkOwner(tx, identity); err != nil {
			return err
		}
		if at, err = loadPosition(tx); err != nil {
			return err
		}
		if at == (Position{}) {
			return errors.New("it is of a server that was alone, or has done no act of the nodes' log yet: start it in the cluster, " +
				"and copy it a minute later")
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

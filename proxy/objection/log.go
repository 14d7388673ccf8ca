package objection

import (
	"context"
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// chunk is how many changes one read transaction reads: a long one would keep old pages.
const chunk = 256

// Changes calls yield with every change after the one numbered since, in order, up to the last one at the time of the call, until it
// returns false. What is yielded belongs to the caller.
func (s *Store) Changes(ctx context.Context, since uint64, yield func(Recorded) bool) error {
	for end := s.Head().Size; since < end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		list, err := s.changes(since, min(end, since+chunk))
		if err != nil {
			return err
		}
		for i := range list {
			if !yield(list[i]) {
				return nil
			}
		}
		since += uint64(len(list))
	}
	return nil
}

// changes reads the changes after since, up to end.
func (s *Store) changes(since, end uint64) (list []Recorded, err error) {
	err = s.read(func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketChanges).Cursor()
		key, value := c.Seek(number(since + 1))
		for want := since + 1; want <= end; want++ {
			if len(key) != 8 || binary.BigEndian.Uint64(key) != want {
				return fmt.Errorf("%w: change %d is missing", ErrDamaged, want)
			}
			entry, err := unseal(key, value, "a change")
			if err != nil {
				return err
			}
			r, err := parseEntry(entry)
			if err != nil {
				return err
			}
			if r.Seq != want {
				return fmt.Errorf("%w: change %d says that it is another one", ErrDamaged, want)
			}
			list = append(list, r)
			key, value = c.Next()
		}
		return nil
	})
	return list, err
}

// HeadAt returns the head that the change log had when it held that many changes.
func (s *Store) HeadAt(size uint64) (head Head, err error) {
	if have := s.Head().Size; size > have {
		return Head{}, fmt.Errorf("the change log holds %d changes: it has no head at %d", have, size)
	}
	if size == 0 {
		return emptyHead, nil
	}
	err = s.read(func(tx *bolt.Tx) error {
		head, err = headAt(tx, size)
		return err
	})
	return head, err
}

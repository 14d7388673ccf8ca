package objection

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// chunk is how many changes one read transaction reads: a long one would keep old pages.
const chunk = 256

// Changes calls yield with every change after the one numbered since, in order, up to the last one at the time of the
// call, until it returns false. What is yielded belongs to the caller.
func (s *Store) Changes(ctx context.Context, since uint64, yield func(Recorded) bool) error {
	for end := s.Head().Size; since < end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var list []Recorded
		err := s.file.read(func(tx *bolt.Tx) (err error) {
			list, err = readChanges(tx, since, min(end, since+chunk))
			return err
		})
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

// readChanges reads the changes after since, up to end.
func readChanges(tx *bolt.Tx, since, end uint64) (list []Recorded, err error) {
	c := tx.Bucket(bucketChanges).Cursor()
	key, value := seekRun(c, since+1)
	for want := since + 1; want <= end; key, value = c.Next() {
		if key == nil || binary.BigEndian.Uint64(key) > want {
			return nil, missingChange(want)
		}
		before := want
		err := eachEntry(key, value, func(seq uint64, entry []byte) error {
			if seq != want || seq > end {
				return nil
			}
			r, err := parseEntry(entry)
			if err != nil {
				return err
			}
			if r.Seq != want {
				return fmt.Errorf("%w: change %d of the log says that it is another one", ErrDamaged, want)
			}
			list = append(list, r)
			want++
			return nil
		})
		if err != nil {
			return nil, err
		}
		if want == before {
			return nil, missingChange(want)
		}
	}
	return list, nil
}

func missingChange(seq uint64) error {
	return fmt.Errorf("%w: change %d of the log is missing", ErrDamaged, seq)
}

// Changes are stored in runs: those of one commit, in pieces of about longRun bytes. The key is the number of the
// first; the value is a checksum (see sealed), and for each its entry, with the entry's length before it.
type run struct {
	first   uint64 // 0: there is nothing in it
	entries []byte
	hashes  []byte
}

const longRun = 1 << 14

// seekRun finds the run that holds a change, if it is there.
func seekRun(c *bolt.Cursor, seq uint64) (key, value []byte) {
	key, value = c.Seek(number(seq))
	if key == nil {
		key, value = c.Last()
	} else if !bytes.Equal(key, number(seq)) {
		key, value = c.Prev()
	}
	if len(key) != 8 {
		return nil, nil
	}
	return key, value
}

// eachEntry calls f with every entry of a stored run. Every error that is not f's is an ErrDamaged.
func eachEntry(key, value []byte, f func(seq uint64, entry []byte) error) error {
	rest, err := unseal(key, value, "the change log")
	if err != nil {
		return err
	}
	if len(key) != 8 {
		return fmt.Errorf("%w: a number of the change log cannot be read", ErrDamaged)
	}
	d := decoder{rest: rest}
	for seq := binary.BigEndian.Uint64(key); len(d.rest) > 0; seq++ {
		entry := d.bytes(d.uvarint())
		if d.bad {
			return fmt.Errorf("%w: the change log cannot be read", ErrDamaged)
		}
		if err := f(seq, entry); err != nil {
			return err
		}
	}
	return nil
}

// HeadAt returns the head that the change log had when it held that many changes.
func (s *Store) HeadAt(size uint64) (head Head, err error) {
	if have := s.Head().Size; size > have {
		return Head{}, fmt.Errorf("the change log holds %s: it has no head at %d", plural.Of(have, "change"), size)
	}
	if size == 0 {
		return emptyHead, nil
	}
	err = s.file.read(func(tx *bolt.Tx) error {
		head, err = headAt(tx, size)
		return err
	})
	return head, err
}

// loadLog reads the right edge of the tree and compares it with the head, and with the last entry of the log.
func loadLog(tx *bolt.Tx, head Head) (*tree, error) {
	t, err := loadTree(tx, head.Size)
	if err != nil {
		return nil, err
	}
	if t.head() != head {
		return nil, fmt.Errorf("%w: the hashes of the change log do not make its head", ErrDamaged)
	}
	key, value := tx.Bucket(bucketChanges).Cursor().Last()
	if head.Size == 0 {
		if key != nil {
			return nil, fmt.Errorf("%w: the change log holds more than its head says", ErrDamaged)
		}
		return t, nil
	}
	if key == nil {
		return nil, missingChange(head.Size)
	}
	var last uint64
	var entry []byte
	if err := eachEntry(key, value, func(seq uint64, e []byte) error { last, entry = seq, e; return nil }); err != nil {
		return nil, err
	}
	if last != head.Size {
		return nil, fmt.Errorf("%w: the change log does not end where its head says", ErrDamaged)
	}
	leaf, err := hashes(tx).ReadHashes([]int64{tlog.StoredHashIndex(0, int64(head.Size)-1)})
	if err != nil {
		return nil, err
	}
	if tlog.RecordHash(entry) != leaf[0] {
		return nil, fmt.Errorf("%w: the last change is not the one that its hash is of", ErrDamaged)
	}
	return t, nil
}

package objection

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/order"
)

// Again is what became of a store that was brought to another node's ([CopyAgain]).
type Again struct {
	Common Head   // the changes that both had
	Had    Head   // this one's, before
	Has    Head   // the copy's
	From   string // what the log calls the place that this one had come to, and that of the copy
	To     string

	Told int // changes that this one alone had, as acts that the others are told
	// of what it alone had, takings back, which are not told: they would come behind what was objected to since
	TakenBack int
	Decisions int // and decisions, which are not
	Shown     int // and what hits showed, which they will show again
}

// CopyAgain brings a store in a folder to a copy of another node's ([Store.Backup]), which stands where another log
// goes on: with all that stands there and the place in that log. What this store alone has is kept to be told: acts
// that it had not told, and changes that the copy does not have; and what it has to tell other systems. Where it breaks
// off the store is as it was, or as it is to be, and it may be called again. Before is called when it is known what
// becomes of it, and nothing is done yet: it is not done where that fails. Another keys' store is [ErrForeign].
func CopyAgain(
	from, dir, identity string, now time.Time, disk durable.Disk, before func(*Again) error,
) (a Again, err error) {
	files, path := durable.Files{Disk: disk}, filepath.Join(dir, FileName)
	own, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return a, fmt.Errorf("%s cannot be opened: %w", path, err)
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	temporary, err := copyOf(from, dir)
	if err != nil {
		return a, err
	}
	defer func() { _ = os.Remove(temporary) }()
	made, err := bolt.Open(temporary, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return a, err
	}
	err = own.View(func(tx *bolt.Tx) error {
		b := bringing{own: tx, made: made, now: now, Again: &a}
		return b.all(identity)
	})
	if err = errors.Join(err, made.Close()); err != nil {
		return a, err
	}
	if err := before(&a); err != nil {
		return a, err
	}
	return a, files.Rename(temporary, path)
}

// copyOf copies a file into a folder, under a name of its own.
func copyOf(from, dir string) (string, error) {
	source, err := openCopy(from)
	if err != nil {
		return "", err
	}
	made, err := unfinished(dir)
	if err != nil {
		return "", errors.Join(err, source.Close())
	}
	err = source.View(func(tx *bolt.Tx) error {
		_, err := tx.WriteTo(made)
		return err
	})
	if err = errors.Join(err, source.Close(), made.Sync(), made.Close()); err != nil {
		return "", errors.Join(err, os.Remove(made.Name()))
	}
	return made.Name(), nil
}

// bringing is a store that is brought to a copy.
type bringing struct {
	own  *bolt.Tx
	made *bolt.DB // the copy
	now  time.Time
	*Again
}

func (b *bringing) all(identity string) error {
	err := b.made.View(func(tx *bolt.Tx) error {
		var at [2]Position
		for i, one := range []*bolt.Tx{b.own, tx} {
			if _, err := checkOwner(one, identity); err != nil {
				return err
			}
			saved, err := loadSaved(one)
			if err != nil {
				return err
			}
			*[]*Head{&b.Had, &b.Has}[i] = saved.head
			if at[i], err = loadPosition(one); err != nil {
				return err
			}
		}
		b.From, b.To = at[0].Mark, at[1].Mark
		return b.compare(tx)
	})
	if err != nil {
		return err
	}
	if err := b.made.Update(b.bringKept); err != nil {
		return err
	}
	for since := b.Common.Size; since < b.Had.Size; {
		list, err := readChanges(b.own, since, min(b.Had.Size, since+chunk))
		if err != nil {
			return err
		}
		if err := b.made.Update(func(tx *bolt.Tx) error { return b.tell(tx, list) }); err != nil {
			return err
		}
		since += uint64(len(list))
	}
	return nil
}

// compare finds the changes that both have.
func (b *bringing) compare(copied *bolt.Tx) error {
	var failed error
	headOf := func(tx *bolt.Tx, size int) Head {
		if size == 0 {
			return emptyHead
		}
		head, err := headAt(tx, uint64(size))
		failed = errors.Join(failed, err)
		return head
	}
	most := int(min(b.Had.Size, b.Has.Size))
	other := sort.Search(most, func(n int) bool { return headOf(b.own, n+1) != headOf(copied, n+1) })
	b.Common = headOf(b.own, other)
	return failed
}

// bringKept puts what only this store has to tell in the place of what the copy had.
func (b *bringing) bringKept(tx *bolt.Tx) error {
	for _, name := range [][]byte{bucketUntold, bucketOutbox} {
		if tx.Bucket(name) != nil {
			if err := tx.DeleteBucket(name); err != nil {
				return err
			}
		}
		had := b.own.Bucket(name)
		if had == nil {
			continue
		}
		now, err := tx.CreateBucket(name)
		if err == nil {
			err = now.SetSequence(had.Sequence())
		}
		if err == nil {
			err = had.ForEach(now.Put)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tell keeps changes to be told. The same change has the same id on every node that tells it: it is done once.
func (b *bringing) tell(tx *bolt.Tx, list []Recorded) error {
	untold, err := tx.CreateBucketIfNotExists(bucketUntold)
	if err != nil {
		return err
	}
	for i := range list {
		c, is := b.toldOf(&list[i])
		if !is {
			continue
		}
		batch := Batch{Changes: []Change{c}}
		if err := normalise(&batch, b.now); err != nil {
			return fmt.Errorf("change %d cannot be told the other nodes: %w", list[i].Seq, err)
		}
		act, err := (&request{batch: &batch}).actBytes()
		if err != nil {
			return err
		}
		id := order.IDAgain(list[i].append(nil))
		if untold.Get(id[:]) != nil {
			continue
		}
		number, err := untold.NextSequence()
		if err != nil {
			return err
		}
		value := binary.AppendUvarint(make([]byte, 4, 64+len(act)), number)
		value = append(value, newUntold(id, act, &batch, b.now).text...)
		if err := untold.Put(id[:], sealed(id[:], value)); err != nil {
			return err
		}
		b.Told++
	}
	return nil
}

// toldOf is what the others are told of a change; false: nothing.
func (b *bringing) toldOf(r *Recorded) (c Change, is bool) {
	c = r.Change
	if len(c.TakeBack) > 0 {
		b.TakenBack++
	}
	switch {
	case c.decides():
		b.Decisions++
		return c, false
	case c.Holder.Kind == SeenWith || c.Holder.Kind == Kept:
		b.Shown++
		return c, false
	case c.Holder.Kind == Earlier || c.Holder.Kind == Browsers:
		c.Holder = Holder{}
	}
	c.TakeBack, c.EveryAct, c.Outbox = nil, false, nil
	return c, len(c.Object) > 0 || c.Complaint || c.Choice != nil
}

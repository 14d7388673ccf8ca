package objection

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/FastFilter/xorfilter"
	bolt "go.etcd.io/bbolt"
)

// loadSubjects reads every subject once, builds the filters and counts what is in force.
func (s *Store) loadSubjects(tx *bolt.Tx, l layout, kept saved) error {
	all := pages{file: s.file, pageSize: l.pageSize, pages: l.pages, seen: make([]atomic.Uint32, l.pages/32+1)}
	total := state{head: kept.head, marks: make([]uint64, 2*len(s.scopes.names))}
	var mu sync.Mutex // of total and failed
	var failed error
	var next atomic.Int32
	var readersDone sync.WaitGroup
	root, inline := uint64(tx.Bucket(bucketSubjects).Root()), tx.Bucket(bucketSubjects)
	work := func() {
		w := &walker{pages: all}
		var b xorfilter.BinaryFuseBuilder
		sum := state{marks: make([]uint64, len(total.marks))}
		var err error
		for err == nil {
			at := int(next.Add(1)) - 1
			if at >= 256 {
				break
			}
			var keys []uint64
			each := func(key, value []byte) error {
				r, err := parseRecord(key, value)
				if err != nil {
					return err
				}
				if !sum.count(r.scopes) {
					return errUnknownNumber
				}
				keys = append(keys, binary.BigEndian.Uint64(key[8:]))
				return nil
			}
			if err = walkShard(w, root, inline, byte(at), each); err == nil {
				err = s.index.replace(&b, byte(at), keys, 1)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if err != nil && failed == nil {
			failed = err
			next.Store(256)
		}
		total.records += sum.records
		total.inForce += sum.inForce
		for i, n := range sum.marks {
			total.marks[i] += n
		}
	}
	for range readers() {
		readersDone.Go(func() {
			if err := guarded(func() error { work(); return nil }); err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
		})
	}
	readersDone.Wait()
	if failed != nil {
		return failed
	}
	if total.records != kept.records {
		return fmt.Errorf("%w: it holds %d subjects and says that there are %d", ErrDamaged, total.records, kept.records)
	}
	outbox := tx.Bucket(bucketOutbox).Cursor()
	for key, _ := outbox.First(); key != nil; key, _ = outbox.Next() {
		total.waiting++
	}
	s.state.Store(&total)
	return all.checkFreelist(l.freelist)
}

// count counts a record. It is false where a scope has no name.
func (t *state) count(scopes Scopes) bool {
	t.records++
	if scopes.Any() {
		t.inForce++
	}
	for {
		mark, ok := scopes.next()
		if !ok {
			return true
		}
		if int(mark) >= len(t.marks) {
			return false
		}
		t.marks[mark]++
	}
}

// walkShard calls each with the subjects whose hash begins with that byte. A bucket so small that it lies in its parent's page has no pages.
func walkShard(w *walker, root uint64, b *bolt.Bucket, at byte, each func(key, value []byte) error) error {
	from, to := []byte{at}, []byte{at + 1}
	if at == 255 {
		to = nil
	}
	if root != 0 {
		return w.walk(root, from, to, each)
	}
	c := b.Cursor()
	for key, value := c.Seek(from); key != nil && key[0] == at; key, value = c.Next() {
		if err := each(key, value); err != nil {
			return err
		}
	}
	return nil
}

// rebuildAll rebuilds filters, one at a time, until the store is closed.
func (s *Store) rebuildAll() {
	defer s.idle.Done()
	var b xorfilter.BinaryFuseBuilder
	for {
		select {
		case <-s.stop:
			return
		case <-s.index.wake:
		}
		for {
			at, covered, ok := s.index.next()
			if !ok {
				break
			}
			if err := s.rebuild(&b, at, covered); err != nil {
				// What is on disk cannot be read, or memory for it is not there. Look-ups go on with what they have.
				_ = s.poison(fmt.Errorf("the subjects cannot be read again: %w", err))
				return
			}
			if s.closed.Load() {
				return
			}
		}
	}
}

// rebuild rebuilds the filter of a shard.
func (s *Store) rebuild(b *xorfilter.BinaryFuseBuilder, at byte, covered int) error {
	var keys []uint64
	err := s.read(func(tx *bolt.Tx) error {
		bucket := tx.Bucket(bucketSubjects)
		w := &walker{pages: pages{file: s.file, pageSize: s.pageSize, pages: uint64(tx.Size()) / uint64(s.pageSize)}}
		keys = make([]uint64, 0, s.index.shards[at].Load().subjects*17/16+smallOverlay)
		return walkShard(w, uint64(bucket.Root()), bucket, at, func(key, value []byte) error {
			if len(key) != 16 {
				return fmt.Errorf("%w: a hash has %d bytes", ErrDamaged, len(key))
			}
			keys = append(keys, binary.BigEndian.Uint64(key[8:]))
			return nil
		})
	})
	if err != nil {
		if s.closed.Load() {
			return nil
		}
		return err
	}
	return s.index.replace(b, at, keys, covered)
}

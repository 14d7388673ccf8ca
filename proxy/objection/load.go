package objection

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/FastFilter/xorfilter"
	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// loadSubjects reads every subject once, builds the filters of an index and counts what is in force, of so many scopes.
func loadSubjects(tx *bolt.Tx, f *dataFile, l layout, kept saved, scopes int, x *index) (*state, error) {
	all := pages{file: f.file, pageSize: l.pageSize, pages: l.pages, seen: make([]atomic.Uint32, l.pages/32+1)}
	total := state{head: kept.head, marks: make([]uint64, 2*scopes)}
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
				if !sum.count(&r) {
					return errUnknownNumber
				}
				keys = append(keys, binary.BigEndian.Uint64(key[8:]))
				return nil
			}
			if err = walkShard(w, root, inline, byte(at), each); err == nil {
				err = x.replace(&b, byte(at), keys, 1)
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
		total.older += sum.older
		total.kept += sum.kept
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
		return nil, failed
	}
	if total.records != kept.records {
		return nil, fmt.Errorf("%w: it holds %s and says that there are %d",
			ErrDamaged, plural.Of(total.records, "subject"), kept.records)
	}
	outbox := tx.Bucket(bucketOutbox).Cursor()
	for key, _ := outbox.First(); key != nil; key, _ = outbox.Next() {
		total.waiting++
	}
	return &total, all.checkFreelist(l.freelist)
}

// count counts a record. It is false where a scope has no name.
func (t *state) count(r *record) bool {
	t.records++
	scopes := r.scopes
	if scopes.Any() {
		t.inForce++
	}
	if r.older() {
		t.older++
	}
	for {
		mark, ok := scopes.next()
		if !ok {
			return true
		}
		n := t.counted(mark)
		if n == nil {
			return false
		}
		*n++
	}
}

// counted is how many subjects a mark is counted for; nil where its scope has no name.
func (t *state) counted(mark uint32) *uint64 {
	switch {
	case mark >= keptMark:
		return &t.kept
	case int(mark) >= len(t.marks):
		return nil
	default:
		return &t.marks[mark]
	}
}

// walkShard calls each with the subjects whose hash begins with that byte. A bucket so small that it
// lies in its parent's page has no pages.
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

// readers is how many goroutines read pages when a store is opened: more than there are processors, since they wait for
// the disk too.
func readers() int { return max(4, runtime.GOMAXPROCS(0)) }

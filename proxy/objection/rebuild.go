package objection

import (
	"encoding/binary"
	"fmt"

	"github.com/FastFilter/xorfilter"
	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// rebuilder rebuilds filters of an index from the file, in a goroutine of its own.
type rebuilder struct {
	file   *dataFile
	index  *index
	failed func(error) // nothing is rebuilt any more
}

// rebuildAll rebuilds filters, one at a time, until the store is closed.
func (r *rebuilder) rebuildAll(stop <-chan struct{}) {
	var b xorfilter.BinaryFuseBuilder
	for {
		select {
		case <-stop:
			return
		case <-r.index.wake:
		}
		for {
			at, covered, ok := r.index.next()
			if !ok {
				break
			}
			if err := r.rebuild(&b, at, covered); err != nil {
				// What is on disk cannot be read, or memory for it is not there. Look-ups go on with what they have.
				r.failed(fmt.Errorf("the subjects cannot be read again: %w", err))
				return
			}
			if r.file.closed.Load() {
				return
			}
		}
	}
}

// rebuild rebuilds the filter of a shard.
func (r *rebuilder) rebuild(b *xorfilter.BinaryFuseBuilder, at byte, covered int) error {
	var keys []uint64
	err := r.file.read(func(tx *bolt.Tx) error {
		bucket := tx.Bucket(bucketSubjects)
		f := r.file
		w := &walker{pages: pages{file: f.file, pageSize: f.pageSize, pages: uint64(tx.Size()) / uint64(f.pageSize)}}
		keys = make([]uint64, 0, r.index.shards[at].Load().subjects*17/16+smallOverlay)
		return walkShard(w, uint64(bucket.Root()), bucket, at, func(key, value []byte) error {
			if len(key) != 16 {
				return fmt.Errorf("%w: a hash has %s", ErrDamaged, plural.Of(len(key), "byte"))
			}
			keys = append(keys, binary.BigEndian.Uint64(key[8:]))
			return nil
		})
	})
	if err != nil {
		if r.file.closed.Load() {
			return nil
		}
		return err
	}
	return r.index.replace(b, at, keys, covered)
}

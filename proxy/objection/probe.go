package objection

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// A probe goes the way of an objection, and is nobody's: to the log of an order, and in its turn, in every store,
// through a transaction that is on disk, what look-ups read, and the wait for what was being sent. It has no subject
// and no scope: it is in no change log, no record, no count and no message.

// mostProbe is how long the name may be of whom a probe is reported to.
const mostProbe = 128

// keyProbe is where the turn stands, in the meta bucket, of the last probe that was done.
var keyProbe = []byte("probe")

// ErrAlone says that a store has no order.
var ErrAlone = errors.New("the store shares its acts with no other")

// Probe puts a probe on the log that stores share, and returns when it is in force here. Each store tells its
// Options.Probed of it, with to, when it is in force there: at most 128 bytes. The errors and the context are those of
// Apply, and [ErrAlone].
func (r Replica) Probe(ctx context.Context, to string) error {
	s := r.store
	switch {
	case s.shared == nil:
		return ErrAlone
	case to == "" || len(to) > mostProbe:
		return fmt.Errorf("a probe is reported to a name of 1 to %d bytes", mostProbe)
	}
	asked := &request{probe: to, done: make(chan struct{})}
	if err := s.submit(ctx, asked); err != nil {
		return err
	}
	return asked.err
}

// putProbe keeps the turn of a probe.
func (g ordering) putProbe(r *request) error {
	b := binary.BigEndian.AppendUint64(make([]byte, 4, 12), r.order.seq)
	g.wrote = true
	return g.tx.Bucket(bucketMeta).Put(keyProbe, sealed(keyProbe, b))
}

// tellProbed tells of the last probe of a group that is in force, once who looks up finds it: not of those
// before it, which nobody waits for any more.
func tellProbed(s *Store, requests []*request) {
	var last *request
	for _, r := range requests {
		if r.probe != "" && r.order != nil && r.err == nil {
			last = r
		}
	}
	if last == nil {
		return
	}
	found := false
	err := s.file.read(func(tx *bolt.Tx) error {
		b, err := unseal(keyProbe, tx.Bucket(bucketMeta).Get(keyProbe), "the last probe")
		found = err == nil && len(b) == 8 && binary.BigEndian.Uint64(b) >= last.order.seq
		return err
	})
	if err == nil && found {
		s.opts.Probed(last.probe)
	}
}

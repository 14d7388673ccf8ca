package objection

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"
)

// How long an idempotency key is known, and how many old ones a commit clears away at most; or two for each request.
const (
	keyLife  = 24 * time.Hour
	mostGone = 1000
)

// repeated looks whether a batch with this key was done before, on disk or in this group. The
// file knows the key by its SHA-256 alone.
func (g *group) repeated(i int, b *Batch) error {
	if b.Key == "" {
		return nil
	}
	a, hash := &g.answers[i], sha256.Sum256([]byte(b.Key))
	if like, ok := g.repeats[hash]; ok {
		a.skip, a.like = true, like
		if g.requests[like].batch.Digest != b.Digest {
			a.like, a.err = -1, ErrReused
		}
		return nil
	}
	if value := g.tx.Bucket(bucketKeys).Get(hash[:]); value != nil {
		at, digest, receipts, err := parseAnswered(hash[:], value)
		if err != nil {
			return err
		}
		if g.now.Sub(at) < keyLife { // also where the clock went back
			a.skip, a.like, a.receipts = true, -1, receipts
			if digest != b.Digest {
				a.receipts, a.err = nil, ErrReused
			}
			return nil
		}
	}
	g.repeats[hash] = i
	return nil
}

// remember keeps what a batch with a key was answered.
func (g *group) remember(b *Batch, receipts []Receipt) error {
	if b.Key == "" {
		return nil
	}
	g.wrote = true
	hash := sha256.Sum256([]byte(b.Key))
	if err := g.tx.Bucket(bucketKeys).Put(hash[:], sealed(hash[:], appendAnswered([]byte{0, 0, 0, 0}, g.now, b.Digest,
		receipts))); err != nil {
		return err
	}
	return g.tx.Bucket(bucketKeyTimes).Put(keyTime(g.now, hash[:]), nil)
}

// keyTime sorts keys by when they were used.
func keyTime(t time.Time, hash []byte) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(max(0, t.Unix()))), hash...)
}

// purge clears away keys that are no longer known.
func (g *group) purge() error {
	times, keys := g.tx.Bucket(bucketKeyTimes), g.tx.Bucket(bucketKeys)
	now, most := g.clock, max(mostGone, 2*len(g.requests))
	if g.writer.store.shared != nil { // by the order's time alone, which is the same in every store
		now = g.state.position.At
	}
	end := keyTime(now.Add(-keyLife), nil)
	var gone [][]byte
	c := times.Cursor()
	for key, _ := c.First(); key != nil && len(gone) < most && bytes.Compare(key, end) < 0; key, _ = c.Next() {
		gone = append(gone, bytes.Clone(key))
	}
	for _, key := range gone {
		if err := times.Delete(key); err != nil {
			return err
		}
		hash := key[8:]
		value := keys.Get(hash)
		if value == nil {
			continue
		}
		at, _, _, err := parseAnswered(hash, value)
		if err != nil {
			return err
		}
		if bytes.Equal(keyTime(at, hash), key) { // and not used again since
			if err := keys.Delete(hash); err != nil {
				return err
			}
		}
	}
	return nil
}

// What is said of a receipt that was kept.
const (
	answeredNew = 1 << iota
	answeredOwn
	answeredHeld // by whose acts it stands follows
)

func appendAnswered(b []byte, at time.Time, digest [32]byte, receipts []Receipt) []byte {
	b = append(appendTime(b, at), digest[:]...)
	b = binary.AppendUvarint(b, uint64(len(receipts)))
	for i := range receipts {
		r := &receipts[i]
		b = appendTime(binary.AppendUvarint(b, r.Seq), r.Recorded)
		flags := byte(0)
		for i, set := range [...]bool{r.New, r.Own, len(r.Held) > 0} {
			if set {
				flags |= 1 << i
			}
		}
		if b = appendTexts(append(b, flags), r.InForce); len(r.Held) > 0 {
			b = appendHeld(b, r.Held)
		}
	}
	return b
}

// parseAnswered reads what was kept for a key. Every error is an ErrDamaged.
func parseAnswered(hash, value []byte) (at time.Time, digest [32]byte, receipts []Receipt, err error) {
	rest, err := unseal(hash, value, "an idempotency key")
	if err != nil {
		return time.Time{}, digest, nil, err
	}
	d := decoder{rest: rest}
	at = d.time()
	copy(digest[:], d.bytes(32))
	receipts = make([]Receipt, d.count(5))
	for i := range receipts {
		r := &receipts[i]
		r.Seq, r.Recorded = d.uvarint(), d.time()
		flags := byte(0)
		if b := d.bytes(1); b != nil {
			flags = b[0]
		}
		r.New, r.Own = flags&answeredNew != 0, flags&answeredOwn != 0
		if r.InForce = d.texts(); flags&answeredHeld != 0 {
			r.Held = d.held()
		}
		d.bad = d.bad || flags >= 2*answeredHeld || flags&answeredHeld != 0 && len(r.Held) == 0
	}
	if d.bad || len(d.rest) > 0 {
		return time.Time{}, digest, nil, fmt.Errorf("%w: what was answered under an idempotency key cannot be read",
			ErrDamaged)
	}
	return at, digest, receipts, nil
}

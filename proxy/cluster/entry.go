package cluster

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"
)

// Act is one act of the log, as every node is handed it.
type Act struct {
	Seq  uint64    // its number in the log: 1, 2, 3 ... without gaps
	At   time.Time // when the stream took it, by the server's clock, never before the act before it; UTC
	Node string    // that appended it
	ID   [16]byte  // that it was appended under; one that was appended twice comes twice
	Body []byte    // the receiver may keep it, and must not change it
}

// Bounds of what travels in one message. Servers take messages of 1 MiB unless told otherwise.
const (
	// MaxBody is how many bytes an act's body may have.
	MaxBody = 256 << 10

	maxActs  = 1000           // in an entry
	maxBytes = 512 << 10      // of an entry's acts together
	maxEntry = 1<<20 - 16<<10 // of a message's payload: headers come on top
	maxNode  = 64             // of a node's name
)

// Messages begin with two letters, the kind, and the number of the format.
const (
	magic  = "tw"
	format = 1

	kindEntry = 'E'
	kindBeat  = 'B'
)

// writing names one message among all that were ever written: the run of the program that wrote it, by a random
// number, and a count.
type writing struct {
	run [16]byte
	n   uint64
}

// entry is what one message on the acts' subject holds.
type entry struct {
	by     writing
	node   string
	first  uint64   // number of the first act
	parent [32]byte // sum of the entry before; of the first one: genesis
	acts   []carried
	sum    [32]byte // its own
}

// carried is an act in an entry.
type carried struct {
	id   [16]byte
	body []byte
}

// beat is what a heartbeat holds: how far its node had come.
type beat struct {
	by  writing
	seq uint64
	sum [32]byte
}

// genesis is what the first entry of a stream names as the one before it.
func genesis(stream string) [32]byte { return sha256.Sum256([]byte("tagwarden log " + stream)) }

// marshalEntry returns the entry's message, and sets its sum.
func marshalEntry(e *entry) []byte {
	size := 256
	for _, a := range e.acts {
		size += 20 + len(a.body)
	}
	b := append(make([]byte, 0, size), magic...)
	b = append(b, kindEntry, format)
	b = append(b, e.by.run[:]...)
	b = binary.BigEndian.AppendUint64(b, e.by.n)
	b = binary.BigEndian.AppendUint64(b, e.first)
	b = append(b, e.parent[:]...)
	b = append(b, byte(len(e.node)))
	b = append(b, e.node...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.acts)))
	for _, a := range e.acts {
		b = append(b, a.id[:]...)
		b = binary.BigEndian.AppendUint32(b, uint32(len(a.body)))
		b = append(b, a.body...)
	}
	e.sum = sha256.Sum256(b)
	return append(b, e.sum[:]...)
}

// marshalBeat returns the heartbeat's message.
func marshalBeat(h beat) []byte {
	b := []byte(magic)
	b = append(b, kindBeat, format)
	b = append(b, h.by.run[:]...)
	b = binary.BigEndian.AppendUint64(b, h.by.n)
	b = binary.BigEndian.AppendUint64(b, h.seq)
	b = append(b, h.sum[:]...)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// open checks what messages have in common, and returns what stands between. What no node wrote is [ErrNotOurs].
func open(payload []byte, kind byte) (reader, error) {
	if len(payload) < 4 || string(payload[:2]) != magic || payload[2] != kind {
		return nil, ErrNotOurs
	}
	if payload[3] != format {
		return nil, fmt.Errorf("%w: a message of format %d, and this version knows %d: upgrade this node",
			ErrNewer, payload[3], format)
	}
	body := len(payload) - sha256.Size
	if body < 4 || sha256.Sum256(payload[:body]) != [32]byte(payload[body:]) {
		return nil, fmt.Errorf("%w: its checksum does not fit", ErrDamaged)
	}
	return payload[4:body], nil
}

var errForm = fmt.Errorf("%w: it does not have an entry's form", ErrDamaged)

// parseEntry reads a message on the acts' subject. What it returns refers to the payload.
func parseEntry(payload []byte) (*entry, error) {
	r, err := open(payload, kindEntry)
	if err != nil {
		return nil, err
	}
	e := &entry{sum: [32]byte(payload[len(payload)-sha256.Size:])}
	copy(e.by.run[:], r.take(16))
	e.by.n, e.first = r.uint64(), r.uint64()
	copy(e.parent[:], r.take(32))
	e.node = string(r.take(int(r.uint8())))
	n := r.uint32()
	if r.short() || n == 0 || n > maxActs || e.first == 0 || e.first+uint64(n) < e.first || len(e.node) > maxNode {
		return nil, errForm
	}
	e.acts = make([]carried, 0, min(int(n), len(r)/20))
	for range n {
		var a carried
		copy(a.id[:], r.take(16))
		size := r.uint32()
		if r.short() || size > MaxBody {
			return nil, errForm
		}
		a.body = r.take(int(size))
		e.acts = append(e.acts, a)
	}
	if r.short() || len(r) != 0 {
		return nil, errForm
	}
	return e, nil
}

// parseBeat reads a heartbeat. What a later version says behind what is known here is passed over: while nodes are
// upgraded one after another, those of before read the heartbeats of those that follow.
func parseBeat(payload []byte) (beat, error) {
	r, err := open(payload, kindBeat)
	if err != nil {
		return beat{}, err
	}
	var h beat
	copy(h.by.run[:], r.take(16))
	h.by.n, h.seq = r.uint64(), r.uint64()
	copy(h.sum[:], r.take(32))
	if r.short() {
		return beat{}, errForm
	}
	return h, nil
}

// reader reads fields from the front of bytes. Past their end it gives zeros, and is nil from then on.
type reader []byte

func (r *reader) short() bool { return *r == nil }

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(*r) || *r == nil {
		*r = nil
		return nil
	}
	b := (*r)[:n:n]
	*r = (*r)[n:]
	return b
}

func (r *reader) uint8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

package queue

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
)

// The notes of what has ended are one file, which is replaced as a whole: a mark, the number of the log's first
// record that is not noted, and for each of the two stores the keys with the frames whose events are not pending
// there, and with those that may have been sent; a CRC-32C behind all of it.
const (
	notesName = "ended"
	notesMark = "TWE1"
)

// notes is what the file says.
type notes struct {
	record uint64
	none   bool                 // there are none
	stores [2]map[uint64]*noted // what waits, what is parked
}

// noted is what it says of a key's frames.
type noted struct {
	ended, attempted bits
}

// Checkpoint notes, on disk, what has ended: a start reads the log from a record on, the one that record tells. It
// is asked at a moment at which every record of [Queue.End] and [Queue.Attempt] before it is noted. It is to be
// taken whenever a part of the log has ended which a start is not to read.
func (q *Queue) Checkpoint(record func() uint64) error {
	q.tending.Lock()
	defer q.tending.Unlock()
	q.ending.Lock()
	from := record()
	q.ending.Unlock()
	q.mu.Lock()
	b := appendNotes(from, q.waiting, q.parked)
	q.mu.Unlock()
	if err := q.opts.Recorded(); err != nil {
		return fmt.Errorf("what has ended cannot be noted before the log is on disk: %w", err)
	}
	return q.files.Replace(filepath.Join(q.waiting.dir, notesName), b, 0o600)
}

// appendNotes writes the notes. The mutex is held.
func appendNotes(from uint64, stores ...*store) []byte {
	b := binary.LittleEndian.AppendUint64([]byte(notesMark), from)
	for _, s := range stores {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(s.keys)))
		for _, k := range s.keys {
			b = appendBits(binary.LittleEndian.AppendUint64(b, k.id), k.ended)
			b = appendBits(b, k.attempted)
		}
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func appendBits(b []byte, set bits) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(set)))
	for _, w := range set {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

var errNotes = errors.New("the notes of what has ended are damaged")

// readNotes reads the notes of a folder. Where there are none, nothing has ended.
func readNotes(dir string) (notes, error) {
	b, err := os.ReadFile(filepath.Join(dir, notesName))
	if errors.Is(err, fs.ErrNotExist) {
		n, err := decodeNotes(nil)
		n.none = true
		return n, err
	}
	if err != nil {
		return notes{}, fmt.Errorf("cannot read the notes of what has ended: %w", err)
	}
	if len(b) == 0 {
		return notes{}, errNotes
	}
	return decodeNotes(b)
}

// decodeNotes reads notes; of no bytes, there are none.
func decodeNotes(b []byte) (n notes, err error) {
	for i := range n.stores {
		n.stores[i] = map[uint64]*noted{}
	}
	if len(b) == 0 {
		return n, nil
	}
	end := len(b) - 4
	if end < len(notesMark)+8 || string(b[:len(notesMark)]) != notesMark ||
		binary.LittleEndian.Uint32(b[end:]) != crc32.Checksum(b[:end], castagnoli) {
		return notes{}, errNotes
	}
	d := noteReader{b[len(notesMark):end], false}
	n.record = d.uint64()
	for i := range n.stores {
		for range d.uint32() {
			if d.bad {
				break
			}
			id := d.uint64()
			if n.stores[i][id] != nil {
				d.bad = true
			}
			n.stores[i][id] = &noted{d.bits(), d.bits()}
		}
	}
	if d.bad || len(d.b) > 0 {
		return notes{}, errNotes
	}
	return n, nil
}

// noteReader reads numbers; after the end all are zero.
type noteReader struct {
	b   []byte
	bad bool
}

func (d *noteReader) take(n int) []byte {
	if n > len(d.b) {
		d.bad, d.b = true, nil
		return make([]byte, 8)
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *noteReader) uint32() uint32 { return binary.LittleEndian.Uint32(d.take(4)) }
func (d *noteReader) uint64() uint64 { return binary.LittleEndian.Uint64(d.take(8)) }

func (d *noteReader) bits() (set bits) {
	n := int(d.uint32())
	if n > len(d.b)/8 {
		d.bad = true
		return nil
	}
	for range n {
		set = append(set, d.uint64())
	}
	return set
}

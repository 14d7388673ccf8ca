package queue

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// Damage is a part of a file that cannot be read, and the events that are lost by it. It is for the caller to record
// that they are, and to end them where they were handed out; until that is on the log, each start finds them again.
type Damage struct {
	File   string // its name
	Offset int64
	Bytes  int64
	Events []Gone // those of which a head could be read; where there is none, nobody can say which they were
	Kept   string // name of the file beside in which the bytes were put; "" where that failed
	Why    Why

	s     *store
	f     *file
	named bool // heads could be read
}

// Gone is an event that is lost, and its frame.
type Gone struct {
	Name      Name
	Key       uint64 // the number of its key
	Frame     uint32 // its own below the key
	Attempted bool   // it may have arrived
}

// Why says what is damaged.
type Why uint8

// The kinds of damage.
const (
	Garbled Why = iota // bytes are not those that were written
	NoKey              // the key is lost, or damaged
	NoNotes            // the notes of what has ended were damaged: the log was asked for all of it; no event is lost
)

// String names it.
func (w Why) String() string {
	return [...]string{"bytes are damaged", "its key is lost", "the notes of what has ended are damaged"}[w]
}

// setAside puts bytes that cannot be read into a file beside.
func (f *file) setAside(files durable.Files, at int64, b []byte) (name string, err error) {
	path := fmt.Sprintf("%s.%d%s", strings.TrimSuffix(f.path, framesSuffix), at, damagedSuffix)
	name = filepath.Base(path)
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, b) {
		return name, nil
	}
	if err := files.Replace(path, b, 0o600); err != nil {
		return "", err
	}
	return name, nil
}

// Damaged is what the start found to be lost. The events are the caller's to record, by [Queue.EndLost].
func (q *Queue) Damaged() []Damage { return q.found }

// EndLost ends the events that the start found to be lost: record, which writes that down, is called once before.
// Until it was, each start finds them again.
func (q *Queue) EndLost(record func() error, lost ...Damage) error {
	return q.noted(record, func() {
		for _, d := range lost {
			for _, g := range d.Events {
				if k := d.s.keys[g.Key]; k != nil {
					k.ended.set(g.Frame)
				}
			}
			if d.f != nil {
				d.f.held = false
			}
		}
		q.kick()
	})
}

// headsIn are the heads that stand in bytes that are no frame, each once. Where last is true, the bytes are the end
// of a file: a frame that was being written when the process died, which nobody was told of, is not among them.
func headsIn(b []byte, last bool) (heads []frameHead) {
	seen := map[frameHead]int{}
	var at int
	for i := 0; i+headLength <= len(b); i++ {
		if b[i] != version || b[i+1] > 1 {
			continue
		}
		h, ok := readHead(b[i:])
		if !ok {
			continue
		}
		if seen[h]++; seen[h] == 1 {
			heads, at = append(heads, h), i
		}
	}
	if n := len(heads); last && n > 0 && seen[heads[n-1]] == 1 && at >= framing && torn(b[at-framing:]) {
		heads = heads[:n-1]
	}
	return heads
}

// torn tells whether what begins as a frame ends before it does.
func torn(b []byte) bool {
	whole := segment.AppendBinary(nil, nil)
	return string(b[:4]) == string(whole[:4]) && int64(binary.LittleEndian.Uint32(b[4:])) > int64(len(b)-framing)
}

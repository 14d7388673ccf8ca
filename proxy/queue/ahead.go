package queue

import "io"

// Reader reads events that were handed out, as [Queue.Read] does. What stands in the file behind one is read
// along with it, where the one before stood close to it, and as far as what was read along was asked for: events
// that came one after the other, and leave together, are read in few turns. What it keeps is sealed, as it stands
// in the file. It is for one goroutine.
type Reader struct {
	q    *Queue
	file *file
	at   int64  // where in the file it read last
	kept []byte // what it read there
	used int    // how many bytes of that were asked for
	room []byte
}

// NewReader returns one that has read nothing.
func NewReader(q *Queue) *Reader { return &Reader{q: q} }

// How much is read in one turn where more than one event is, and how much of that at least is to be asked for so that
// it is no less the next time: a turn costs about as much as a few events that are read in vain.
const (
	mostAhead  = 32 << 10
	leastAsked = 4 // one in so many
)

// Read is [Queue.Read].
func (r *Reader) Read(it Item, e *Event) error {
	if readRecent(r.q, it, e) || r.readKept(it, e) {
		return nil
	}
	return readFile(r.q, it, e, r)
}

// readKept reads an event that was read along with another; false where it was not.
func (r *Reader) readKept(it Item, e *Event) bool {
	r.q.mu.Lock()
	if it.gone() || it.e.file != r.file {
		r.q.mu.Unlock()
		return false
	}
	k, h, from, size := it.e.key, it.e.head(), it.e.at-r.at, int64(it.e.size)
	r.q.mu.Unlock()
	if from < 0 || from+size > int64(len(r.kept)) {
		return false
	}
	frame := e.room(int(size))
	copy(frame, r.kept[from:])
	r.used += len(frame)
	return decodeFrame(k, &h, e, frame) == nil
}

// readAt reads a frame of a file, and what stands behind it up to where the file is
// written, as far as that may be asked for.
func (r *Reader) readAt(f *file, from io.ReaderAt, frame []byte, at, end int64) (int, error) {
	n := len(frame)
	if behind := at - r.at; f == r.file && behind >= 0 && behind < mostAhead {
		n = max(n, int(min(int64(leastAsked*r.used), mostAhead, end-at)))
	}
	r.file, r.at, r.kept, r.used = f, at, nil, len(frame)
	if n == len(frame) {
		return from.ReadAt(frame, at)
	}
	if r.room == nil {
		r.room = make([]byte, mostAhead)
	}
	n, err := from.ReadAt(r.room[:n], at)
	if n >= len(frame) {
		r.kept, err = r.room[:n], nil
	}
	return copy(frame, r.room[:n]), err
}

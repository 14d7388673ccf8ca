package queue

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
)

// Read reads an event that was handed out, or is one of [Queue.Pending]: the error is [ErrGone] where that is not
// pending any more. Its slices hold until e is read into again. The error wraps [ErrDamaged] where the frame's
// bytes are not what was written: they are set aside, and the event is the caller's to end.
func (q *Queue) Read(it Item, e *Event) error {
	if readRecent(q, it, e) {
		return nil
	}
	return readFile(q, it, e, alone{})
}

// framesOf reads frames of a file into their place: it is opened for reading, and told up to where it is written.
type framesOf interface {
	readAt(f *file, from io.ReaderAt, frame []byte, at, end int64) (int, error)
}

// alone reads a frame, and nothing behind it.
type alone struct{}

func (alone) readAt(_ *file, from io.ReaderAt, frame []byte, at, _ int64) (int, error) {
	return from.ReadAt(frame, at)
}

// readFile reads an event from its file.
func readFile(q *Queue, it Item, e *Event, frames framesOf) error {
	q.mu.Lock()
	if it.gone() {
		q.mu.Unlock()
		return ErrGone
	}
	k, f, at, size, h := it.e.key, it.e.file, it.e.at, int(it.e.size), it.e.head()
	if err := f.open(); err != nil {
		q.mu.Unlock()
		return fmt.Errorf("cannot read a waiting event: %w", err)
	}
	f.reads++
	reader, end := f.reader, f.size
	q.mu.Unlock()

	frame := e.room(size)
	defer func() {
		q.mu.Lock()
		if f.reads--; f.reads == 0 && f.live == 0 {
			q.kick()
		}
		q.mu.Unlock()
	}()
	n, err := frames.readAt(f, reader, frame, at, end)
	if n < size && err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("cannot read a waiting event: %w", err)
	}
	frame = frame[:n]
	if n == size {
		if decodeFrame(k, &h, e, frame) == nil {
			return nil
		}
		n, _ = reader.ReadAt(frame, at) // opening wrote over it
	}
	d := Damage{
		File: filepath.Base(f.path), Offset: at, Bytes: int64(size), Why: Garbled,
		Events: []Gone{{it.Name, h.key, h.number, it.Attempted}},
	}
	d.Kept, err = f.setAside(q.files, at, frame[:n])
	q.mu.Lock()
	q.damaged++
	q.mu.Unlock()
	if q.opts.OnDamage != nil {
		q.opts.OnDamage(d)
	}
	if err != nil {
		return fmt.Errorf("%w: %s at byte %d; its bytes cannot be set aside: %w", ErrDamaged, d.File, at, err)
	}
	return fmt.Errorf("%w: %s at byte %d", ErrDamaged, d.File, at)
}

// readRecent reads an event that came a moment ago; false where it is to be read from the disk.
func readRecent(q *Queue, it Item, e *Event) bool {
	q.mu.Lock()
	at := it.e
	if it.gone() || !q.waiting.recent.holds(at.file, at.at, int64(at.size)) {
		q.mu.Unlock()
		return false
	}
	k, h, frame := at.key, at.head(), e.room(int(at.size))
	q.waiting.recent.read(at.at, frame)
	q.mu.Unlock()
	return decodeFrame(k, &h, e, frame) == nil
}

// gone tells whether the event is not pending any more. The mutex is held.
func (it *Item) gone() bool { return it.e.file == nil || it.e.name != it.Name || it.e.state == ended }

// room is room for a frame, to be decoded in its place.
func (e *Event) room(size int) []byte {
	if cap(e.buf) < size {
		clear(e.buf)
		e.buf = make([]byte, size, size+size/4)
	}
	e.buf = e.buf[:max(len(e.buf), size)]
	return e.buf[:size]
}

// decodeFrame reads the event of the frame that a head is about, in its place.
func decodeFrame(k *key, h *frameHead, e *Event, frame []byte) error {
	plain, err := openFrame(k, h, e, frame[framing:])
	if err != nil {
		return err
	}
	e.Name = h.name
	return decodeEvent(e, plain)
}

// openFrame opens the frame that a head is about.
func openFrame(k *key, h *frameHead, e *Event, frame []byte) ([]byte, error) {
	there, sealed, ok := readFrame(frame)
	if !ok || there != *h || k.aead == nil {
		return nil, errSealed
	}
	return open(k.aead, &e.nonce, h, frame, sealed)
}

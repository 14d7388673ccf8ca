package queue

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// file is a file of frames.
type file struct {
	path    string
	first   uint64
	size    int64
	live    int   // frames in it whose events are pending, or may become so
	bytes   int64 // of those
	keys    []*key
	begun   int64 // when, by the queue's own clock
	reads   int   // that are under way
	held    bool  // damage in it is not on the log yet
	reader  io.ReaderAt
	closing io.Closer
}

const (
	framesSuffix  = ".frames"
	damagedSuffix = ".damaged"
)

// has notes that frames below a key stand in it.
func (f *file) has(k *key) {
	if slices.Contains(f.keys, k) {
		return
	}
	f.keys = append(f.keys, k)
	k.files++
}

// open opens it for reading. The queue's mutex is held.
func (f *file) open() error {
	if f.reader != nil {
		return nil
	}
	opened, err := os.Open(f.path)
	if err != nil {
		return err
	}
	f.reader, f.closing = opened, opened
	return nil
}

func (f *file) close() error {
	if f.closing == nil {
		return nil
	}
	err := f.closing.Close()
	f.reader, f.closing = nil, nil
	return err
}

// store is a folder of files, and one of their keys. All of it but the writer is guarded by the queue's mutex.
type store struct {
	q           *Queue
	dir, keyDir string
	parks       bool // it holds what is parked
	w           *segment.Writer

	keys    map[uint64]*key
	key     *key // what new frames are sealed with
	nextKey uint64
	next    uint64  // number of the next file's first frame, as long as there is no writer
	files   []*file // oldest first; the last one may be written
	bytes   int64   // of all files
	coming  int64   // of what is about to be written
	flight  []*Ticket
	base    uint64 // number of flight[0]
	unwrit  uint64 // number of the first ticket in flight that is not written
	begins  []begin
	recent  recent
}

// begin says where in the newest file a group of frames begins.
type begin struct {
	number uint64
	at     int64
}

// begin begins to write, in a file and below a key of their own.
func (s *store) begin() error {
	k, err := s.newKey()
	if err != nil {
		return err
	}
	s.keys[k.id], s.key = k, k
	s.w, err = segment.Open(segment.Options{
		Dir: s.dir, Name: func(first uint64) string { return segment.FileName(first, framesSuffix) }, First: s.next,
		Sync: s.q.opts.Sync, Retry: s.q.opts.Again, Now: s.q.opts.Now, Disk: s.q.opts.Disk, Wrote: s.wrote, Moved: s.moved,
	})
	if err != nil {
		return errors.Join(err, s.shred(k))
	}
	f := s.w.File()
	s.fileAt(f.Path, f.First)
	return nil
}

// fileAt is the file that is being written. The mutex is held.
func (s *store) fileAt(path string, first uint64) *file {
	if n := len(s.files); n > 0 && s.files[n-1].first == first && s.files[n-1].path == path {
		return s.files[n-1]
	}
	f := &file{path: path, first: first, begun: s.q.clock()}
	s.files = append(s.files, f)
	s.begins = s.begins[:0]
	return f
}

// wrote notes where the frames stand that were written. Those of a ticket stand together, and tickets in the order
// in which they were added; one that was not written is not among them.
func (s *store) wrote(first uint64, frames []byte, _ int) {
	now := s.w.File()
	_, synced := s.w.Next()
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	f := s.fileAt(now.Path, now.First)
	at := now.Size - int64(len(frames))
	for len(s.begins) > 0 && s.begins[0].number < synced {
		s.begins = s.begins[:copy(s.begins, s.begins[1:])]
	}
	s.begins = append(s.begins, begin{first, at})
	f.size = now.Size
	s.bytes += int64(len(frames))
	s.recent.add(f, at, frames)
	for len(frames) > 0 {
		t := s.written(frames)
		if t == nil { // nobody waits for it any more
			n := framing + int(binary.LittleEndian.Uint32(frames[4:]))
			frames, first, at = frames[n:], first+1, at+int64(n)
			continue
		}
		t.file, t.at, t.number = f, at, first
		s.comes(t, -1)
		f.has(t.key)
		f.live += len(t.spots)
		f.bytes += int64(len(t.frames))
		first += uint64(len(t.spots))
		at += int64(len(t.frames))
		frames = frames[len(t.frames):]
	}
	s.q.placed.Broadcast()
}

// written is the ticket whose frames begin these. Those before it are in no file.
func (s *store) written(frames []byte) *Ticket {
	for i := int(s.unwrit - s.base); i < len(s.flight); i++ {
		t := s.flight[i]
		if t != nil && len(t.frames) <= len(frames) &&
			string(frames[:framing+headLength]) == string(t.frames[:framing+headLength]) {
			s.unwrit = s.base + uint64(i) + 1
			return t
		}
	}
	return nil
}

// comes counts a ticket's bytes among those that are about to be written, or no more.
func (s *store) comes(t *Ticket, by int64) {
	s.coming += by * t.room
	if by < 0 {
		t.room = 0
	}
}

// moved notes that frames stand in another file: those from a number on, at its beginning.
func (s *store) moved(path string, first uint64) {
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	at := slices.IndexFunc(s.begins, func(b begin) bool { return b.number == first })
	old := s.files[len(s.files)-1]
	if at < 0 { // there is nothing in it
		s.fileAt(path, first)
		return
	}
	from := s.begins[at].at
	rest := old.size - from
	f := &file{path: path, first: first, size: rest, begun: s.q.clock()}
	if path == old.path { // all of the old file, whose name the new one has
		s.files = s.files[:len(s.files)-1]
		s.drop(old)
	}
	s.files = append(s.files, f)
	s.bytes += rest
	s.begins = s.begins[:copy(s.begins, s.begins[at:])]
	for i := range s.begins {
		s.begins[i].at -= from
	}
	for _, t := range s.flight {
		if t == nil || t.file != old || t.number < first {
			continue
		}
		old.live -= len(t.spots)
		old.bytes -= int64(len(t.frames))
		t.file, t.at = f, t.at-from
		f.has(t.key)
		f.live += len(t.spots)
		f.bytes += int64(len(t.frames))
	}
}

// drop forgets a file.
func (s *store) drop(f *file) {
	_ = f.close() // it was read alone
	s.recent.forget(f)
	s.bytes -= f.size
	for _, k := range f.keys {
		k.files--
	}
	f.keys = nil
}

// dead notes that an event is not pending any more where a frame is.
func (s *store) dead(k *key, number uint32, f *file, size uint32) {
	k.ended.set(number)
	if f != nil {
		s.leave(f, size)
	}
}

// leave notes that a frame of a file counts no more. A file without any is deleted soon, but for the
// newest one: that is written, and stays.
func (s *store) leave(f *file, size uint32) {
	f.live--
	if f.bytes -= int64(size); f.live == 0 && (len(s.files) == 0 || f != s.files[len(s.files)-1]) {
		s.q.kick()
	}
}

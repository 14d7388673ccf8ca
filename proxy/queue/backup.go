package queue

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// Part says to which of the queue's two folders a file belongs.
type Part uint8

// The parts, with `parked` below each.
const (
	Frames Part = iota // [Options.Dir]
	Keys               // [Options.Keys]
)

// Seized is a queue as it stood at a moment. Files and keys of that moment are kept until [Seized.Release].
type Seized struct {
	q     *Queue
	small []smallFile
	files []seizedFile
}

// Copy hands out the files of the queue as it stood: each by its name in the folder of its part. Of an event that had
// ended since the notes were taken the frame is among them: it is for the log that says so to be copied, not before.
func (s *Seized) Copy(put func(of Part, name string, from io.Reader) error) error {
	for _, one := range s.small {
		if err := put(one.of, one.name, bytes.NewReader(one.text)); err != nil {
			return err
		}
	}
	for _, one := range s.files {
		if err := one.hand(s.q.waiting.dir, put); err != nil {
			return err
		}
	}
	return nil
}

// Release has files be deleted as soon as their events have ended.
func (s *Seized) Release() {
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	for _, f := range s.files {
		if f.reads--; f.reads == 0 && f.live == 0 {
			s.q.kick()
		}
	}
	s.files = nil
}

// smallFile is a file that was read: notes, or a key.
type smallFile struct {
	of   Part
	name string
	text []byte
}

// seizedFile is a file of frames, as long as it was.
type seizedFile struct {
	*file
	size int64
}

// Seize takes a queue as it stands, while it goes on: what was added before is in there as soon as it was written. It
// is quick: notes and keys are read, and files of frames are kept from being deleted. No frame is copied to another
// file meanwhile, and no key made or taken away.
func Seize(q *Queue) (*Seized, error) {
	q.tending.Lock()
	defer q.tending.Unlock()
	all := &Seized{q: q}
	notes, err := os.ReadFile(filepath.Join(q.waiting.dir, notesName))
	if err == nil {
		all.small = append(all.small, smallFile{Frames, notesName, notes})
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, s := range []*store{q.waiting, q.parked} {
		if err := s.allWritten(); err != nil {
			return nil, err
		}
		keys, err := s.readWrapped()
		if err != nil {
			return nil, err
		}
		all.small = append(all.small, keys...)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range []*store{q.waiting, q.parked} {
		for _, f := range s.files {
			f.reads++
			all.files = append(all.files, seizedFile{f, f.size})
		}
	}
	return all, nil
}

// allWritten returns when what was added is in the file.
func (s *store) allWritten() error {
	t, err := s.w.Add(nil, 0)
	if err != nil {
		return err
	}
	return t.Written()
}

// readWrapped reads the keys, as they lie there.
func (s *store) readWrapped() (all []smallFile, err error) {
	below, err := filepath.Rel(s.q.waiting.keyDir, s.keyDir)
	if err != nil {
		return nil, err
	}
	var keys []segment.File
	for _, suffix := range keySuffixes {
		some, err := segment.List(s.keyDir, suffix)
		if err != nil {
			return nil, err
		}
		keys = append(keys, some...)
	}
	for _, k := range keys {
		text, err := os.ReadFile(k.Path)
		if err != nil {
			return nil, fmt.Errorf("cannot read a key: %w", err)
		}
		all = append(all, smallFile{Keys, filepath.Join(below, filepath.Base(k.Path)), text})
	}
	return all, nil
}

// hand hands a file out. One that is shorter now lost frames of which nobody was told that they are on disk.
func (f *seizedFile) hand(dir string, put func(of Part, name string, from io.Reader) error) error {
	name, err := filepath.Rel(dir, f.path)
	if err != nil {
		return err
	}
	from, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // it was read alone
	return put(Frames, name, io.LimitReader(from, f.size))
}

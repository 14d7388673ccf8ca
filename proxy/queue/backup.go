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

// Backup hands out the files of the queue as it stood at one moment after the call, while it goes on: each by its name in
// the folder of its part. Of an event that ended since the notes were taken the frame is among them: it is for the log
// that says so to be copied afterwards. Files and keys are kept until they were handed out. What is seized is told once
// that moment is over: nothing that is accepted from then on is in the copy.
func (q *Queue) Backup(seized func() error, put func(of Part, name string, from io.Reader) error) error {
	all, err := q.seize()
	defer func() { q.letGo(all.files) }()
	if err == nil {
		err = seized()
	}
	if err != nil {
		return err
	}
	for _, one := range all.small {
		if err := put(one.of, one.name, bytes.NewReader(one.text)); err != nil {
			return err
		}
	}
	for len(all.files) > 0 {
		one := all.files[0]
		if err := one.hand(q.waiting.dir, put); err != nil {
			return err
		}
		all.files = all.files[1:]
		q.letGo([]seizedFile{one})
	}
	return nil
}

// seized is the queue as it stood at a moment.
type seized struct {
	small []smallFile
	files []seizedFile
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

// seize reads notes and keys, and keeps the files of frames from being deleted. No frame is copied to another file
// meanwhile, and no key made or taken away.
func (q *Queue) seize() (all seized, err error) {
	q.tending.Lock()
	defer q.tending.Unlock()
	notes, err := os.ReadFile(filepath.Join(q.waiting.dir, notesName))
	if err == nil {
		all.small = append(all.small, smallFile{Frames, notesName, notes})
	} else if !errors.Is(err, fs.ErrNotExist) {
		return all, err
	}
	for _, s := range []*store{q.waiting, q.parked} {
		below, err := filepath.Rel(q.waiting.keyDir, s.keyDir)
		if err != nil {
			return all, err
		}
		keys, err := segment.List(s.keyDir, keySuffix)
		if err != nil {
			return all, err
		}
		for _, k := range keys {
			text, err := os.ReadFile(k.Path)
			if err != nil {
				return all, fmt.Errorf("cannot read a key: %w", err)
			}
			all.small = append(all.small, smallFile{Keys, filepath.Join(below, filepath.Base(k.Path)), text})
		}
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

// letGo has files be deleted as soon as their events have ended.
func (q *Queue) letGo(files []seizedFile) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, f := range files {
		if f.reads--; f.reads == 0 && f.live == 0 {
			q.kick()
		}
	}
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

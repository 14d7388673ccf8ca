package keys

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
)

// disk is a file system in memory that dies in the middle of a call: of what that call writes, a part gets there. It
// keeps everything that was ever on it, as a disk does that is looked at afterwards.
type disk struct {
	files map[string][]byte
	left  int // calls that change something, until it dies; negative: it never does
	part  int // how many bytes of the last call get there
	calls int
	reads error // what reading fails with
}

var errDied = errors.New("the process was killed")

func newDisk() *disk { return &disk{files: map[string][]byte{}, left: -1} }

// copied is the same disk, to be killed after so many calls.
func (d *disk) copied(left, part int) *disk {
	return &disk{files: maps.Clone(d.files), left: left, part: part}
}

// dies counts a call. The second result is false where nothing of it happens, for the process is dead.
func (d *disk) dies() (now, alive bool) {
	d.calls++
	if d.left < 0 {
		return false, true
	}
	if d.left == 0 {
		return false, false
	}
	d.left--
	return d.left == 0, true
}

func (d *disk) Folder(string) error { return nil }

func (d *disk) Read(path string) ([]byte, error) {
	if d.reads != nil {
		return nil, d.reads
	}
	text, ok := d.files[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return bytes.Clone(text), nil
}

func (d *disk) Write(path string, text []byte) error {
	now, alive := d.dies()
	if _, there := d.files[path]; there {
		return fs.ErrExist
	}
	switch {
	case !alive:
		return errDied
	case now:
		d.files[path] = bytes.Clone(text[:min(d.part, len(text))])
		return errDied
	}
	d.files[path] = bytes.Clone(text)
	return nil
}

// SyncAgain changes nothing: what is on this disk is on it for good.
func (d *disk) SyncAgain(string) error {
	if now, alive := d.dies(); now || !alive {
		return errDied
	}
	return nil
}

func (d *disk) Overwrite(path string) error {
	now, alive := d.dies()
	text, there := d.files[path]
	switch {
	case !there:
		return fs.ErrNotExist
	case !alive:
		return errDied
	case now:
		text = bytes.Clone(text)
		clear(text[:min(d.part, len(text))])
		d.files[path] = text
		return errDied
	}
	d.files[path] = make([]byte, len(text))
	return nil
}

// Rename happens or it does not; dying, it does where part is not 0.
func (d *disk) Rename(oldPath, newPath string) error {
	now, alive := d.dies()
	if !alive || now && d.part == 0 {
		return errDied
	}
	d.files[newPath] = d.files[oldPath]
	delete(d.files, oldPath)
	if now {
		return errDied
	}
	return nil
}

func (d *disk) Remove(path string) error {
	now, alive := d.dies()
	if !alive || now && d.part == 0 {
		return errDied
	}
	delete(d.files, path)
	if now {
		return errDied
	}
	return nil
}

package queue

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// key is what frames are sealed with: one for each file that is begun.
type key struct {
	id   uint64
	aead cipher.AEAD // nil: it cannot be read, or is not there
	lost bool        // and events are lost by that
	next uint32      // number of the next frame
	// The numbers of frames whose events are not pending there any more, and of those whose events may have been sent.
	ended, attempted bits
	files            int // how many hold frames of it
	suffix           string
	users            int // tickets that may put some into one
}

// bits is a set of small numbers.
type bits []uint64

func (b *bits) set(n uint32) {
	at := int(n / 64)
	for len(*b) <= at {
		*b = append(*b, 0)
	}
	(*b)[at] |= 1 << (n % 64)
}

func (b bits) unset(n uint32) {
	if at := int(n / 64); at < len(b) {
		b[at] &^= 1 << (n % 64)
	}
}

func (b bits) has(n uint32) bool { return int(n/64) < len(b) && b[n/64]>>(n%64)&1 == 1 }

// What the names of keys end with. A key is made before its file and taken away behind it, and is called otherwise
// meanwhile: one of the first name that has no file tells that this was removed.
const (
	keySuffix    = ".key"
	comingSuffix = ".coming" // nothing was written below it yet
	goingSuffix  = ".going"  // what was is about to be deleted
)

// keySuffixes are all of them.
var keySuffixes = []string{comingSuffix, keySuffix, goingSuffix}

// keyName is what a key is called, and wrapped for.
func keyName(id uint64) string { return segment.FileName(id, keySuffix) }

// path is where the key lies, in the folder of its store's keys.
func (k *key) path(dir string) string { return filepath.Join(dir, segment.FileName(k.id, k.suffix)) }

// unused tells whether no frame is below the key, nor is about to be. The queue's mutex is held.
func (k *key) unused() bool { return k.files == 0 && k.users == 0 }

// renameKey has a key be called otherwise.
func (s *store) renameKey(k *key, suffix string) error {
	if k.suffix == suffix {
		return nil
	}
	from := k.path(s.keyDir)
	to := filepath.Join(s.keyDir, segment.FileName(k.id, suffix))
	err := s.q.files.Rename(from, to)
	if _, there := os.Lstat(from); err == nil || errors.Is(there, fs.ErrNotExist) {
		k.suffix = suffix // also where it is not on disk yet, or the key is not there
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot rename a key: %w", err)
	}
	return nil
}

// newKey makes a key, on disk.
func (s *store) newKey() (*key, error) {
	id := s.nextKey
	s.nextKey++
	var secret [32]byte
	if _, err := io.ReadFull(s.q.opts.Rand, secret[:]); err != nil {
		return nil, fmt.Errorf("cannot make a key: %w", err)
	}
	k := &key{id: id, suffix: comingSuffix}
	path := k.path(s.keyDir)
	wrapped, err := s.q.opts.Wrap(&secret, keyName(id))
	if err != nil {
		return nil, fmt.Errorf("cannot wrap a key: %w", err)
	}
	if err := s.q.files.Write(path, wrapped, 0o600); err != nil {
		_ = s.q.files.Remove(path) // a part of it, if anything; the next one has another name
		return nil, fmt.Errorf("cannot write a key: %w", err)
	}
	k.aead, err = newAEAD(&secret)
	clear(secret[:])
	return k, err
}

// readKeys reads the keys that lie there. What is none is set aside, and its frames are lost.
func (s *store) readKeys() error {
	for _, suffix := range keySuffixes {
		files, err := segment.List(s.keyDir, suffix)
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := s.readKey(f, suffix); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *store) readKey(f segment.File, suffix string) error {
	s.nextKey = max(s.nextKey, f.First+1)
	wrapped, err := os.ReadFile(f.Path)
	if err != nil {
		return fmt.Errorf("cannot read a key: %w", err)
	}
	k := &key{id: f.First, suffix: suffix}
	if secret, err := s.q.opts.Unwrap(wrapped, keyName(k.id)); err == nil {
		if k.aead, err = newAEAD(secret); err != nil {
			return err
		}
		clear(secret[:])
	}
	s.keys[k.id] = k
	return nil
}

// keyOf is a key by its number. One that is not there is lost.
func (s *store) keyOf(id uint64) *key {
	k := s.keys[id]
	if k == nil {
		k = &key{id: id, suffix: keySuffix}
		s.keys[id] = k
		s.nextKey = max(s.nextKey, id+1)
	}
	return k
}

// shred makes a key unreadable, and takes it away. Of one that could not be read, the file is kept beside.
func (s *store) shred(k *key) error {
	path := k.path(s.keyDir)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if k.lost {
		return s.q.files.Rename(path, strings.TrimSuffix(path, k.suffix)+damagedSuffix)
	}
	if err := s.q.files.Overwrite(path); err != nil {
		return fmt.Errorf("cannot overwrite a key: %w", err)
	}
	return s.q.files.Remove(path)
}

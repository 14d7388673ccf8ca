package proxy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger/index"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// ErrAltered says that a copy is not as it was made.
var ErrAltered = errors.New("the copy is not as it was made")

// fileCopied is a file of a copy as it was written there. What it was copied from may have grown since.
type fileCopied struct {
	Name   string `json:"name"` // in the copy's folder, with slashes
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // hex
}

// summed is a file whose digest is known.
func summed(name string, size int64, sum hash.Hash) fileCopied {
	return fileCopied{Name: filepath.ToSlash(name), Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}
}

// filesListed compares a copy with the files that it says it has.
type filesListed struct {
	from string
	told bool // false: copies of before do not say which
	all  map[string]fileCopied
}

func (c *copiedFrom) listed(from string) *filesListed {
	l := &filesListed{from: from, told: c.Files != nil, all: map[string]fileCopied{}}
	for _, f := range c.Files {
		l.all[f.Name] = f
	}
	return l
}

// altered says that a file is not as it was.
func (l *filesListed) altered(name, format string, args ...any) error {
	return fmt.Errorf("%w: %s %s: restore another copy", ErrAltered, filepath.Join(l.from, name),
		fmt.Sprintf(format, args...))
}

// complete looks whether each file that is listed is there, and is as long as it was.
// The key state may be had from elsewhere.
func (l *filesListed) complete(elsewhere bool) error {
	names := make([]string, 0, len(l.all))
	for name := range l.all {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("%s: files: %q is no name of a file in the copy", filepath.Join(l.from, copiedFile), name)
		}
		about, err := os.Lstat(filepath.Join(l.from, name))
		switch {
		case errors.Is(err, fs.ErrNotExist) && elsewhere && name == stateCopied:
		case errors.Is(err, fs.ErrNotExist):
			return l.altered(name, "is missing")
		case err != nil:
			return err
		case !about.Mode().IsRegular():
			return l.altered(name, "is no file")
		case about.Size() != l.all[name].Size:
			return l.altered(name, "has %s, and had %d", plural.Of(about.Size(), "byte"), l.all[name].Size)
		}
	}
	return nil
}

// same looks whether a file of the copy is what was written.
func (l *filesListed) same(name string) error {
	text, err := os.ReadFile(filepath.Join(l.from, name))
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, _ = sum.Write(text) // a hash never fails
	return l.was(summed(name, int64(len(text)), sum))
}

// was tells whether a file that was read is what was written.
func (l *filesListed) was(f fileCopied) error {
	of, is := l.all[f.Name]
	switch {
	case !l.told || f.Name == copiedFile:
	case !is && f.Name == stateCopied:
		return l.altered(f.Name, "was not copied: move it away, and name it by --keys FILE")
	case !is:
		return l.altered(f.Name, "was not copied (%s does not list it)", copiedFile)
	case of.Size != f.Size:
		return l.altered(f.Name, "has %s, and had %d", plural.Of(f.Size, "byte"), of.Size)
	case of.SHA256 != f.SHA256:
		return l.altered(f.Name, "has other bytes (SHA-256 %.16s..., and had %.16s...)", f.SHA256, of.SHA256)
	}
	return nil
}

// stateCopied is the key state's name in a copy.
const stateCopied = "keys/" + keys.StateFile

// madeByAsking tells whether a file came into a copy by somebody who asked it: indexes of its
// ledger, which are made again, and the lock.
func madeByAsking(name string) bool {
	name = filepath.ToSlash(name)
	dir, base := path.Split(name)
	return name == "lock" || dir == "ledger/" && (strings.HasSuffix(base, index.Suffix) ||
		strings.HasPrefix(base, index.Suffix+"."))
}

package order

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// FileName is what the file of a [Replica] is called in a data folder.
const FileName = "acts"

// file is what a replica keeps: a line of JSON, and one with its SHA-256.
type file struct {
	Version int                        `json:"version"`
	Mark    string                     `json:"mark,omitempty"` // place on the log
	Seq     uint64                     `json:"seq,omitempty"`  // of the last act that was done
	Stands  map[string]json.RawMessage `json:"stands,omitempty"`
	Untold  []untold                   `json:"untold,omitempty"`
}

// untold is an act that is kept until its turn has come.
type untold struct {
	ID   []byte          `json:"id"`
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"`
	Body json.RawMessage `json:"act"`
}

// ErrDamaged says that the file is not what was written.
var ErrDamaged = errors.New("what this node has done of the cluster's acts cannot be read")

// text is the file's.
func (f *file) text() ([]byte, error) {
	f.Version = 1
	line, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("cannot write what this node has done: %w", err)
	}
	sum := sha256.Sum256(line)
	return append(hex.AppendEncode(append(line, '\n'), sum[:]), '\n'), nil
}

// parseFile reads it.
func parseFile(text []byte) (f file, err error) {
	line, check, _ := bytes.Cut(text, []byte{'\n'})
	sum := sha256.Sum256(line)
	if string(check) != hex.EncodeToString(sum[:])+"\n" || json.Unmarshal(line, &f) != nil {
		return file{}, ErrDamaged
	}
	if f.Version != 1 {
		return file{}, fmt.Errorf("%w: it is of version %d, and this one reads 1: %w", ErrDamaged, f.Version, ErrNewer)
	}
	for i := range f.Untold {
		u := &f.Untold[i]
		if len(u.ID) != 16 || !kindPattern.MatchString(u.Kind) || len(u.Body) == 0 {
			return file{}, ErrDamaged
		}
	}
	return f, nil
}

// readFile reads the file of a node; false where there is none.
func readFile(path string) (f file, there bool, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return file{}, false, nil
	}
	if err == nil {
		f, err = parseFile(text)
	}
	if err != nil {
		return file{}, true, fmt.Errorf("%s: %w: begin this node anew with a backup of another one (cluster join)", path, err)
	}
	return f, true, nil
}

// CopyForNode makes the file of a new node of that of another one: with what stands and how far that had come, without
// what it alone has to tell. False where that node has none.
func CopyForNode(from, to string, disk durable.Disk) (bool, error) {
	f, there, err := readFile(from)
	if err != nil || !there {
		return false, err
	}
	f.Untold = nil
	text, err := f.text()
	if err != nil {
		return false, err
	}
	return true, durable.Files{Disk: disk}.Write(to, text, 0o600)
}

package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/durable"
)

// Made is what [Init] made.
type Made struct {
	Server  string // the server file
	For     string // how the server is to run, of [Deployments]; "" for here
	Data    string // the folder beside it that is the server's data; "" where the server has it elsewhere
	RootKey string // the root secret: the server's keys are made of it, mode 0600
	// the private key of the approver "privacy", mode 0600: it belongs to the privacy lead, not on the
	// server; "" where nothing needs approval
	ApproverKey string
	Assessments []string // ids of those that wait for approval, sorted
	Files       []string // all files, sorted

	on        durable.Files
	folders   []string // those that were not there, a folder before what is in it
	freshData bool     // nothing lay where Data is
}

// write writes a file that does not exist yet; keys can be read by their owner alone. It is on disk when that has
// succeeded: pseudonyms that a root secret gave cannot be made again without it.
func (m *Made) write(dir, name string, text []byte) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	m.folders = append(m.folders, missingFolders(filepath.Dir(path))...)
	if err := m.on.Folder(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("cannot make a folder: %w", err)
	}
	mode := fs.FileMode(0o644)
	if strings.HasSuffix(name, ".key") {
		mode = 0o600
	}
	_, err := m.on.New(path, bytes.NewReader(text), mode)
	if !errors.Is(err, fs.ErrExist) { // a part of it may be there
		m.Files = append(m.Files, path)
	}
	if err != nil {
		return fmt.Errorf("cannot write: %w", err)
	}
	return nil
}

// missingFolders are a folder and those above it that are not there, the uppermost first.
func missingFolders(path string) (all []string) {
	for ; ; path = filepath.Dir(path) {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			slices.Reverse(all)
			return all
		}
		all = append(all, path)
	}
}

// Undo takes away all that was made, since something failed, and nothing else. What it returns says why, and what of it
// is there still, where it could not be taken away.
func (m *Made) Undo(because error) error {
	var left []string
	taken := 0
	remove := func(path string, err error) {
		switch _, gone := os.Lstat(path); {
		case gone != nil:
			taken++
		case err != nil:
			left = append(left, path)
		}
	}
	if m.Data != "" && m.freshData && !isMissing(m.Data) {
		remove(m.Data, os.RemoveAll(m.Data))
	}
	for _, path := range slices.Backward(m.Files) {
		if !isMissing(path) {
			remove(path, m.on.Remove(path))
		}
	}
	for _, path := range slices.Backward(m.folders) {
		if os.Remove(path) == nil { // one that somebody else uses meanwhile stays
			taken++
		}
	}
	switch {
	case len(left) > 0:
		return fmt.Errorf("%w; of what was written before, %s could not be taken away: remove that, and begin again", because,
			strings.Join(left, ", "))
	case taken == 0:
		return fmt.Errorf("%w; nothing was written", because)
	default:
		return fmt.Errorf("%w; what was written before is taken away again", because)
	}
}

func isMissing(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

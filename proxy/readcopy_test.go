package proxy

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
)

// TestReadCopy: a copy with which no server has begun is not written to for that it is read; who takes it to begin with
// it is asked, and one that a server began with is a ledger as any other.
func TestReadCopy(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for _, dir := range []string{"ledger", "keys"} {
		if err := os.Mkdir(filepath.Join(data, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	mark := func(of copiedFrom) {
		t.Helper()
		of.Form = copyForm
		text, err := of.text()
		if err == nil {
			err = os.WriteFile(filepath.Join(data, copiedFile), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	read := func() error {
		_, err := ReadStopped(data, Options{}, func(api.Readings) error { return nil })
		return err
	}
	mark(copiedFrom{Made: time.Unix(1, 0)})
	if err := read(); !errors.Is(err, ErrCopy) {
		t.Errorf("a copy: %v", err)
	}
	if all, err := filepath.Glob(filepath.Join(data, "*", "*")); err != nil || len(all) > 0 {
		t.Errorf("reading wrote %v (%v)", all, err)
	}
	if _, err := os.Stat(filepath.Join(data, "lock")); err == nil {
		t.Error("reading locked the copy")
	}
	lock, err := LockData(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := read(); !errors.Is(err, ErrLocked) {
		t.Errorf("a copy that somebody begins with: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	if err := read(); !errors.Is(err, ErrCopy) {
		t.Errorf("a copy that nobody holds any more: %v", err)
	}
	begun := time.Unix(2, 0)
	mark(copiedFrom{Made: time.Unix(1, 0), Begun: &begun})
	if err := read(); errors.Is(err, ErrCopy) || errors.Is(err, ErrLocked) {
		t.Errorf("a copy that a server began with: %v", err)
	}
	if err := os.WriteFile(filepath.Join(data, copiedFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := read(); err == nil {
		t.Error("what is there may be a copy, and was written to")
	}
}

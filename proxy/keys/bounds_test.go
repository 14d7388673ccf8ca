package keys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestModes: a state that anybody but its owner can read, write or run is not read.
func TestModes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(Options{Dir: dir, Root: pseudonym.TestRoot, Now: at(noon)})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, StateFile)
	for bits := range fs.FileMode(0o100) {
		if err := os.Chmod(path, 0o600|bits); err != nil {
			t.Fatal(err)
		}
		state, err := Read(dir)
		if bits == 0 && (err != nil || state != s.State()) || bits != 0 &&
			(err == nil || !strings.Contains(err.Error(), "can be read by others")) {
			t.Errorf("mode %04o: %v", 0o600|bits, err)
		}
	}
}

// TestEndOfTime: the last moment of the root's last period has keys, and the next has none.
func TestEndOfTime(t *testing.T) {
	t.Parallel()
	end := pseudonym.TestRoot.State(noon.AddDate(200, 0, 0)).Until()
	for now, want := range map[time.Time]error{end.Add(-1): nil, end: pseudonym.ErrAhead, end.Add(1): pseudonym.ErrAhead} {
		d := newDisk()
		if _, err := Open(Options{Dir: "keys", Root: pseudonym.TestRoot, Now: at(now), Files: d}); !errors.Is(err, want) ||
			(d.calls > 0) != (want == nil) {
			t.Errorf("%s: %v, want %v", now, err, want)
		}
	}
}

// TestNoRandomness: where no random key can be made nothing is written, and nothing changes.
func TestNoRandomness(t *testing.T) {
	t.Parallel()
	broken := errors.New("no randomness")
	d := newDisk()
	_, err := Open(Options{
		Dir: "keys", Root: pseudonym.TestRoot, Now: at(noon), Files: d, Rand: iotest.ErrReader(broken),
		Recover: func() (Recovered, error) { return Recovered{Known: true, Shredded: true}, nil },
	})
	if !errors.Is(err, broken) || d.calls > 0 {
		t.Errorf("%v, %d calls", err, d.calls)
	}
	s := open(t, d, pseudonym.TestRoot)
	s.opts.Rand = iotest.ErrReader(broken)
	before, calls := s.State(), d.calls
	if err := shred(s); !errors.Is(err, broken) || s.State() != before || d.calls != calls {
		t.Errorf("shredded: %v", err)
	}
	refused := func(state *pseudonym.State) error {
		state.ShredLedger(pseudonym.Key{1})
		return broken
	}
	if err := s.Change(refused); !errors.Is(err, broken) || s.State() != before || d.calls != calls {
		t.Errorf("changed: %v", err)
	}
}

// TestFlushOnce: what was written is not written again.
func TestFlushOnce(t *testing.T) {
	t.Parallel()
	d := newDisk()
	s := open(t, d, pseudonym.TestRoot)
	calls := d.calls
	if moved, err := s.Advance(noon); err != nil || len(moved) > 0 || s.Flush() != nil || d.calls != calls {
		t.Errorf("nothing moved: %v, %v, %d calls", moved, err, d.calls-calls)
	}
	if moved, err := s.Advance(noon.AddDate(0, 0, 1)); err != nil || len(moved) == 0 {
		t.Fatal(moved, err)
	}
	if moved, err := s.Advance(noon.AddDate(0, 0, 1)); err != nil || len(moved) > 0 { // it stays to be written
		t.Fatal(moved, err)
	}
	if err := s.Flush(); err != nil || d.calls == calls {
		t.Errorf("not written: %v", err)
	}
	calls = d.calls
	if err := s.Flush(); err != nil || d.calls != calls {
		t.Errorf("written again: %v", err)
	}
}

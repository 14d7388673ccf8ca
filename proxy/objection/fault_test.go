package objection

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

func write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// filled makes a store of some hundred subjects, closes it and returns its folder, its file and its head.
func filled(t testing.TB, n int) (dir string, content []byte, head Head) {
	t.Helper()
	dir = t.TempDir()
	s, err := Open(Options{Dir: dir, Identity: "keys-1", Now: atNoon})
	if err != nil {
		t.Fatal(err)
	}
	var changes []Change
	for i := range n {
		changes = append(changes, objects(i, "analytics", fmt.Sprintf("purpose-%d", i%7)))
	}
	taken(t, s, changes[:n/2]...)
	taken(t, s, changes[n/2:]...)
	head = s.Head()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, FileName)
	if content, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := inspect(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return dir, content[:int(l.pages)*l.pageSize], head // what follows is room to grow
}

func TestWhatCannotBeOpenedIsRefused(t *testing.T) {
	dir, content, head := filled(t, 400)
	path := filepath.Join(dir, FileName)
	open := func(o Options) error {
		if o.Dir == "" {
			o.Dir = dir
		}
		if o.Identity == "" {
			o.Identity = "keys-1"
		}
		s, err := Open(o)
		if err == nil {
			return s.Close()
		}
		return err
	}
	other := head
	other.Root[3] ^= 1
	further := Head{Size: head.Size + 1}
	for what, c := range map[string]struct {
		o    Options
		want error
		says string
	}{
		"whole":               {Options{Past: head}, nil, ""},
		"ahead of the ledger": {Options{Past: Head{}}, nil, ""},
		"other keys":          {Options{Identity: "keys-2"}, ErrForeign, "keys-1"},
		"older":               {Options{Past: further}, ErrOlder, "the ledger remembers 401"},
		"another history":     {Options{Past: other}, ErrOlder, "another history"},
		"older, because":      {Options{Past: further, Because: "the disk broke"}, nil, ""},
		"missing":             {Options{Past: head, Dir: t.TempDir()}, ErrOlder, "restore --because"},
		"missing, because":    {Options{Past: head, Dir: t.TempDir(), Because: "the disk broke"}, nil, ""},
	} {
		if err := open(c.o); !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, length := range []int{0, 1, 100, 4096, 8191, 8192, 12288, len(content) / 2, len(content) - 1,
		len(content) - 4096} {
		write(t, path, content[:length])
		if err := open(Options{}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "backup") {
			t.Errorf("truncated to %d of %d bytes: %v", length, len(content), err)
		}
	}
	write(t, path, content)
	if err := open(Options{Past: head}); err != nil {
		t.Errorf("whole again: %v", err)
	}
}

// TestPagesInACircle: a branch page whose children are itself is found out at once, not after 20 to the 32nd visits.
func TestPagesInACircle(t *testing.T) {
	file := make([]byte, 3*1024)
	page := file[2*1024:]
	native.PutUint64(page, 2)
	native.PutUint16(page[8:], pageIsBranch)
	native.PutUint16(page[10:], 20)
	for i := range 20 {
		e := page[pageHeader+i*pageElement:]
		key := pageHeader + 20*pageElement + i
		page[key] = byte(i)
		native.PutUint32(e, uint32(key-(pageHeader+i*pageElement)))
		native.PutUint32(e[4:], 1)
		native.PutUint64(e[8:], 2)
	}
	reads := countingReader{r: bytes.NewReader(file)}
	w := &walker{pages: pages{file: &reads, pageSize: 1024, pages: 3}}
	if err := w.walk(2, nil, nil, func([]byte, []byte) error {
		return nil
	}); !errors.Is(err, ErrDamaged) || reads.n > deepest {
		t.Errorf("%v after %d reads", err, reads.n)
	}
}

type countingReader struct {
	r io.ReaderAt
	n int
}

func (c *countingReader) ReadAt(b []byte, at int64) (int, error) {
	c.n++
	return c.r.ReadAt(b, at)
}

func TestRestoredIsSaid(t *testing.T) {
	dir, _, head := filled(t, 10)
	s := opened(t, Options{Dir: dir, Past: Head{Size: head.Size + 5}, Because: "the disk broke"})
	if past, ok := s.Restored(); !ok || past.Size != head.Size+5 {
		t.Errorf("%v, %v", past, ok)
	}
	standsFor(t, s, 3, "analytics", "purpose-3")
}

// TestDamageNeverAnswers: whatever bit is turned, either the store is not opened, or
// what it answers is right, or an error.
func TestDamageNeverAnswers(t *testing.T) {
	dir, content, head := filled(t, 400)
	path := filepath.Join(dir, FileName)
	r := rand.New(rand.NewPCG(1, 2))
	refused, failed := 0, 0
	for range 300 {
		at, bit := r.IntN(len(content)), byte(1)<<r.IntN(8)
		content[at] ^= bit
		write(t, path, content)
		s, err := Open(Options{Dir: dir, Identity: "keys-1", Past: head})
		if err != nil {
			refused++
		} else {
			for i := range 400 {
				want := []string{"analytics", fmt.Sprintf("purpose-%d", i%7)}
				if got, err := s.Standing([]Subject{subject(i)}); err != nil {
					failed++
				} else if !slices.Equal(got, want) {
					t.Fatalf("byte %d, bit %08b: subject %d: %v", at, bit, i, got)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		content[at] ^= bit
	}
	if refused == 0 || failed > 0 {
		t.Errorf("%d files were refused, %d look-ups failed in others", refused, failed)
	}
}

func TestASecondProcessIsRefused(t *testing.T) {
	s := opened(t, Options{})
	_, err := Open(Options{Dir: s.opts.Dir, Identity: "keys-1", LockWait: 1})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "end that one") {
		t.Errorf("%v", err)
	}
	taken(t, s, objects(1, All))
}

func TestAFailedCommitPoisons(t *testing.T) {
	full := errors.New("no space left")
	for what, fail := range map[string]func(tx *bolt.Tx) error{
		"before": func(*bolt.Tx) error { return full },
		"after":  func(tx *bolt.Tx) error { return errors.Join(tx.Commit(), full) },
		"panic":  func(*bolt.Tx) error { panic(full) },
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			n := 0
			s, err := Open(Options{Dir: dir, Identity: "keys-1", Now: atNoon, Commit: func(tx *bolt.Tx) error {
				if n++; n == 3 {
					return fail(tx)
				}
				return tx.Commit()
			}})
			if err != nil {
				t.Fatal(err)
			}
			taken(t, s, objects(1, "analytics"))
			taken(t, s, objects(2, "analytics"))
			head := s.Head()
			for range 2 {
				_, err := s.Apply(t.Context(), Batch{Changes: []Change{objects(3, "analytics")}})
				if !errors.Is(err, ErrPoisoned) || what != "panic" && !errors.Is(err, full) {
					t.Errorf("%v", err)
				}
			}
			if err := s.Outbox().Ack([]uint64{1}); !errors.Is(err, ErrPoisoned) {
				t.Errorf("acknowledged: %v", err)
			}
			if !errors.Is(s.Err(), ErrPoisoned) || s.Head() != head || n != 3 {
				t.Errorf("%v, %v, %d commits", s.Err(), s.Head(), n)
			}
			standsFor(t, s, 1, "analytics")
			standsFor(t, s, 3)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = opened(t, Options{Dir: dir, Past: head})
			standsFor(t, s, 2, "analytics")
			taken(t, s, objects(3, "analytics"))
		})
	}
}

package objection

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/tagwarden/tagwarden/config/durable/crash"
)

// TestMadeForGood: the file appears under its name when it is whole and on disk. Whichever step of that
// fails, whoever opens it is told, and the next start has a store; where they were told that it is
// open, it is there when the power goes.
func TestMadeForGood(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		if n > 50 {
			t.Fatal("there is no end of its steps")
		}
		data := t.TempDir()
		d, err := crash.New(data)
		if err != nil {
			t.Fatal(err)
		}
		d.Fail(n)
		s, failed := Open(Options{Dir: filepath.Join(data, "objections"), Identity: "keys-1", Now: atNoon, Disk: d})
		if failed == nil {
			must(t, s.Close())
		} else if !errors.Is(failed, crash.ErrFailed) {
			t.Errorf("step %d: %v", n, failed)
		}
		for _, what := range crash.Left {
			left := t.TempDir()
			must(t, d.Leave(what, left))
			dir := filepath.Join(left, "objections")
			_, err := os.Stat(filepath.Join(dir, FileName))
			if failed == nil && err != nil {
				t.Errorf("step %d, %v left: opened, and lost: %v", n, what, err)
			}
			again, err := Open(Options{Dir: dir, Identity: "keys-1", Now: atNoon})
			if err != nil {
				t.Errorf("step %d, %v left: %v", n, what, err)
				continue
			}
			taken(t, again, objects(1, All))
			must(t, again.Close())
		}
		if d.Steps() < n {
			trace := d.Trace()
			const want = "mkdir objections, mode 0700\nsync folder .\nsync objections/TEMPORARY\nlink objections/TEMPORARY to objections/" +
				FileName +
				"\nremove objections/TEMPORARY\nsync folder objections\n"
			_, rest, _ := strings.Cut(trace, "sync objections/")
			temporary, _, _ := strings.Cut(rest, "\n")
			if got := strings.ReplaceAll(trace, temporary, "TEMPORARY"); got != want {
				t.Errorf("the steps are\n%swant\n%s", got, want)
			}
			break
		}
	}
}

// acts are one act of each kind that a commit is made for.
var acts = []func(t *testing.T, s *Store) error{
	func(t *testing.T, s *Store) error {
		return take(t, s, Batch{Changes: []Change{objects(1, "analytics")}})
	},
	func(t *testing.T, s *Store) error {
		told := objects(2, All)
		told.Outbox = []Message{{To: "crm", Body: []byte("one")}, {To: "shop", Body: []byte("two")}}
		return take(t, s, Batch{Changes: []Change{told}})
	},
	func(t *testing.T, s *Store) error {
		return take(t, s, Batch{Changes: []Change{objects(3, "ads")}, Key: "key", Digest: [32]byte{1},
			Progress: &Progress{"file", 7}})
	},
	func(*testing.T, *Store) error { return nil }, // the place of what is acknowledged: see acked
	func(t *testing.T, s *Store) error {
		return take(t, s, Batch{Changes: []Change{takesBack(1, "analytics")}})
	},
	func(t *testing.T, s *Store) error {
		complains := objects(2, All)
		complains.Complaint = true
		return take(t, s, Batch{Changes: []Change{complains, objects(4, "vendor:ga4"), objects(1, "ads")}})
	},
	func(t *testing.T, s *Store) error {
		_, err := s.Follow(t.Context(), []Follow{{Lead: subject(2), Seen: []Subject{subject(3)}}})
		return err
	},
	func(t *testing.T, s *Store) error { // with who follows
		return take(t, s, Batch{Changes: []Change{takesBack(2, All), objects(2, "newsletter")}})
	},
	func(t *testing.T, s *Store) error {
		_, err := s.Follow(t.Context(), []Follow{{Lead: subject(2), Seen: []Subject{subject(3)}}})
		return err
	},
}

const acked = 3

func take(t *testing.T, s *Store, b Batch) error {
	t.Helper()
	_, err := s.Apply(t.Context(), b)
	return err
}

// carry does the n-th act.
func carry(t *testing.T, s *Store, n int) error {
	t.Helper()
	if n == acked {
		return s.Outbox().Ack([]uint64{1})
	}
	return acts[n](t, s)
}

// holds is what a store holds, in words.
func holds(t *testing.T, s *Store) string {
	t.Helper()
	head := s.Head()
	var text strings.Builder
	fmt.Fprintf(&text, "%d %x;", head.Size, head.Root[:4])
	for n := 1; n <= 4; n++ {
		names, err := s.Standing([]Subject{subject(n)})
		must(t, err)
		fmt.Fprint(&text, " ", names)
	}
	waiting, err := s.Outbox().Next(0, 10)
	must(t, err)
	for _, w := range waiting {
		fmt.Fprintf(&text, "; %d to %s: %s", w.ID, w.To, w.Body)
	}
	line, err := s.Progress("file")
	must(t, err)
	fmt.Fprintf(&text, "; line %d", line)
	return text.String()
}

// TestEachCommitFails: whichever commit fails, and however, the act is not acknowledged, nor is any
// after it, though they would succeed; what was acknowledged is there at the next start, and the
// acts that were refused can be done then.
func TestEachCommitFails(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	whole := opened(t, Options{})
	after := []string{holds(t, whole)}
	for n := range acts {
		must(t, carry(t, whole, n))
		after = append(after, holds(t, whole))
		if after[n+1] == after[n] {
			t.Fatalf("act %d changes nothing: the test does not see it", n)
		}
	}
	for how, c := range map[string]struct {
		fail func(tx *bolt.Tx) error
		done int // of the act that failed
	}{
		"before it": {func(*bolt.Tx) error { return full }, 0},
		"after it":  {func(tx *bolt.Tx) error { return errors.Join(tx.Commit(), full) }, 1},
		"dying":     {func(*bolt.Tx) error { panic(full) }, 0},
	} {
		for n := range acts {
			dir, commits := t.TempDir(), 0
			s, err := Open(Options{Dir: dir, Identity: "keys-1", Now: atNoon, Commit: func(tx *bolt.Tx) error {
				if commits++; commits == n+1 {
					return c.fail(tx)
				}
				return tx.Commit()
			}})
			must(t, err)
			for i := range acts {
				if err := carry(t, s, i); (err == nil) != (i < n) || err != nil && !errors.Is(err, ErrPoisoned) {
					t.Errorf("commit %d fails %s: act %d: %v", n, how, i, err)
				}
			}
			if commits != n+1 || holds(t, s) != after[n] && c.done == 0 {
				t.Errorf("commit %d fails %s: %d commits, %s", n, how, commits, holds(t, s))
			}
			head := s.Head()
			must(t, s.Close())
			s, err = Open(Options{Dir: dir, Identity: "keys-1", Now: atNoon, Past: head})
			must(t, err)
			if got := holds(t, s); got != after[n+c.done] {
				t.Errorf("commit %d fails %s: at the next start there is\n%s, want\n%s", n, how, got, after[n+c.done])
			}
			for i := n + c.done; i < len(acts); i++ {
				must(t, carry(t, s, i))
			}
			if got := holds(t, s); got != after[len(acts)] {
				t.Errorf("commit %d fails %s: in the end there is\n%s, want\n%s", n, how, got, after[len(acts)])
			}
			must(t, s.Close())
		}
	}
}

// TestAMessageThatCannotBeKept: an act of which somebody would not be told is none.
func TestAMessageThatCannotBeKept(t *testing.T) {
	t.Parallel()
	unsaid := errors.New("the body cannot be made")
	s := opened(t, Options{Tell: func(*Message, *Recorded) ([]byte, error) { return nil, unsaid }})
	tx, err := s.file.db.Begin(false) // nothing can be put into it
	must(t, err)
	g := &group{writer: writerOf(s), tx: tx, now: noon}
	if err := g.post([]Message{{To: "crm"}}, nil); !errors.Is(err, berrors.ErrTxNotWritable) {
		t.Errorf("kept: %v", err)
	}
	must(t, tx.Rollback())
	change := objects(1, All)
	change.Outbox = []Message{{To: "crm"}}
	if err := take(t, s, Batch{Changes: []Change{change}}); !errors.Is(err, unsaid) {
		t.Errorf("taken: %v", err)
	}
	standsFor(t, s, 1)
}

package objection

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
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
	for _, length := range []int{0, 1, 100, 4096, 8191, 8192, 12288, len(content) / 2, len(content) - 1, len(content) - 4096} {
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

func TestRestoredIsSaid(t *testing.T) {
	dir, _, head := filled(t, 10)
	s := opened(t, Options{Dir: dir, Past: Head{Size: head.Size + 5}, Because: "the disk broke"})
	if past, ok := s.Restored(); !ok || past.Size != head.Size+5 {
		t.Errorf("%v, %v", past, ok)
	}
	standsFor(t, s, 3, "analytics", "purpose-3")
}

// TestDamageNeverAnswers: whatever bit is turned, either the store is not opened, or what it answers is right, or an error.
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
				_, err := s.Take(t.Context(), Batch{Changes: []Change{objects(3, "analytics")}})
				if !errors.Is(err, ErrPoisoned) || what != "panic" && !errors.Is(err, full) {
					t.Errorf("%v", err)
				}
			}
			if err := s.Settle([]uint64{1}); !errors.Is(err, ErrPoisoned) {
				t.Errorf("settled: %v", err)
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

// child starts this test binary again as one that runs play, and returns it.
func child(t *testing.T, play, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), "TAGWARDEN_CHILD="+play, "TAGWARDEN_CHILD_DIR="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// TestChild is what a child process does. In any other it does nothing.
func TestChild(*testing.T) {
	play := map[string]func(dir string) error{"killed": playKilled, "full": playFull}[os.Getenv("TAGWARDEN_CHILD")]
	if play == nil {
		return
	}
	if err := play(os.Getenv("TAGWARDEN_CHILD_DIR")); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// playKilled takes changes from many goroutines for as long as it lives, and prints each one that was acknowledged.
func playKilled(dir string) error {
	s, err := Open(Options{Dir: dir, Identity: "keys-1"})
	if err != nil {
		return err
	}
	start := int(s.Head().Size)
	fmt.Println("open", start)
	var print sync.Mutex
	var failed error
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := 0; ; i++ {
				n := (start+i)*8 + g
				receipts, err := s.Take(context.Background(), Batch{Changes: killedChanges(n)})
				print.Lock()
				if err != nil {
					failed = err
					print.Unlock()
					return
				}
				fmt.Println("taken", n, receipts[1].Seq)
				print.Unlock()
			}
		})
	}
	all.Wait()
	return failed
}

// killedChanges are two changes that are only ever there together: three subjects object, and one of them changes its mind.
func killedChanges(n int) []Change {
	together := objects(3*n, "analytics")
	together.Subjects = append(together.Subjects, subject(3*n+1), subject(3*n+2))
	return []Change{together, {Subjects: []Subject{subject(3 * n)}, TakeBack: []string{"analytics"}, Object: []string{"newsletter"}, Source: API}}
}

// killedState is what stands for the subjects of killedChanges.
func killedState(s *Store, n int) (string, error) {
	var state []string
	for i := range 3 {
		names, err := s.Standing([]Subject{subject(3*n + i)})
		if err != nil {
			return "", err
		}
		state = append(state, strings.Join(names, "+"))
	}
	return strings.Join(state, " "), nil
}

// TestKilled: whenever the process is killed, what it had acknowledged is there, and nothing is there by halves. Five times, or as often as
// TAGWARDEN_KILLS says.
func TestKilled(t *testing.T) {
	rounds := 5
	if n, err := strconv.Atoi(os.Getenv("TAGWARDEN_KILLS")); err == nil {
		rounds = n
	}
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	acknowledged := map[int]uint64{}
	var head Head
	for round := range rounds {
		cmd := child(t, "killed", dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// How far it comes is chance enough: it is killed at some line, and goes on with the next commits meanwhile.
		last := 1 + r.IntN(200)
		for line := 0; ; line++ {
			var what string
			var n int
			var seq uint64
			if _, err := fmt.Fscan(out, &what, &n); err != nil {
				break
			}
			if what == "taken" {
				if _, err := fmt.Fscan(out, &seq); err != nil {
					break
				}
				acknowledged[n] = seq
			} else if what != "open" {
				t.Fatalf("the child says %q", what)
			}
			if line == last {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("the child ended by itself: %v", err)
		}
		s, err := Open(Options{Dir: dir, Identity: "keys-1", Past: head})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		head = s.Head()
		for n, seq := range acknowledged {
			if state, err := killedState(s, n); err != nil || state != "newsletter analytics analytics" || seq > head.Size {
				t.Errorf("round %d: change %d was acknowledged; there is %q, %v", round, n, state, err)
			}
		}
		seen := map[int]int{}
		err = s.Changes(t.Context(), 0, func(r Recorded) bool {
			var n uint64
			for _, b := range r.Change.Subjects[0].Ledger[:8] {
				n = n<<8 | uint64(b)
			}
			seen[int(n)/3]++
			return true
		})
		for n, changes := range seen {
			if state, err := killedState(s, n); err != nil || state != "newsletter analytics analytics" || changes != 2 {
				t.Errorf("round %d: there are %d changes of batch %d, and %q, %v", round, changes, n, state, err)
			}
		}
		if err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(acknowledged) == 0 {
		t.Error("nothing was acknowledged")
	}
}

// playFull takes changes until the disk is full: files cannot become larger than a limit.
func playFull(dir string) error {
	s, err := Open(Options{Dir: dir, Identity: "keys-1"})
	if err != nil {
		return err
	}
	// bbolt makes the file 16 MiB longer than it has to be: the limit lies beyond, and pages are what hits it.
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 24 << 20, Max: 24 << 20}); err != nil {
		return err
	}
	for n := 0; ; n += 2000 {
		var changes []Change
		for i := range 2000 {
			changes = append(changes, objects(n+i, "analytics"))
		}
		if _, err := s.Take(context.Background(), Batch{Changes: changes}); err != nil {
			if !errors.Is(err, ErrPoisoned) || !errors.Is(s.Err(), ErrPoisoned) {
				return err
			}
			if scopes, err := s.Look(subject(n - 1).Hash); err != nil || !scopes.Any() {
				return fmt.Errorf("an acknowledged objection is gone: %w", err)
			}
			fmt.Println(n)
			return nil
		}
	}
}

func TestAFullDiskPoisons(t *testing.T) {
	dir := t.TempDir()
	out, err := child(t, "full", dir).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil || n == 0 {
		t.Fatalf("the child says %q", out)
	}
	s := opened(t, Options{Dir: dir})
	if got := s.state.Load().records; got != uint64(n) {
		t.Errorf("%d subjects are there, %d were acknowledged", got, n)
	}
	standsFor(t, s, n-1, "analytics")
	taken(t, s, objects(n, "analytics"))
}

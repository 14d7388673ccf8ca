package objection

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

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
				receipts, err := s.Apply(context.Background(), Batch{Changes: killedChanges(n)})
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

// killedChanges are changes that are only ever there together: three subjects object, and one of them changes its mind;
// of some, a person decides for the second; the third refuses a category in a banner, too.
func killedChanges(n int) []Change {
	together := objects(3*n, "analytics")
	together.Subjects = append(together.Subjects, subject(3*n+1), subject(3*n+2))
	mind := Change{
		Subjects: []Subject{subject(3 * n)}, TakeBack: []string{"analytics"}, Object: []string{"newsletter"}, Source: API,
		Holder: Holder{Kind: Role},
	}
	chose := chosenBy(3*n+2, 1, noon, "-analytics")
	if n%16 != 0 {
		return []Change{together, mind, chose}
	}
	decided := decides(3*n+1, "LIA-1")
	decided.Decide.Until = time.Now().AddDate(1, 0, 0)
	return []Change{together, mind, chose, decided}
}

// killedStands is what stands for them.
func killedStands(n int) string {
	if n%16 != 0 {
		return "newsletter analytics analytics+refused"
	}
	return "newsletter analytics+decided analytics+refused"
}

// killedState is what stands for the subjects of killedChanges.
func killedState(s *Store, n int) (string, error) {
	var state []string
	for i := range 3 {
		names, err := s.Standing([]Subject{subject(3*n + i)})
		if err != nil {
			return "", err
		}
		decided, err := s.DecidedOn([]Subject{subject(3*n + i)})
		if err != nil {
			return "", err
		}
		for range decided {
			names = append(names, "decided")
		}
		found, err := s.lookUp(subject(3*n + i).Hash)
		if err != nil {
			return "", err
		}
		if found.chosen.refused.Any() {
			names = append(names, "refused")
		}
		state = append(state, strings.Join(names, "+"))
	}
	return strings.Join(state, " "), nil
}

// TestKilled: whenever the process is killed, what it had acknowledged is there, and nothing is there by halves. Five
// times, or as often as TAGWARDEN_KILLS says.
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
			if state, err := killedState(s, n); err != nil || state != killedStands(n) || seq > head.Size {
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
			if state, err := killedState(s, n); err != nil || state != killedStands(n) || changes != len(killedChanges(n)) {
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
		if _, err := s.Apply(context.Background(), Batch{Changes: changes}); err != nil {
			if !errors.Is(err, ErrPoisoned) || !errors.Is(s.Err(), ErrPoisoned) {
				return err
			}
			if scopes, err := s.Lookup(subject(n - 1).Hash); err != nil || !scopes.Any() {
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

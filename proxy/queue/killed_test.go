package queue

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// logFile is a log as a file: a line for each event that ended.
type logFile string

func (l logFile) say(n Name) func() error {
	return func() error {
		f, err := os.OpenFile(string(l), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(f, n.Hit, n.Event)
		_ = f.Close()
		return err
	}
}

func (l logFile) since(_ uint64, told func(Name, Fate)) error {
	text, err := os.ReadFile(string(l))
	if os.IsNotExist(err) {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		var n Name
		if _, err := fmt.Sscan(line, &n.Hit, &n.Event); err != nil {
			return err
		}
		told(n, Ended)
	}
	return err
}

// TestChild is what a child process does. In any other it does nothing.
func TestChild(*testing.T) {
	if dir := os.Getenv("TAGWARDEN_CHILD_DIR"); dir != "" {
		fmt.Println("error:", playKilled(dir))
		os.Exit(1)
	}
}

func killedOptions(dir string) Options {
	o := options(dir, nil, newClock())
	l := logFile(filepath.Join(dir, "log"))
	o.Since, o.Recorded, o.Now, o.Disk = l.since, nil, time.Now, durable.System
	o.File, o.Seal, o.Settle, o.Tend = 16<<10, time.Nanosecond, time.Nanosecond, time.Millisecond
	return o
}

// lying are the names of the files in a folder.
func lying(dir string) (all []string) {
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		all = append(all, f.Name())
	}
	return all
}

// playKilled adds and ends events for as long as it lives, and prints each one that was accepted.
func playKilled(dir string) error {
	q, err := Open(killedOptions(dir))
	if err != nil {
		return err
	}
	for _, d := range q.Damaged() {
		return fmt.Errorf("damaged: %+v", d)
	}
	if notes := slices.Contains(lying(filepath.Join(dir, "queue")), notesName); notes && Removed(q) {
		return fmt.Errorf("files count as removed, and none was: %v, %v", lying(filepath.Join(dir, "queue")),
			lying(filepath.Join(dir, "keys")))
	}
	if err := q.Checkpoint(func() uint64 { return 0 }); err != nil { // as each start does
		return err
	}
	number := atomic.Uint64{}
	number.Store(q.Highest())
	l := logFile(filepath.Join(dir, "log"))
	var one sync.Mutex
	failed := make(chan error)
	for g := range 4 {
		go func() {
			var e Event
			for i := g; ; i++ {
				n := int(number.Add(1))
				if err := added1(q, event(n)); err != nil {
					failed <- err
				}
				one.Lock()
				fmt.Println(n)
				one.Unlock()
				it, ok := q.Next(vendorOf(i), Due)
				switch {
				case !ok:
				case i%3 == 0:
					q.Return(it)
				case i%7 == 0:
					err = q.Park(it, "refused")
				default:
					if err = q.Read(it, &e); err == nil {
						err = q.End(l.say(it.Name), it)
					}
				}
				if err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

// TestKilled: a process is killed while it adds and ends events; the next one finds each that was accepted and has
// not ended, once.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	accepted := map[int]bool{}
	for life := range 8 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
		cmd.Env = append(os.Environ(), "TAGWARDEN_CHILD_DIR="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := bufio.NewScanner(out)
		for n := 0; said.Scan(); n++ {
			var hit int
			if _, err := fmt.Sscan(said.Text(), &hit); err != nil {
				t.Fatalf("it said %q", said.Text())
			}
			if accepted[hit] {
				t.Errorf("number %d was given twice", hit)
			}
			accepted[hit] = true
			if n == 60+13*life {
				_ = cmd.Process.Kill()
			}
		}
		_ = cmd.Wait()
	}
	over := map[Name]bool{}
	l := logFile(filepath.Join(dir, "log"))
	if err := l.since(0, func(n Name, _ Fate) {
		if over[n] {
			t.Errorf("%v ended twice", n)
		}
		over[n] = true
	}); err != nil {
		t.Fatal(err)
	}
	o := killedOptions(dir)
	o.Tend = -1
	q := opened(t, o)
	waiting, parked := pendingNames(t, q)
	pending := map[Name]bool{}
	for _, n := range slices.Concat(waiting, parked) {
		if pending[n] || over[n] {
			t.Errorf("%v is pending twice, or has ended", n)
		}
		pending[n] = true
	}
	for n := range accepted {
		if name := event(n).Name; !pending[name] && !over[name] {
			t.Errorf("%v is lost", name)
		}
	}
	if len(accepted) < 400 || len(over) == 0 || len(parked) == 0 || len(q.Damaged()) > 0 {
		t.Errorf("%d accepted, %d ended, %d parked, damaged: %v", len(accepted), len(over), len(parked), q.Damaged())
	}
}

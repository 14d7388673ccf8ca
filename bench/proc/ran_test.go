package proc_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/bench/proc"
)

// TestRanIsWhatTimesSay: this process works until its clock says so much, and what the kernel counts in hundredths of a
// second says the same; a process that has ended has no clock.
func TestRanIsWhatTimesSay(t *testing.T) {
	const most = 30 * time.Millisecond // what either may be behind the other
	for n := 0; ; n++ {
		before, err := proc.Spent(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		ran, err := proc.Ran(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		after, err := proc.Spent(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if ran < before.User+before.System-most || ran > after.User+after.System+most {
			t.Fatalf("it ran %v, between %+v and %+v", ran, before, after)
		}
		if ran > 200*time.Millisecond {
			break
		}
	}
	child := exec.Command("true")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range []int{child.Process.Pid, 0, -1} {
		if ran, err := proc.Ran(pid); err == nil {
			t.Errorf("process %d is not there, and ran %v", pid, ran)
		}
	}
}

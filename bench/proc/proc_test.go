package proc_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/bench/proc"
)

func TestStatIsRead(t *testing.T) {
	const line = "4711 (a (strange) name) S 4242 4711 4711 0 -1 4194560 2591 0 0 0 150 42 7 9 20 0 5 0 171337 1269760 1024 18446744073709551615"
	got, err := proc.ParseStat(line)
	if err != nil {
		t.Fatal(err)
	}
	if want := (proc.Stat{PID: 4711, Parent: 4242, Times: proc.Times{User: 1500 * time.Millisecond,
		System: 420 * time.Millisecond}}); got != want {
		t.Errorf("%+v, wanted %+v", got, want)
	}
	for _, wrong := range []string{"", "4711", "4711 (x", "x (y) S 1 2 3", "4711 (x) S 1 2 3",
		strings.Replace(line, " 150 ", " x ", 1)} {
		if _, err := proc.ParseStat(wrong); err == nil {
			t.Errorf("%q is taken for a line of proc(5)", wrong)
		}
	}
}

func TestOwnProcessIsRead(t *testing.T) {
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	s, err := proc.ParseStat(string(text))
	if err != nil || s.PID != os.Getpid() || s.Parent != os.Getppid() {
		t.Errorf("%+v, %v: wanted pid %d of %d", s, err, os.Getpid(), os.Getppid())
	}
}

// TestMemoryIsRead: of a process that is ending the lines are missing, and that is no memory of 0.
func TestMemoryIsRead(t *testing.T) {
	const text = "Name:\tx\nVmPeak:\t 1284 kB\nVmHWM:\t  52140 kB\nVmRSS:\t  40960 kB\nThreads:\t9\n"
	now, most, err := proc.ParseMemory(text)
	if err != nil || now != 40960<<10 || most != 52140<<10 {
		t.Errorf("%d, %d, %v", now, most, err)
	}
	for _, wrong := range []string{"", "Name:\tx\nState:\tZ (zombie)\n", strings.Replace(text, "40960", "much", 1),
		strings.Replace(text, "VmHWM", "VmNone", 1)} {
		if _, _, err := proc.ParseMemory(wrong); err == nil {
			t.Errorf("%q is taken for what a running process has", wrong)
		}
	}
}

// TestOwnFigures: this process is there, holds memory, and has spent no less than a moment before.
func TestOwnFigures(t *testing.T) {
	before, err := proc.Spent(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	now, most, err := proc.Memory(os.Getpid())
	if err != nil || now <= 0 || most < now {
		t.Errorf("%d now, %d at most, %v", now, most, err)
	}
	all, err := proc.All()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(s proc.Stat) bool { return s.PID == os.Getpid() })
	if i < 0 || all[i].User < before.User {
		t.Errorf("of %d processes this one is number %d", len(all), i)
	}
	if _, err := proc.Spent(-1); err == nil {
		t.Error("a process that is not there has figures")
	}
}

package proc

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// clockOf is the number that Linux gives the clock of a process: all time that its
// threads have run, those that have ended too.
func clockOf(pid int) int32 {
	const scheduled = 2
	return int32(^pid<<3 | scheduled) // numbers of processes end below 1<<22
}

// Ran is the CPU time of a process so far, user and system together, to the nanosecond, where [Times] go by hundredths
// of a second. That of its children is not in it.
func Ran(pid int) (time.Duration, error) {
	if pid <= 0 {
		return 0, fmt.Errorf("%d is no process", pid)
	}
	var t unix.Timespec
	if err := unix.ClockGettime(clockOf(pid), &t); err != nil {
		return 0, fmt.Errorf("cannot read the CPU time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

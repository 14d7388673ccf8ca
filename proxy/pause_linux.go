package proxy

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// newPause returns a sleep for one at a time that is as long as it is asked for: where nothing else is to be done, the
// runtime's own timers wait for a millisecond at least, since it counts in them when it asks the kernel.
func newPause() func(time.Duration) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return time.Sleep
	}
	timer := os.NewFile(uintptr(fd), "timerfd")
	var fired [8]byte
	return func(d time.Duration) {
		at := unix.ItimerSpec{Value: unix.NsecToTimespec(max(d.Nanoseconds(), 1))}
		if err := unix.TimerfdSettime(fd, 0, &at, nil); err != nil {
			time.Sleep(d)
			return
		}
		if _, err := timer.Read(fired[:]); err != nil {
			time.Sleep(d)
		}
	}
}

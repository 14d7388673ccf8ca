// Package pace has what is done in the background take turns with hits. Go lets a goroutine that computes go on for ten
// milliseconds before another one has its turn, and looks at no connection meanwhile where it has one core: whoever
// goes through megabytes rests in between.
package pace

import "time"

const (
	step = 128 << 10              // bytes: less than a millisecond of reading, hashing and compressing
	rest = 500 * time.Microsecond // at least; longer where others have something to do
)

// Steps returns what is told how many bytes were gone through, and rests where enough were since it did. Its error is
// the one that is given, once stop is closed. It is one goroutine's.
func Steps(stop <-chan struct{}, stopped error) func(n int) error {
	t := time.NewTimer(rest)
	return steps(stop, stopped, func() <-chan time.Time {
		t.Reset(rest)
		return t.C
	})
}

func steps(stop <-chan struct{}, stopped error, rested func() <-chan time.Time) func(n int) error {
	done := 0
	return func(n int) error {
		if done += n; done < step {
			return nil
		}
		done = 0
		select {
		case <-stop:
			return stopped
		case <-rested():
			return nil
		}
	}
}

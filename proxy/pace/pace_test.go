package pace

import (
	"errors"
	"testing"
	"time"
)

// TestItRestsBetweenSteps: after so many bytes, in however many parts they come, and not before.
func TestItRestsBetweenSteps(t *testing.T) {
	t.Parallel()
	for _, part := range []int{1, 1000, step - 1, step, step + 1, 10 * step} {
		rests, over := 0, make(chan time.Time)
		close(over)
		tell := steps(nil, nil, func() <-chan time.Time {
			rests++
			return over
		})
		told, since, want := 0, 0, 0
		for ; told < 4*step; told += part {
			if since += part; since >= step {
				want, since = want+1, 0
			}
			if err := tell(part); err != nil {
				t.Fatal(err)
			}
			if rests != want {
				t.Fatalf("%d rests after %d bytes in parts of %d, want %d", rests, told+part, part, want)
			}
		}
	}
}

// TestItEndsWhileItRests: whoever rests is not waited for.
func TestItEndsWhileItRests(t *testing.T) {
	t.Parallel()
	stop, stopped := make(chan struct{}), errors.New("stopped")
	tell := steps(stop, stopped, func() <-chan time.Time { return nil })
	if err := tell(step - 1); err != nil {
		t.Error(err)
	}
	close(stop)
	if err := tell(1); !errors.Is(err, stopped) {
		t.Error(err)
	}
	whole := Steps(make(chan struct{}), stopped)
	for range 3 {
		if err := whole(step); err != nil {
			t.Error(err)
		}
	}
}

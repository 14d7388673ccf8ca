package webhook

import (
	"net/http"
	"testing"
	"time"
)

// TestBackoff: more and more time between attempts, any up to the bound; an hour at most between those of a message,
// and a minute between those of a receiver.
func TestBackoff(t *testing.T) {
	for failures, most := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 12: 2048 * time.Second, 13: time.Hour, 1 << 30: time.Hour,
	} {
		if got := ofMessage.Delay(failures, 0, longestDelay()); (most - got).Abs() > time.Microsecond {
			t.Errorf("after %d failures at most %v, want %v", failures, got, most)
		}
		if got := ofMessage.Delay(failures, time.Minute, 0); got != time.Minute {
			t.Errorf("after %d failures, with a wish, %v", failures, got)
		}
	}
	if got := ofReceiver.Delay(99, 0, longestDelay()); (time.Minute - got).Abs() > time.Microsecond {
		t.Errorf("a receiver is let be for %v", got)
	}
}

func TestRetryAfter(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, " 90 ": 90 * time.Second, "3600": time.Hour, "3601": time.Hour,
		"99999999999999999999999999": time.Hour, "-1": 0, "1.5": 0, "soon": 0,
		"Tue, 01 Dec 2026 12:00:30 GMT": 30 * time.Second, "Tue, 01 Dec 2026 11:59:59 GMT": 0,
		"Fri, 01 Dec 2099 12:00:00 GMT": time.Hour,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, december); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

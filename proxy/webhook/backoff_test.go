package webhook

import (
	"net/http"
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	for failures, most := range map[int]time.Duration{
		0: time.Second, 1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 12: 2048 * time.Second, 13: time.Hour, 14: time.Hour,
		31: time.Hour, 64: time.Hour, 1 << 30: time.Hour,
	} {
		if got := ofMessage.delay(failures, longestDelay); got != most {
			t.Errorf("after %d failures at most %v, want %v", failures, got, most)
		}
		if got := ofMessage.delay(failures, func(int64) int64 { return 0 }); got != ofMessage.least {
			t.Errorf("after %d failures at least %v", failures, got)
		}
	}
	if got := ofReceiver.delay(99, longestDelay); got != time.Minute {
		t.Errorf("a receiver is let be for %v", got)
	}
}

func TestRetryAfter(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, " 90 ": 90 * time.Second, "3600": time.Hour, "3601": time.Hour, "00000000000000000000007": 7 * time.Second,
		"99999999999999999999999999": time.Hour, "-1": 0, "1.5": 0, "1e3": 0, "soon": 0, "+5": 0, "5s": 0, "１": 0,
		"Tue, 01 Dec 2026 12:00:30 GMT":    30 * time.Second,
		"Tuesday, 01-Dec-26 12:01:00 GMT":  time.Minute,
		"Tue Dec  1 12:00:10 2026":         10 * time.Second,
		"Tue, 01 Dec 2026 11:59:59 GMT":    0,
		"Fri, 01 Dec 2099 12:00:00 GMT":    time.Hour,
		"Mon, 01 Jan 0001 00:00:00 GMT":    0,
		"Tue, 01 Dec 2026 12:00:30":        0,
		"Tue, 01 Dec 2026 12:00:30 +0100X": 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, december); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// FuzzRetryAfter: whatever a receiver says, it is let be for a time from nothing to an hour.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "1", "3600", "99999999999999999999", "-1", "Tue, 01 Dec 2026 12:00:30 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := retryAfter(http.Header{"Retry-After": {text}}, december); got < 0 || got > longestAfter {
			t.Errorf("%q: %v", text, got)
		}
	})
}

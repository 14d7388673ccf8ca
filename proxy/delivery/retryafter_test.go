package delivery

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// noon is what dates are held against here: 2026-11-29 12:00:00, a Sunday.
func noon() time.Time { return time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC) }

// afters are texts of Retry-After, and how long they are to be waited for; 0: they say nothing.
var afters = map[string]time.Duration{
	"120": 2 * time.Minute, "1": time.Second, "0": time.Second, "007": 7 * time.Second,
	"3600": time.Hour, "3601": time.Hour, "1000000000": time.Hour, strings.Repeat("9", 64): time.Hour,
	strings.Repeat("0", 999): time.Second, strings.Repeat("9", 999): time.Hour,
	"": 0, "-1": 0, "+5": 0, "1.5": 0, "1e3": 0, "5s": 0, "5, 6": 0, "5 ": 0, "0x10": 0, "१": 0, "soon": 0,

	"Sun, 29 Nov 2026 12:00:30 GMT":     30 * time.Second,
	"Sunday, 29-Nov-26 12:00:30 GMT":    30 * time.Second,
	"Sun Nov 29 12:00:30 2026":          30 * time.Second,
	"Tue Dec  1 12:00:30 2026":          time.Hour,
	"Sun, 29 Nov 2026 11:00:00 GMT":     time.Second,
	"Sun, 29 Nov 2026 12:00:00 GMT":     time.Second,
	"Thu, 01 Jan 1970 00:00:00 GMT":     time.Second,
	"Fri, 31 Dec 9999 23:59:59 GMT":     time.Hour,
	"Sun, 29 Nov 2026 12:00:30 +0000":   0,
	"Sun, 29 Nov 2026 12:00:30 CET":     0,
	"Sun, 29 Nov 2026 25:00:30 GMT":     0,
	"2026-11-29T12:00:30Z":              0,
	"Sun, 29 Nov 2026 12:00:30 GMT\x00": 0,
}

// TestRetryAfter: as outcomes have it.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for text, want := range afters {
		if got := asksToWait([]byte(text), noon); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
		if _, says := RetryAfter([]byte(text), noon()); says != (want != 0) {
			t.Errorf("%q says something: %v", text, says)
		}
	}
}

// FuzzRetryAfter: whatever a vendor sends, it is waited for a second to an hour, or not at all, and as net/http and
// strconv read it.
func FuzzRetryAfter(f *testing.F) {
	for text := range afters {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := asksToWait([]byte(text), noon)
		if got != 0 && (got < leastAfter || got > mostAfter) {
			t.Fatalf("%q is %v", text, got)
		}
		if n, err := strconv.ParseUint(text, 10, 32); err == nil {
			if want := min(max(time.Duration(n)*time.Second, leastAfter), mostAfter); got != want {
				t.Fatalf("%q is %v, want %v", text, got, want)
			}
			return
		}
		if date, err := http.ParseTime(text); got > leastAfter && got < mostAfter {
			if err != nil && strings.Trim(text, "0123456789") != "" || err == nil && date.Sub(noon()) != got {
				t.Fatalf("%q is %v, and net/http reads %v, %v", text, got, date, err)
			}
		}
	})
}

package delivery

import (
	"time"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// LongestAfter is the longest wait that is believed to be meant.
const LongestAfter = 24 * time.Hour

// The bounds of [Outcome.After]: less is no wait, and after more a vendor is asked whether it is still so.
const (
	leastAfter = time.Second
	mostAfter  = time.Hour
)

// dates are the three forms of a date in HTTP (RFC 9110, section 5.6.7): today's, RFC 850's and C's asctime.
var dates = [...]string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC}

// RetryAfter reads Retry-After (RFC 9110, section 10.2.3), seconds or a date: how long it is until then, 0 where it is
// past, and [LongestAfter] at most. What is neither says nothing.
func RetryAfter(text []byte, now time.Time) (wait time.Duration, ok bool) {
	if len(text) == 0 {
		return 0, false
	}
	if wait, ok = seconds(text); ok {
		return wait, true
	}
	for _, form := range dates {
		if date, err := time.Parse(form, string(text)); err == nil {
			return min(max(date.Sub(now), 0), LongestAfter), true
		}
	}
	return 0, false
}

// seconds reads digits alone.
func seconds(text []byte) (time.Duration, bool) {
	n := time.Duration(0)
	for _, c := range text {
		if !ascii.IsDigit(c) {
			return 0, false
		}
		n = min(10*n+time.Duration(c-'0'), LongestAfter/time.Second)
	}
	return n * time.Second, true
}

// asksToWait is Retry-After as an outcome has it; 0 where there is none, or it says nothing.
func asksToWait(text []byte, now func() time.Time) time.Duration {
	if len(text) == 0 {
		return 0
	}
	wait, ok := RetryAfter(text, now())
	if !ok {
		return 0
	}
	return min(max(wait, leastAfter), mostAfter)
}

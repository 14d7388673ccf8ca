package webhook

import (
	"net/http"
	"strings"
	"time"
)

// backoff is how long one waits between attempts: up to first behind the first, twice as long behind each further one,
// and never longer than most.
type backoff struct{ least, first, most time.Duration }

var (
	ofMessage  = backoff{50 * time.Millisecond, time.Second, time.Hour}   // one that is not taken
	ofReceiver = backoff{50 * time.Millisecond, time.Second, time.Minute} // one that takes nothing
)

// delay is how long one waits after so many failures: any time up to the bound ("full jitter"), so that what failed at
// one time is not tried again at one time.
func (b backoff) delay(failures int, random func(n int64) int64) time.Duration {
	bound := b.most
	if shift := max(failures-1, 0); shift < 32 && b.first<<shift < b.most {
		bound = b.first << shift
	}
	return b.least + time.Duration(random(int64(bound-b.least)+1))
}

// longestAfter is how long a receiver may ask to be let be.
const longestAfter = time.Hour

// retryAfter is how long a receiver asked to be let be, in seconds or until a date (RFC 9110, section 10.2.3); 0: it did
// not, or nobody can tell.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if strings.Trim(text, "0123456789") == "" {
		seconds := 0
		for _, digit := range []byte(text) {
			seconds = min(10*seconds+int(digit-'0'), int(longestAfter/time.Second))
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), longestAfter)
}

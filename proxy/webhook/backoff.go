package webhook

import (
	"net/http"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy/delivery"
)

// How long one waits between attempts.
var (
	ofMessage  = delivery.Backoff{First: time.Second, Most: time.Hour}   // of a message that is not taken
	ofReceiver = delivery.Backoff{First: time.Second, Most: time.Minute} // of a receiver that takes nothing
)

// longestAfter is how long a receiver may ask to be let be.
const longestAfter = time.Hour

// retryAfter is how long a receiver asked to be let be; 0: it did not, or nobody can tell.
func retryAfter(h http.Header, now time.Time) time.Duration {
	wait, _ := delivery.RetryAfter([]byte(strings.TrimSpace(h.Get("Retry-After"))), now)
	return min(wait, longestAfter)
}

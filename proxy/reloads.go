package proxy

import (
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/proxy/metrics"
)

// reloads are when server file and policy folder were last read, and how that went. The zero value has read nothing.
type reloads struct {
	mu   sync.Mutex
	last metrics.Policy // without its digest
}

// good notes that what the files say serves.
func (r *reloads) good(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last.Good, r.last.Stale = now, false
}

// refused notes that the files were refused: what was there goes on.
func (r *reloads) refused(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last.Refused, r.last.Stale = now, true
}

// state says how that stands.
func (r *reloads) state(digest string) metrics.Policy {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.last
	now.Digest = digest
	return now
}

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

	since time.Time // what serves is not what the files say
	which string    // what was refused last, and why; "" where nothing was, or it could not be recorded
}

// good notes that what the files say serves.
func (r *reloads) good(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last.Good, r.last.Stale, r.which = now, false, ""
}

// refused notes that the files were refused, and which: what was there goes on.
func (r *reloads) refused(now time.Time, which string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.last.Stale {
		r.since = now
	}
	r.last.Refused, r.last.Stale, r.which = now, true, which
}

// refusedBefore tells whether the same was refused last.
func (r *reloads) refusedBefore(which string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.which == which
}

// refusedSince is since when the files are refused, where they are.
func (r *reloads) refusedSince() (time.Time, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.since, r.last.Stale
}

// state says how that stands.
func (r *reloads) state(digest string) metrics.Policy {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.last
	now.Digest = digest
	return now
}

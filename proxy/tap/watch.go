package tap

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"
	"time"
)

// The bounds of a watch: lines that wait for their watcher, how many bytes they hold together, and hits whose events
// wait for their vendors.
const (
	MostLines = 256
	MostBytes = 1 << 20
	following = 256
)

// Watcher is who watches.
type Watcher struct {
	Key  string // that no other watcher has
	Name string // as records have it
}

// Watch is what a watcher sees. It is safe for concurrent use.
type Watch struct {
	ID    string
	Until time.Time // it ends then

	by      Watcher
	ask     Ask
	preview [sha256.Size]byte
	gone    chan struct{} // closed when it has ended
	wake    chan struct{} // has room for one
	told    chan struct{} // closed when whoever is told of its end was
	timers  [2]*time.Timer

	mu      sync.Mutex // guards what follows
	lines   []Line
	bytes   int
	lost    uint64 // lines since the last Take for which there was no room
	shown   int    // events, in all
	follows [following]uint64
	next    int // place in follows
}

// Wants tells whether a watch is about an event. An empty Preview is nobody's.
func (w *Watch) Wants(vendor, endpoint, reason string, carries *Preview) bool {
	if w.ask.Own && !carries.is(&w.preview) {
		return false
	}
	return wants(w.ask.Vendors, vendor) && wants(w.ask.Endpoints, endpoint) && wants(w.ask.Reasons, reason)
}

// Own tells whether the watcher is shown the values of fields, since the hits are the watcher's own.
func (w *Watch) Own() bool { return w.ask.Own }

// Room tells whether there is room for a line. Where there is none it is counted as lost: nobody needs to make it.
func (w *Watch) Room() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.room()
}

func (w *Watch) room() bool {
	if len(w.lines) < MostLines && w.bytes < MostBytes {
		return true
	}
	w.lost++
	return false
}

// Add has the watcher be shown a line. What becomes later of an event that waits is told as well.
func (w *Watch) Add(l Line, waits bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.room() || w.ended() {
		return
	}
	w.lines, w.bytes = append(w.lines, l), w.bytes+l.size()
	if waits && !slices.Contains(w.follows[:], l.Hit) {
		w.follows[w.next] = l.Hit
		w.next = (w.next + 1) % following
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// follow tells whether a hit was shown whose events waited.
func (w *Watch) follow(hit uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return hit != 0 && slices.Contains(w.follows[:], hit)
}

func (w *Watch) ended() bool {
	select {
	case <-w.gone:
		return true
	default:
		return false
	}
}

// take hands out the lines that wait, and how many were lost before them. It waits for the first for so long, or until
// the context or the watch ends.
func (w *Watch) take(ctx context.Context, wait time.Duration) (lines []Line, lost uint64) {
	t := time.NewTimer(wait)
	defer t.Stop()
	for {
		w.mu.Lock()
		if len(w.lines) > 0 || w.lost > 0 {
			lines, lost = w.lines, w.lost
			w.lines, w.bytes, w.lost = nil, 0, 0
			for i := range lines {
				if lines[i].Kind != OfOutcome {
					w.shown++
				}
			}
			w.mu.Unlock()
			return lines, lost
		}
		w.mu.Unlock()
		select {
		case <-w.wake:
		case <-w.gone:
			return nil, 0
		case <-ctx.Done():
			return nil, 0
		case <-t.C:
			return nil, 0
		}
	}
}

// Lose counts a line that could not be made.
func (w *Watch) Lose() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost++
}

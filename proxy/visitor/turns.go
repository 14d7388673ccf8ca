package visitor

import (
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// turns hand out what everybody shares. As long as there is enough, whoever comes is served at once. Where there is
// not, changes wait, and those are served first whose senders changed least lately; of equals, who came first. Where
// too many wait, whoever changed most lately is sent away, so that somebody who comes for the first time finds a place.
//
// Whoever changed nothing lately has ten times as much besides, of which the others get nothing: with a flood that
// comes from ever new places, and of which nobody can tell who is who, it is better to keep too much than to refuse
// somebody. Places come to an end, and so does such a flood.
type turns struct {
	now  func() time.Time
	most int

	mu      sync.Mutex // guards what follows
	left    *rate.Limiter
	fresh   *rate.Limiter // for those who changed nothing lately
	waiting []*turn       // in the order in which they came
	handing bool          // somebody hands out turns
}

// turn is a change that waits.
type turn struct {
	late float64   // how many changes its sender made lately
	ends chan bool // told once: whether it may be made
}

const (
	atOnce = 10 // seconds' changes are taken at once
	more   = 10 // times as many are taken of those who changed nothing lately
)

func newTurns(perSecond, most int, now func() time.Time) *turns {
	bucket := func(perSecond int) *rate.Limiter { return rate.NewLimiter(rate.Limit(perSecond), atOnce*perSecond) }
	return &turns{now: now, most: most, left: bucket(perSecond), fresh: bucket(more * perSecond)}
}

// take waits for a turn, and tells whether there was one. Late is how many changes the sender made lately.
func (t *turns) take(late float64) bool {
	t.mu.Lock()
	if len(t.waiting) == 0 && allow(t.left, t.now()) || late < 1 && allow(t.fresh, t.now()) {
		t.mu.Unlock()
		return true
	}
	mine := &turn{late: late, ends: make(chan bool, 1)}
	t.waiting = append(t.waiting, mine)
	if len(t.waiting) > t.most {
		t.sendAway()
	}
	if !t.handing && len(t.waiting) > 0 {
		t.handing = true
		time.AfterFunc(t.pause(), t.hand)
	}
	t.mu.Unlock()
	patience := time.NewTimer(patienceForTurn)
	defer patience.Stop()
	select {
	case granted := <-mine.ends:
		return granted
	case <-patience.C:
	}
	t.mu.Lock()
	t.waiting = slices.DeleteFunc(t.waiting, func(one *turn) bool { return one == mine })
	t.mu.Unlock()
	select {
	case granted := <-mine.ends: // just now
		return granted
	default:
		return false
	}
}

// sendAway ends the waiting of who changed most lately; of equals, of who came last.
func (t *turns) sendAway() {
	worst := 0
	for i, one := range t.waiting {
		if one.late >= t.waiting[worst].late {
			worst = i
		}
	}
	t.end(worst, false)
}

// hand hands out as many turns as there are, and goes on for as long as somebody waits.
func (t *turns) hand() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.waiting) > 0 && allow(t.left, t.now()) {
		best := 0
		for i, one := range t.waiting {
			if one.late < t.waiting[best].late {
				best = i
			}
		}
		t.end(best, true)
	}
	if t.handing = len(t.waiting) > 0; t.handing {
		time.AfterFunc(t.pause(), t.hand)
	}
}

func (t *turns) end(i int, granted bool) {
	t.waiting[i].ends <- granted
	t.waiting = slices.Delete(t.waiting, i, i+1)
}

// pause is how long it takes until there is another turn, at least a millisecond.
func (t *turns) pause() time.Duration { return max(until(t.left, t.now()), time.Millisecond) }

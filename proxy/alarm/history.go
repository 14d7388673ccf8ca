package alarm

import (
	"time"
)

// Measure is what is counted of a subject.
type Measure string

// The measures: so many of all.
const (
	Events   Measure = "events"   // by site, and by site and vendor; of is none
	Granted  Measure = "granted"  // hits of a site whose visitor granted all or some of what was asked
	Entire   Measure = "entire"   // those whose visitor granted all
	Unlisted Measure = "unlisted" // fields of a vendor's hits that its catalog entry does not have
	Astray   Measure = "astray"   // hits of a site that no endpoint covers, or of no site
	Refused  Measure = "refused"  // requests that a vendor answered with 4xx
)

// Count is how often something was counted since the process began.
type Count struct {
	Measure Measure
	Subject string
	Of, All uint64
}

// What is remembered: eight days, so that a day can be held against that of a week ago, by slots of ten minutes.
const (
	slot  = 10 * time.Minute
	day   = 24 * time.Hour
	week  = 7 * day
	slots = int((week + day) / slot)
)

// most is how many subjects are counted; of more nothing is known.
const most = 1000

// key tells series apart.
type key struct {
	measure Measure
	subject string
}

// pair is what was counted within a slot.
type pair struct{ of, all uint32 }

// series are the slots of one subject, in a ring by the slot's number.
type series [slots + 2]pair

// history is what was counted. Its zero value has counted nothing.
type history struct {
	newest int64 // the number of the slot that is counted in, since 1970; 0: none yet
	began  int64 // the number of the first slot
	minute int64 // the minute that was counted last
	looked [slots + 2]uint8
	all    map[key]*series
	last   map[key]Count // as read last, in this process
}

// add counts what was counted since the last time. It is called each minute.
func (h *history) add(now time.Time, counts []Count) {
	if h.all == nil {
		h.all = map[key]*series{}
	}
	if h.last == nil {
		h.last = map[key]Count{}
	}
	h.turn(now)
	at := h.newest % int64(len(h.looked))
	if minute := now.Unix() / 60; minute > h.minute { // a reload looks, too
		h.minute = minute
		h.looked[at] = min(h.looked[at]+1, uint8(slot/time.Minute))
	}
	for _, c := range counts {
		of := key{c.Measure, c.Subject}
		before := h.last[of]
		if before.All > c.All || before.Of > c.Of {
			before = Count{}
		}
		h.last[of] = c
		s := h.all[of]
		if s == nil {
			if len(h.all) >= most {
				continue
			}
			s = new(series)
			h.all[of] = s
		}
		s[at].of = sum(s[at].of, c.Of-before.Of)
		s[at].all = sum(s[at].all, c.All-before.All)
	}
}

func sum(a uint32, b uint64) uint32 { return uint32(min(uint64(a)+b, 1<<32-1)) }

// turn goes on to the slot of a time: those in between are empty. Where the clock goes back
// what comes is counted in the newest one.
func (h *history) turn(now time.Time) {
	number := now.Unix() / int64(slot/time.Second)
	if h.newest == 0 {
		h.newest, h.began = number, number
	}
	if h.newest-number > int64(len(h.looked)) { // what was counted then was counted by another clock
		*h = history{newest: number, began: number, all: map[key]*series{}, last: h.last}
	}
	if number-h.newest > int64(len(h.looked)) {
		h.newest = number - int64(len(h.looked))
	}
	for h.newest < number {
		h.newest++
		at := h.newest % int64(len(h.looked))
		h.looked[at] = 0
		for _, s := range h.all {
			s[at] = pair{}
		}
	}
}

// has tells whether anything was ever counted of a subject.
func (h *history) has(of key) bool { return h.all[of] != nil }

// total is what was counted.
type total struct{ of, all uint64 }

func (t total) share() float64 {
	if t.all == 0 {
		return 0
	}
	return float64(t.of) / float64(t.all)
}

// span adds up n slots, of which the newest is so many before the one that is counted in.
func (h *history) span(of key, before, n int) (t total) {
	s := h.all[of]
	if s == nil {
		return t
	}
	for i := range n {
		number := h.newest - int64(before+i)
		if before+i >= len(s) || number < h.began {
			break
		}
		at := s[number%int64(len(s))]
		t.of, t.all = t.of+uint64(at.of), t.all+uint64(at.all)
	}
	return t
}

// within is how many slots a time covers whole, and the one that is counted in.
func within(d time.Duration) int { return int(d/slot) + 1 }

// recent is what was counted within a time up to now.
func (h *history) recent(of key, d time.Duration) total { return h.span(of, 0, within(d)) }

// ago is what was counted within a time up to a moment of before.
func (h *history) ago(of key, before, d time.Duration) total {
	return h.span(of, int(before/slot), within(d))
}

// past is what was counted in the week before a time up to now.
func (h *history) past(of key, d time.Duration) total { return h.span(of, within(d), int(week/slot)) }

// watched tells whether somebody counted in that time, but for a restart.
func (h *history) watched(before, d time.Duration) bool {
	first, n, minutes := int(before/slot), within(d), 0
	for i := range n {
		number := h.newest - int64(first+i)
		if first+i >= len(h.looked) || number < h.began {
			break
		}
		minutes += int(h.looked[number%int64(len(h.looked))])
	}
	return minutes >= int(d/time.Minute)*4/5
}

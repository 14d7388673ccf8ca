package rules

import (
	"math"
	"time"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// longestAgo is how long before it was sent an event may have been, in milliseconds; what says more says nothing.
const longestAgo = 10 * 366 * 24 * 60 * 60 * 1000

// stamps are what an event says of when it was and which one it is. They are read where a rung asks, and once: most
// events are judged by no act that has a date.
type stamps struct {
	hit     *hit.Hit
	event   int32
	now     time.Time
	denials Denials
	vendor  string

	timed     bool  // own and sent were read
	own, sent int64 // when it was and when it was sent, by the clock of who made it, in milliseconds; 0: it does not say
	asked     bool  // denials were
	denied    bool
}

// times reads when the event was, and when it was sent. Of several times the oldest is its own and the newest that of
// sending: an SDK that sends again writes that anew, and not everywhere.
func (s *stamps) times() (own, sent int64) {
	if s.timed {
		return s.own, s.sent
	}
	s.timed = true
	ago := int64(-1)
	for _, of := range [2]int32{s.event, hit.Shared} {
		inherit := s.own == 0 && ago < 0 // what all share holds for an event that says nothing of its own
		for i := s.hit.FirstStamp(of); i != hit.None; i = s.hit.Stamps[i].Peer {
			stamp := &s.hit.Stamps[i]
			switch text := s.hit.Text(stamp.Node); stamp.Kind {
			case hit.OwnTime:
				if at, ok := read.Instant(text); ok && inherit {
					s.own = read.Older(s.own, at)
				}
			case hit.SentTime:
				if at, ok := read.Instant(text); ok {
					s.sent = max(s.sent, at)
				}
			case hit.MillisAgo, hit.SecsAgo:
				if n, ok := span(text); ok && inherit {
					if stamp.Kind == hit.SecsAgo {
						n *= 1000
					}
					ago = max(ago, n)
				}
			case hit.OwnID, hit.NoStamp:
			}
		}
	}
	if ago >= 0 && ago <= longestAgo {
		from := s.sent
		if from == 0 {
			from = s.now.UnixMilli()
		}
		s.own = read.Older(s.own, from-ago)
	}
	return s.own, s.sent
}

// span reads how long something took: digits, decimals are cut off.
func span(text []byte) (n int64, ok bool) {
	for i, c := range text {
		if c == '.' && i > 0 {
			return n, true
		}
		if c < '0' || c > '9' || n > math.MaxInt64/10_000_000 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(text) > 0
}

// isBefore tells whether the event was before an act. Both are in milliseconds; the act is dated by our own clock, or,
// where theirs is true, perhaps by that of who made the event: a browser's cookie is. Where both readings can be, one
// is enough. An act cannot have been later than now: one that seems to be was dated by a clock that is ahead.
func (s *stamps) isBefore(act int64, theirs bool) bool {
	own, sent := s.times()
	if own == 0 || act == 0 {
		return false
	}
	now, skew := s.now.UnixMilli(), clockSkew.Milliseconds()
	ahead := int64(0) // of our clock before theirs
	if sent != 0 {
		ahead = now - sent
	}
	at := own + ahead + skew
	if act <= now+skew || !theirs || act+ahead > now+skew {
		if at < act {
			return true
		}
	}
	return theirs && act+ahead <= now+skew && at < act+ahead
}

// leastID is how many bytes an id of an event has that is taken for one: a shorter one is a counter, or a constant.
const leastID = 8

// ids yields the ids by which an event is told from all others.
func (s *stamps) ids(yield func(id []byte) bool) {
	for i := s.hit.FirstStamp(s.event); i != hit.None; i = s.hit.Stamps[i].Peer {
		stamp := &s.hit.Stamps[i]
		if stamp.Kind != hit.OwnID {
			continue
		}
		if id := s.hit.Text(stamp.Node); len(id) >= leastID && !yield(id) {
			return
		}
	}
}

// wasDenied tells whether the event was denied before, as far as that is remembered.
func (s *stamps) wasDenied() bool {
	if s.denials == nil || s.asked {
		return s.denied
	}
	s.asked = true
	for id := range s.ids {
		s.denied = s.denied || s.denials.Denied(s.vendor, id, s.now)
	}
	return s.denied
}

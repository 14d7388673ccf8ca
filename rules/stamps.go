package rules

import (
	"math"
	"math/bits"
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
		for i := hit.FirstStamp(s.hit, of); i != hit.None; i = s.hit.Stamps[i].Peer {
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

// sums yields the event under each of its ids, as a sum of vendor and id.
func (s *stamps) sums(d Denials, yield func(sum uint64) bool) {
	for i := hit.FirstStamp(s.hit, s.event); i != hit.None; i = s.hit.Stamps[i].Peer {
		stamp := &s.hit.Stamps[i]
		if stamp.Kind != hit.OwnID {
			continue
		}
		id := s.hit.Text(stamp.Node)
		if len(id) >= leastID && !yield(d.Sum(id)^bits.RotateLeft64(d.Sum(read.Bytes(s.vendor)), 32)) {
			return
		}
	}
}

// whose is the sum of an event's own identifiers, in any order: an id that a site gives to every event is then nobody
// else's.
func (s *stamps) whose(d Denials) (sum uint64) {
	for i := s.hit.FirstOf(s.event); i != hit.None; i = s.hit.Nodes[i].Peer {
		if n := &s.hit.Nodes[i]; n.Class.Identifies() && !n.Kind.Holds() && !n.Opened {
			sum += bits.RotateLeft64(d.Sum(s.hit.Text(i)), 16)
		}
	}
	return sum
}

// wasDenied tells whether the event was denied before, as far as that is remembered.
func (s *stamps) wasDenied() bool {
	if s.denials == nil || s.asked {
		return s.denied
	}
	s.asked = true
	s.sums(s.denials, func(sum uint64) bool {
		// Whose it is, is asked for only where the id was met.
		s.denied = s.denials.Denied(sum, s.now) && s.denials.Denied(sum+s.whose(s.denials), s.now)
		return !s.denied
	})
	return s.denied
}

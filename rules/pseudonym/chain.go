package pseudonym

import (
	"errors"
	"fmt"
	"time"
)

// Chains exist from First until before End: 2020-01-01 and 2120-01-01, UTC. A time before First counts as First; after
// End there are no keys, and what needs one is dropped.
var (
	first = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	end   = time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC)
)

// MaxSleep is how far a node's chains are advanced at once without somebody saying that the clock is right: a clock
// that is years ahead would else leave them there, and no pseudonym would change until that time has come.
const MaxSleep = 400 * 24 * time.Hour

// ErrAhead says that the clock is further ahead of the chains than [MaxSleep], or behind their end.
var ErrAhead = errors.New("the clock is too far ahead of the key state")

// link is a chain where it stands.
type link struct {
	period int64 // number of the period (Rotation.Period)
	turns  int   // how often it was replaced out of turn
	key    Key
}

// next replaces the chain's key by its own one-way hash. From what it is then, what it was cannot be made.
func (l *link) next() {
	l.key = Key(l.key.MAC([]byte("tagwarden/1/next")))
	l.period++
}

// State is all that a node keeps of its keys: three that stay, and a chain for each
// rotation. The zero State holds no key.
//
// A chain is a ratchet: at the end of a period its key is replaced by its own hash, so that from a State the pseudonyms
// of earlier periods cannot be made. Nodes that began with the same root, or the same State, agree without talking.
type State struct {
	subject, ledger, digest Key
	shreds                  int // how often the ledger's subject key was replaced
	chains                  [numRotations]link
	rekeying                rekeying
}

// State returns the keys as they are at t: what every node that was never rotated out of turn has then. It takes a step
// a period since 2020-01-01, at most 36,525 (100 years of days).
func (r Root) State(t time.Time) State {
	s := State{subject: r.SubjectKey(), ledger: r.LedgerSubjectKey(), digest: r.LedgerDigestKey()}
	for k := range numRotations {
		s.chains[k] = link{period: k.Period(first), key: below(r[:], "chain", k.String())}
	}
	s.advance(t)
	s.BeginRekeying(r.RekeyingKey())
	return s
}

// Zero tells whether the state holds no key.
func (s State) Zero() bool { return s == State{} }

// Advance takes every chain to the period that t is in, one step a period, and returns which moved. A chain never goes
// back: where t is earlier than the state, nothing moves. It moves nothing either, and the error is [ErrAhead], where t
// is more than [MaxSleep] after the state's day, or after the end of the chains.
func (s *State) Advance(t time.Time) (moved []Rotation, err error) {
	if t.Sub(s.Since()) > MaxSleep {
		return nil, fmt.Errorf("%w: it says %s, the key state is of %s", ErrAhead, t.UTC().Format(time.DateOnly),
			s.Since().Format(time.DateOnly))
	}
	return s.CatchUp(t)
}

// CatchUp is Advance however long the node slept: somebody said that the clock is right.
func (s *State) CatchUp(t time.Time) (moved []Rotation, err error) {
	if s.Zero() || !t.Before(end) {
		return nil, fmt.Errorf("%w: keys end with %s", ErrAhead, end.Format(time.DateOnly))
	}
	return s.advance(t), nil
}

func (s *State) advance(t time.Time) (moved []Rotation) {
	if !t.Before(end) {
		t = end.Add(-time.Nanosecond)
	}
	for k := range numRotations {
		c := &s.chains[k]
		if to := k.Period(t); c.period < to {
			moved = append(moved, k)
			for c.period < to {
				c.next()
			}
		}
	}
	return moved
}

// ShredLedger puts a random key in the place of the ledger's subject key, where a state is lost in which that had been
// replaced, and with it what it had been replaced by.
func (s *State) ShredLedger(random Key) {
	s.ledger = random
	s.shreds++
}

// Shreds is how often the ledger's subject key was replaced.
func (s State) Shreds() int { return s.shreds }

// Chain says where a chain stands.
func (s State) Chain(k Rotation) (period int64, turns int) {
	return s.chains[k].period, s.chains[k].turns
}

// Since is the first moment of the day that the chains are of.
func (s State) Since() time.Time { return time.Unix(s.chains[Day].period*secondsPerDay, 0).UTC() }

// Until is the first moment at which a chain has to go on.
func (s State) Until() time.Time { return s.Since().AddDate(0, 0, 1) }

// Chains are the chains' keys, to derive from.
func (s State) Chains() Chains {
	c := Chains{until: s.Until()}
	for k := range numRotations {
		c.keys[k] = s.chains[k].key
	}
	return c
}

// SubjectKey is the key of objections' subjects.
func (s State) SubjectKey() Key { return s.subject }

// FeedKey is what suppression feeds are matched with: it is given to the tools that pull them,
// and tells them nothing of other keys.
func (s State) FeedKey() Key { return Key(s.subject.MAC([]byte("tagwarden/1/feed"))) }

// SigningKey signs links, and the cookies that objections are taken back with.
func (s State) SigningKey() Key { return Key(s.subject.MAC([]byte("tagwarden/1/signing"))) }

// OutboxKey seals messages that wait to be sent.
func (s State) OutboxKey() Key { return Key(s.subject.MAC([]byte("tagwarden/1/outbox"))) }

// QueueKey wraps the keys that events which wait are sealed with.
func (s State) QueueKey() Key { return Key(s.subject.MAC([]byte("tagwarden/1/queue"))) }

// CheckpointKey is the seed of the Ed25519 key (RFC 8032) that signs what the ledger of this origin had come to. It is
// below the key that is given to nobody, and never changes: neither rotating nor shredding ends what a log's key was.
func (s State) CheckpointKey(origin string) Key { return below(s.subject[:], "checkpoint", origin) }

// LedgerSubjectKey is the key of the ledger's subjects.
func (s State) LedgerSubjectKey() Key { return s.ledger }

// LedgerDigestKey is the key of the digests of bytes that left.
func (s State) LedgerDigestKey() Key { return s.digest }

// Identity names the root that a state was made from, and tells nothing of it: 16 hex digits, the same as
// long as objections find their subjects.
func (s State) Identity() string {
	mac := s.subject.MAC([]byte("tagwarden/1/identity"))
	return string(appendHex(nil, mac[:8]))
}

// String hides the keys from logs.
func (State) String() string { return "key state" }

// GoString hides the keys from logs.
func (State) GoString() string { return "key state" }

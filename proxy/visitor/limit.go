package visitor

import (
	"cmp"
	"math"
	"net/netip"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// Limits bound how fast objections are taken, for whoever can send identifiers can make the store grow.
// Looking is not limited, nor is what makes no store grow: what only a cookie holds, and what is in force
// already. Zero values take the defaults given.
//
// Nobody is to be kept from objecting by what somebody else does. So there are buckets of their own for each network
// and for each person with links, and what all of them share, PerSecond, goes to those first who changed least lately.
type Limits struct {
	// changes at once from one network (IPv4: an address, IPv6: 48 bits, which is what one customer has at most); 30
	Burst     int
	PerMinute int // changes a minute from one network after that; 10

	// Mail programs' clicks come from the servers of a few providers: links are limited by
	// whom they are for, and not by address.
	LinkBurst     int // changes at once by all links of one person; 10
	LinkPerMinute int // changes a minute by them after that; 6

	PerSecond int // changes in the store a second of everybody, ten times as many at once; 1,000
	Waiting   int // how many wait for their turn where these are too few; 512

	// Remembered is how many networks, and how many people with links, are remembered, and twice as many networks around
	// them, about 300 bytes each; 65,536. Who was forgotten begins anew: nobody is refused for it.
	Remembered int
}

// patienceForTurn is how long a change waits for its turn at most.
const patienceForTurn = 3 * time.Second

// limiter says whether a change may be made now.
type limiter struct {
	Limits
	now   func() time.Time
	turns *turns

	mu     sync.Mutex // guards what follows
	own    *lru.LRU[netip.Prefix, *changer]
	wide   *lru.LRU[netip.Prefix, *recent] // of the networks around them
	people *lru.LRU[objection.Subject, *changer]
}

// changer is somebody who changes things: a network, or a person with links.
type changer struct {
	bucket *rate.Limiter
	recent recent
}

// around is how many changes from the network around somebody weigh as much as one
// change of their own; fewer weigh nothing.
const around = 64

func newLimiter(l Limits, now func() time.Time) *limiter {
	l.Burst = cmp.Or(max(l.Burst, 0), 30)
	l.PerMinute = cmp.Or(max(l.PerMinute, 0), 10)
	l.LinkBurst = cmp.Or(max(l.LinkBurst, 0), 10)
	l.LinkPerMinute = cmp.Or(max(l.LinkPerMinute, 0), 6)
	l.PerSecond = cmp.Or(max(l.PerSecond, 0), 1000)
	l.Waiting = cmp.Or(max(l.Waiting, 0), 512)
	l.Remembered = cmp.Or(max(l.Remembered, 0), 1<<16)
	return &limiter{
		Limits: l, now: now, turns: newTurns(l.PerSecond, l.Waiting, now),
		own: remembering[netip.Prefix, *changer](l.Remembered), wide: remembering[netip.Prefix, *recent](2 * l.Remembered),
		people: remembering[objection.Subject, *changer](l.Remembered),
	}
}

func remembering[K comparable, V any](n int) *lru.LRU[K, V] {
	made, err := lru.NewLRU[K, V](n, nil)
	if err != nil {
		panic("BUG: the limits remember nobody: " + err.Error())
	}
	return made
}

// page takes one change of a visitor, and may wait for its turn. Where that is too many, it returns how long to wait,
// at least a second. All whose address nobody knows share no bucket, for they are many: they only come after others.
func (l *limiter) page(from netip.Addr) time.Duration {
	own, wide := networks(from)
	l.mu.Lock()
	now := l.now()
	beside := remembered(l.wide, wide, func() *recent { return new(recent) })
	late := math.Floor(beside.at(now)) // a few neighbours do not put somebody behind who comes from where nobody lives
	var mine *changer
	if own.IsValid() {
		mine = remembered(l.own, own, func() *changer { return newChanger(l.PerMinute, l.Burst) })
		if wait := mine.take(now); wait > 0 {
			l.mu.Unlock()
			return wait
		}
		late = max(late, mine.recent.at(now))
	}
	l.mu.Unlock()
	return l.turn(late, func(now time.Time) {
		beside.add(now, 1./around)
		if mine != nil {
			mine.recent.add(now, 1)
		}
	})
}

// link takes one change by a signed link, of the person that its first subject is.
func (l *limiter) link(person objection.Subject) time.Duration {
	person.Form = 0 // whoever made the link
	l.mu.Lock()
	now := l.now()
	of := remembered(l.people, person, func() *changer { return newChanger(l.LinkPerMinute, l.LinkBurst) })
	wait, late := of.take(now), of.recent.at(now)
	l.mu.Unlock()
	if wait > 0 {
		return wait
	}
	return l.turn(late, func(now time.Time) { of.recent.add(now, 1) })
}

// turn waits for a turn, and notes that something was changed.
func (l *limiter) turn(late float64, note func(time.Time)) time.Duration {
	if !l.turns.take(late) {
		return patienceForTurn
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	note(l.now())
	return 0
}

// remembered returns what is remembered under a key, or a new one.
func remembered[K comparable, V any](of *lru.LRU[K, V], key K, anew func() V) V {
	v, ok := of.Get(key)
	if !ok {
		v = anew()
		of.Add(key, v)
	}
	return v
}

func newChanger(perMinute, burst int) *changer {
	return &changer{bucket: rate.NewLimiter(rate.Limit(float64(perMinute)/60), burst)}
}

// take takes one change out of the bucket, or says how long it takes until there is one, at least a second.
func (c *changer) take(now time.Time) time.Duration {
	if allow(c.bucket, now) {
		return 0
	}
	return max(until(c.bucket, now), time.Second)
}

// allow takes one out of a bucket, where there is one. A clock that was set back
// fills nothing, and stops nothing either.
func allow(bucket *rate.Limiter, now time.Time) bool {
	bucket.SetLimitAt(now, bucket.Limit()) // where nothing can be taken out, it goes on from the later time
	return bucket.AllowN(now, 1)
}

// until is how long it takes until one can be taken out of an empty bucket.
func until(bucket *rate.Limiter, now time.Time) time.Duration {
	return time.Duration((1 - bucket.TokensAt(now)) / float64(bucket.Limit()) * float64(time.Second))
}

// recent counts changes, and forgets one every ten minutes.
type recent struct {
	changes float64
	then    time.Time // when changes was right
}

const (
	forgets    = 10 * time.Minute
	mostRecent = 64
)

// at is how many there were lately.
func (r *recent) at(now time.Time) float64 {
	return max(0, r.changes-max(0, float64(now.Sub(r.then))/float64(forgets)))
}

func (r *recent) add(now time.Time, weight float64) {
	r.changes, r.then = min(r.at(now)+weight, mostRecent), now
}

// networks are whom a limit is for, and the network around them: an IPv4 address and 16 bits of it, or 48 bits of an
// IPv6 address and 32. Where the address is not known both are zero.
func networks(a netip.Addr) (own, wide netip.Prefix) {
	return hit.NetworkOf(a, 32, 48), hit.NetworkOf(a, 16, 32)
}

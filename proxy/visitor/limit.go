package visitor

import (
	"math"
	"net/netip"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2/simplelru"
)

// Limits bound how fast objections are taken, for whoever can send identifiers can make the store grow. Looking is not limited. Zero values
// take the defaults given.
type Limits struct {
	Burst     int // changes at once from one address (IPv4: one, IPv6: a network of 64 bits); 30
	PerMinute int // changes a minute from one address after that; 10
	PerSecond int // changes in the store a second of everybody, twice as many at once; 200
	PerDay    int // changes in the store a day (UTC) of everybody; 1,000,000
	Addresses int // how many addresses are remembered, about 100 bytes each; 65,536. Who was forgotten begins anew

	// Links bounds changes a second by signed links. They have a limit of their own, and none by address: the servers of a few mail providers
	// send most of them.
	Links int // 500
}

func orElse(n *int, value int) {
	if *n <= 0 {
		*n = value
	}
}

// bucket holds what may be done at once, and is filled as time goes by.
type bucket struct {
	left float64
	at   time.Time // when left was right
}

// limiter says whether a change may be made now.
type limiter struct {
	Limits

	mu        sync.Mutex // guards what follows
	addresses *lru.LRU[netip.Prefix, *bucket]
	everybody bucket
	links     bucket
	day       time.Time
	today     int
}

func newLimiter(l Limits) *limiter {
	orElse(&l.Burst, 30)
	orElse(&l.PerMinute, 10)
	orElse(&l.PerSecond, 200)
	orElse(&l.PerDay, 1_000_000)
	orElse(&l.Addresses, 1<<16)
	orElse(&l.Links, 500)
	addresses, err := lru.NewLRU[netip.Prefix, *bucket](l.Addresses, nil)
	if err != nil {
		panic("BUG: the limits allow no address: " + err.Error())
	}
	return &limiter{
		Limits: l, addresses: addresses,
		everybody: bucket{left: float64(2 * l.PerSecond)}, links: bucket{left: float64(2 * l.Links)},
	}
}

// change takes one change from an address; where that is too many, it returns how long to wait, at least a second. What only a cookie holds
// does not count among everybody's.
func (l *limiter) change(from netip.Addr, stored bool, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if day := now.UTC().Truncate(24 * time.Hour); day.After(l.day) {
		l.day, l.today = day, 0
	}
	if stored && l.today >= l.PerDay {
		return max(l.day.Add(24*time.Hour).Sub(now), time.Second)
	}
	network := networkOf(from)
	of, ok := l.addresses.Get(network)
	if !ok {
		of = &bucket{left: float64(l.Burst), at: now}
		l.addresses.Add(network, of)
	}
	wait := of.wait(now, float64(l.PerMinute)/60, l.Burst)
	if stored {
		wait = max(wait, l.everybody.wait(now, float64(l.PerSecond), 2*l.PerSecond))
	}
	if wait == 0 {
		of.left--
	}
	if wait == 0 && stored {
		l.everybody.left--
		l.today++
	}
	return wait
}

// link takes one change by a signed link.
func (l *limiter) link(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := l.links.wait(now, float64(l.Links), 2*l.Links)
	if wait == 0 {
		l.links.left--
	}
	return wait
}

// wait fills the bucket and says how long it takes until one can be taken out; 0: now. A clock that was set back fills nothing.
func (b *bucket) wait(now time.Time, perSecond float64, most int) time.Duration {
	if passed := now.Sub(b.at); passed > 0 {
		b.left = math.Min(float64(most), b.left+passed.Seconds()*perSecond)
	}
	b.at = now
	if b.left >= 1 {
		return 0
	}
	return max(time.Duration((1-b.left)/perSecond*float64(time.Second)), time.Second)
}

// networkOf is whom a limit is for: an IPv4 address, or the network of 64 bits that one subscriber of IPv6 has at least. All of whom
// the address is not known are one.
func networkOf(a netip.Addr) netip.Prefix {
	bits := 64
	if a = a.Unmap(); a.Is4() {
		bits = 32
	}
	network, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return network
}

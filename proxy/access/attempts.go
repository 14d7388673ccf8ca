package access

import (
	"math"
	"net/netip"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// How often wrong tokens are answered as such: so many at once from one source (an IPv4 address, an IPv6 network of
// 64 bits), and so many a minute after that. Sources beyond the last number are forgotten, the one first that was
// silent longest; each takes about 200 bytes.
const (
	wrongBurst     = 20
	wrongPerMinute = 10
	wrongSources   = 4096
)

// Attempts bounds wrong tokens by where they come from. It is safe for concurrent use.
type Attempts struct {
	mu  sync.Mutex
	all *lru.LRU[netip.Prefix, *rate.Limiter]
}

// NewAttempts begins with nobody remembered.
func NewAttempts() *Attempts {
	all, err := lru.NewLRU[netip.Prefix, *rate.Limiter](wrongSources, nil)
	if err != nil {
		panic("BUG: a cache of no size")
	}
	return &Attempts{all: all}
}

// Take notes a wrong token from an address and port; where that is too many it returns how many seconds to wait. A
// clock that was set back allows nothing more.
func (a *Attempts) Take(address string, now time.Time) (wait int) {
	from := sourceOf(address)
	a.mu.Lock()
	defer a.mu.Unlock()
	left, known := a.all.Get(from)
	if !known {
		left = rate.NewLimiter(wrongPerMinute/60., wrongBurst)
		a.all.Add(from, left)
	}
	if left.AllowN(now, 1) {
		return 0
	}
	return int(math.Ceil((1 - left.TokensAt(now)) / float64(left.Limit())))
}

// sourceOf is the network that an address and port is of. All of whom that is not known are one.
func sourceOf(address string) netip.Prefix {
	from, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.Prefix{}
	}
	return hit.NetworkOf(from.Addr(), 32, 64)
}

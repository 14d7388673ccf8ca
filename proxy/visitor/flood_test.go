package visitor

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// crowd is people and programs that change things, on a clock that is not real.
type crowd struct {
	*limiter
	all  sync.WaitGroup
	stop chan struct{}

	mu      sync.Mutex
	taken   int           // of the flood
	refused []string      // visitors who were
	slowest time.Duration // that a visitor waited
}

// flood sends n times a second until the crowd is stopped, without waiting for answers.
func (c *crowd) flood(perSecond int, send func(i int) time.Duration) {
	c.all.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(perSecond))
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-c.stop:
				return
			case <-tick.C:
			}
			c.all.Go(func() {
				if send(i) == 0 {
					c.mu.Lock()
					c.taken++
					c.mu.Unlock()
				}
			})
		}
	})
}

// visitor changes something once.
func (c *crowd) visitor(name string, send func() time.Duration) {
	c.all.Go(func() {
		begun := time.Now()
		wait := send()
		c.mu.Lock()
		defer c.mu.Unlock()
		if wait > 0 {
			c.refused = append(c.refused, name)
		}
		c.slowest = max(c.slowest, time.Since(begun))
	})
}

func v4(i int) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(i))))
}

// v6 is in the i-th network of 48 bits below 2001:db8::/32.
func v6(i int) netip.Addr {
	return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, byte(i >> 8), byte(i), 15: 1})
}

// TestFloods: nobody is kept from objecting by what others do, as long as they do not come from where the others come
// from. The flood of each is many times what there is for all.
func TestFloods(t *testing.T) {
	const perSecond = 20
	person := func(i int) objection.Subject {
		return objection.Subject{Space: "email", Hash: [16]byte{byte(i), byte(i >> 8)}}
	}
	home := func(i int) netip.Addr { return v4(198<<24 + i<<16 + 100<<8 + i) } // visitors' networks have nothing in common
	for name, c := range map[string]struct {
		flood  func(c *crowd, i int) time.Duration
		before int // seconds that it lasts before the first visitor comes
		known  int // Limits.Remembered
	}{
		"from 400 addresses all over": {func(c *crowd, i int) time.Duration { return c.page(v4((i % 400) << 16)) }, 60, 0},
		"from 400 addresses, which visitors have as neighbours": {func(c *crowd, i int) time.Duration {
			return c.page(home(i % 40).Next().Next())
		}, 60, 0},
		"from an address of its own each time": {func(c *crowd, i int) time.Duration {
			return c.page(v4(203<<24 + i))
		}, 60, 0},
		"from an IPv6 /48 of its own each time": {func(c *crowd, i int) time.Duration { return c.page(v6(i)) }, 60, 0},
		"from all over, one after the other": {func(c *crowd, i int) time.Duration {
			return c.page(v4(i * 7919 << 16))
		}, 60, 0},
		"by one link, again and again": {func(c *crowd, _ int) time.Duration {
			return c.link(person(9999))
		}, 60, 0},
		"by 300 links": {func(c *crowd, i int) time.Duration {
			return c.link(person(1000 + i%300))
		}, 60, 0},
		"through a proxy that names no addresses": {func(c *crowd, _ int) time.Duration {
			return c.page(netip.Addr{})
		}, 60, 0},
		"from one address": {func(c *crowd, _ int) time.Duration {
			return c.page(v4(203 << 24))
		}, 60, 0},
		"from an address of its own, just begun": {func(c *crowd, i int) time.Duration {
			return c.page(v4(203<<24 + i))
		}, 0, 0},
		"from 2,000 addresses, of which 80 are known": {func(c *crowd, i int) time.Duration {
			return c.page(v4(i%10<<16 | i%2000))
		}, 60, 80},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limits := Limits{PerSecond: perSecond, Waiting: 64, Remembered: c.known}
				crowd := &crowd{limiter: newLimiter(limits, time.Now), stop: make(chan struct{})}
				times := 40
				if name == "from all over, one after the other" {
					times = 9 // nobody can tell them from visitors
				}
				crowd.flood(times*perSecond, func(i int) time.Duration { return c.flood(crowd, i) })
				<-time.After(time.Duration(c.before) * time.Second)
				for i := range 40 {
					crowd.visitor(fmt.Sprintf("visitor %d", i), func() time.Duration { return crowd.page(home(i)) })
					crowd.visitor(fmt.Sprintf("mail %d", i), func() time.Duration { return crowd.link(person(i)) })
					<-time.After(500 * time.Millisecond)
				}
				close(crowd.stop)
				crowd.all.Wait()
				if len(crowd.refused) > 0 {
					t.Errorf("%d of 80 were refused: %s", len(crowd.refused), crowd.refused)
				}
				if most := (more + 1) * (c.before + 30 + atOnce) * perSecond; crowd.taken > most {
					t.Errorf("of the flood %d changes were taken, at most %d are", crowd.taken, most)
				}
				crowd.turns.mu.Lock()
				defer crowd.turns.mu.Unlock()
				if n := len(crowd.turns.waiting); n > 0 {
					t.Errorf("%d still wait", n)
				}
				t.Logf("the flood got %d changes; the slowest visitor waited %v", crowd.taken, crowd.slowest)
			})
		})
	}
}

package proxy

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

// TestActsWaitTheirTurn: each network has one group of a hundred acts a second, in the order in which they came; an
// IPv6 /48 is one network; nothing is taken twice, and none is lost.
func TestActsWaitTheirTurn(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	one, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	l := newActList[int]()
	for act := range 250 {
		from := one
		if act%2 == 1 {
			from = netip.AddrFrom16(one.As16()) // the same, written in IPv6
		}
		if !l.put(from, act) || !l.put(other, act) { // twice: it waits already
			t.Fatal(act)
		}
	}
	l.put(other, 1000)
	for k := range 5 { // each of another network of the same /48
		l.put(netip.MustParseAddr("2001:db8:1::1").Next(), 2000+k)
		l.put(netip.MustParseAddr("2001:db8:1:ffff::1%eth0"), 2010+k)
		l.put(netip.MustParseAddr("2001:db8:2::1"), 2020+k)
	}
	l.put(netip.Addr{}, 3000)
	if len(l.networks) != 5 {
		t.Errorf("%d networks", len(l.networks))
	}
	first := l.take(now)
	slices.Sort(first)
	if len(first) != 100+1+15+1 || first[0] != 0 || first[99] != 99 || first[100] != 1000 {
		t.Errorf("%d acts: %v", len(first), first)
	}
	for _, later := range []time.Duration{0, time.Millisecond, time.Second - 1} {
		if got := l.take(now.Add(later)); len(got) > 0 {
			t.Errorf("after %s: %v", later, got)
		}
	}
	l.put(other, 1001)
	if got := l.take(now.Add(time.Second)); len(got) != 101 || !slices.Contains(got, 1001) || !slices.Contains(got, 199) {
		t.Errorf("%v", got)
	}
	if got := l.take(now.Add(-time.Hour)); len(got) != 50 { // the clock was put back
		t.Errorf("%v", got)
	}
	if l.take(now); len(l.networks) > 0 || len(l.waiting) > 0 {
		t.Errorf("%d networks are remembered, %d acts", len(l.networks), len(l.waiting))
	}
}

// TestAFloodOfActsIsBounded: ten thousand acts wait, a thousand of one network; one more does not fit, is said, and
// comes in when there is room.
func TestAFloodOfActsIsBounded(t *testing.T) {
	l := newActList[int]()
	network := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}) }
	for act := range mostActs {
		if !l.put(network(act/mostOfShare), act) {
			t.Fatalf("the %dth does not fit", act+1)
		}
	}
	if l.put(network(0), mostActs) || l.put(network(99), mostActs) {
		t.Error("there is no bound")
	}
	if !l.put(network(0), 0) {
		t.Error("what waits already does not fit")
	}
	const groups = mostActs / mostOfShare * mostOfNetwork
	if len(l.take(time.Unix(10, 0))) != groups || !l.put(network(0), mostActs) {
		t.Error("there is room, and it does not fit")
	}
	if got := l.drain(); len(got) != mostActs-groups+1 || len(l.drain()) > 0 || len(l.waiting) > 0 {
		t.Errorf("%d are left", len(got))
	}
}

// TestAFloodOfOneNetworkLeavesRoom: whoever makes up identifiers keeps those of others from no place in the list.
func TestAFloodOfOneNetworkLeavesRoom(t *testing.T) {
	l := newActList[int]()
	fit := 0
	for act := range 2 * mostActs {
		if l.put(netip.MustParseAddr("2001:db8::1"), act) {
			fit++
		}
	}
	if fit != mostOfShare || l.put(netip.MustParseAddr("2001:db8:0:9::1"), -1) {
		t.Errorf("%d of one network wait", fit)
	}
	if !l.put(netip.MustParseAddr("192.0.2.1"), -1) {
		t.Error("nobody else's act has room")
	}
}

// TestActsAreAnnounced: whoever waits for something to do is told, once, however much there is.
func TestActsAreAnnounced(t *testing.T) {
	l := newActList[int]()
	l.put(netip.Addr{}, 1)
	l.put(netip.Addr{}, 2)
	<-l.kick
	select {
	case <-l.kick:
		t.Error("told twice")
	default:
	}
}

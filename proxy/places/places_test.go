package places

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// fake is a connection from somewhere.
type fake struct {
	net.Conn
	from   netip.Addr
	closed bool
	read   time.Time // the deadline
}

func (f *fake) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(f.from, 40000))
}
func (f *fake) Close() error                      { f.closed = true; return nil }
func (f *fake) SetReadDeadline(t time.Time) error { f.read = t; return nil }
func (f *fake) SetDeadline(t time.Time) error     { f.read = t; return nil }

// hall is a listener to which connections are handed by name.
type hall struct {
	*Listener
	t       *testing.T
	conns   map[string]*Conn
	refused []Cause
}

func newHall(t *testing.T, o Options) *hall {
	h := &hall{t: t, conns: map[string]*Conn{}}
	o.Refused = func(c Cause) { h.refused = append(h.refused, c) }
	o.Trusted = func(a netip.Addr) bool { return netip.MustParsePrefix("10.0.0.0/8").Contains(a) }
	h.Listener = Listen(nil, o)
	return h
}

// comes lets a connection come, and tells whether it stays.
func (h *hall) comes(name, from string) bool {
	c := h.admit(&fake{from: netip.MustParseAddr(from)})
	if c == nil {
		return false
	}
	h.conns[name] = c
	return true
}

// here names the connections that are open, sorted; those beside the places with a star.
func (h *hall) here() string {
	var names []string
	for name, c := range h.conns {
		if c.Gone() != c.Conn.(*fake).closed {
			h.t.Errorf("%s has a place, or it is open, and not both", name)
		}
		if c.Gone() {
			continue
		}
		if c.quick.Load() {
			name += "*"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// TestWhoGoes is told as sessions: who comes ("a1 1.1.1.1"), whose request is worked at ("+a1",
// "a1=quick", "a1=no" where there is no place), who rests ("-a1"), who ends ("/a1"), who is to be closed
// with an answer ("?a1"), and after ":" who is there.
func TestWhoGoes(t *testing.T) {
	for name, c := range map[string]struct {
		most, each, beside int
		session            string
	}{
		"as many as there are places": {3, 3, 1, "a 192.0.2.1; b 192.0.2.2; c 192.0.2.3: a b c"},
		"the longest idle goes first": {3, 3, 1, "a 192.0.2.1; b 192.0.2.2; c 192.0.2.3; d 192.0.2.4: a* b c d"},
		"idle is counted from the last answer": {
			3, 3, 1, "a 192.0.2.1; b 192.0.2.2; c 192.0.2.3; +a; -a; d 192.0.2.4: a b* c d",
		},
		"a request that is not there yet keeps nothing": {2, 2, 1, "a 192.0.2.1; +a; -a; b 192.0.2.2; c 192.0.2.3: b c"},
		"whose request is worked at stays": {2, 2, 1,
			"a 192.0.2.1; +a; b 192.0.2.2; c 192.0.2.3: a b* c; +c; d 192.0.2.4: a c d*"},
		"whoever has many goes before who has few": {
			4, 4, 1, "a 192.0.2.1; b 192.0.2.2; b2 192.0.2.2; b3 192.0.2.2; c 192.0.2.3: a b* b2 b3 c; d 192.0.2.4: a b2* b3 c d; e 192.0.2.5: a b3* c d e",
		},
		"at the cost of who has no more nobody comes": {
			3, 3, 1, "a 192.0.2.1; b 192.0.2.2; b2 192.0.2.2; +b; +b2; b3 192.0.2.2: a b b2 b3*",
		},
		"who has many makes room for one of their own": {3, 3, 1,
			"a 192.0.2.1; b 192.0.2.2; b2 192.0.2.2; b3 192.0.2.2: a b* b2 b3"},
		"where the most are at work the next goes": {
			5, 5, 1, "a 192.0.2.1; a2 192.0.2.1; a3 192.0.2.1; +a; +a2; +a3; b 192.0.2.2; b2 192.0.2.2; c 192.0.2.3: a a2 a3 b* b2 c",
		},
		"no network has more than one may": {9, 2, 1,
			"a 192.0.2.1; a2 192.0.2.1; b 192.0.2.2; a3 192.0.2.1: a* a2 a3 b; +a2; +a3; a4 192.0.2.1!: a* a2 a3 b"},
		"IPv6 counts by 64 bits": {9, 2, 1,
			"a 2001:db8:0:1::1; b 2001:db8:0:1:ffff::2; c 2001:db8:0:1::3: a* b c; d 2001:db8:0:2::1: a* b c d"},
		"IPv4 counts by address, mapped or not": {9, 2, 1,
			"a 192.0.2.1; b ::ffff:192.0.2.1; c 192.0.2.1; d 192.0.2.2: a* b c d"},
		"trusted proxies are not counted": {4, 1, 1, "a 10.0.0.1; b 10.0.0.1; c 10.0.0.1; d 192.0.2.1: a b c d"},
		"they are the last to go": {3, 3, 1,
			"a 10.0.0.1; b 10.0.0.1; c 192.0.2.1; d 192.0.2.2: a b c* d; e 10.0.0.1: a b d* e; f 192.0.2.3: a b e f*; g 10.0.0.2: a* b e g"},
		"beside the places one is kept for a while": {1, 1, 2,
			"a 192.0.2.1; +a; b 192.0.2.2; c 192.0.2.3: a b* c*; d 192.0.2.4: a c* d*; c=quick; e 192.0.2.5: a c* e*"},
		"beside the places, too, who asks comes first": {
			1, 1, 2, "a 192.0.2.1; +a; b 192.0.2.2; b=no; /b; c 192.0.2.3; c=quick; /c; d 192.0.2.4; c 192.0.2.3: a c* d*; b2 192.0.2.2!: a c* d*; e 192.0.2.5: a c* e*",
		},
		"who asked before has no second beside": {1, 1, 1, "a 192.0.2.1; +a; -a; b 192.0.2.2: b"},
		"from beside into a place that is free": {1, 1, 2,
			"a 192.0.2.1; +a; b 192.0.2.2: a b*; /a; +b: b; -b; c 192.0.2.3: c"},
		"from beside into one that is to be had": {1, 1, 2, "a 192.0.2.1; +a; b 192.0.2.2; -a; +b: b"},
		"who asked for nothing still counts": {3, 3, 2,
			"a 192.0.2.1; b 192.0.2.2; c 192.0.2.3; d 192.0.2.4: a* b c d; /a; a2 192.0.2.1: a2* b c d; e 192.0.2.5: a2* b* c d e"},
		"until a request is there": {3, 3, 2,
			"a 192.0.2.1; b 192.0.2.2; c 192.0.2.3; d 192.0.2.4; /a; a2 192.0.2.1: a2* b c d; +a2: a2 b* c d; -a2; e 192.0.2.5: a2 b* c* d e"},
		"who came for nothing is asked for later": {
			3, 3, 2, "a 192.0.2.1; a2 192.0.2.1; b 192.0.2.2; +a; +a2; +b; c 192.0.2.3; d 192.0.2.4; ?b no; ?a yes; ?a2 yes; ?a no: a a2 b c* d*",
		},
		"who has many asks for nothing": {3, 3, 2,
			"a 192.0.2.1; a2 192.0.2.1; b 192.0.2.2; +a; +a2; +b; a3 192.0.2.1; ?a no; ?a2 no; ?a3 yes: a a2 a3* b"},
		"of the proxies' nobody is asked to go": {2, 2, 2,
			"a 10.0.0.1; b 10.0.0.1; +a; +b; c 192.0.2.1; ?a no; ?b no: a b c*"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHall(t, Options{Most: c.most, PerNetwork: c.each, Beside: c.beside})
			for step := range strings.SplitSeq(c.session, "; ") {
				step, want, asked := strings.Cut(step, ": ")
				h.step(step)
				if got := h.here(); asked && got != want {
					t.Errorf("after %q there are %s, not %s", step, got, want)
				}
			}
			for _, conn := range h.conns {
				_ = conn.Close()
				_ = conn.Close() // it counts once
			}
			if h.Open() != 0 || len(h.main.networks)+len(h.beside.networks)+len(h.main.leaving)+len(h.beside.leaving) > 0 {
				t.Errorf("in the end %d are open, of %d networks", h.Open(), len(h.main.networks))
			}
		})
	}
}

func (h *hall) step(step string) {
	name, arg, _ := strings.Cut(step, " ")
	switch name[0] {
	case '+':
		if s := h.conns[name[1:]].Work(false); s != Kept {
			h.t.Errorf("%s: %d", step, s)
		}
	case '-':
		h.conns[name[1:]].Rest()
	case '/':
		_ = h.conns[name[1:]].Close()
	case '?':
		if got := h.conns[name[1:]].Yields(); got != (arg == "yes") {
			h.t.Errorf("%s: %v", step, got)
		}
	default:
		if of, asks, ok := strings.Cut(name, "="); ok {
			if s := h.conns[of].Work(asks == "quick"); s != Quick {
				h.t.Errorf("%s: %d", step, s)
			}
			return
		}
		from, no := strings.CutSuffix(arg, "!")
		if h.comes(name, from) == no {
			h.t.Errorf("%s: stays %v", step, !no)
		}
	}
}

// TestRefusedAreCounted by cause.
func TestRefusedAreCounted(t *testing.T) {
	h := newHall(t, Options{Most: 2, PerNetwork: 1, Beside: 1})
	for _, step := range []string{
		"a 192.0.2.1", "+a", "a2 192.0.2.1!", // its network has as many as one may
		"b 192.0.2.2", "c 192.0.2.3", // b made room
		"+c", "d 192.0.2.4", "d=quick", // beside the places, and at work there
		"e 192.0.2.5!", // no place at all
	} {
		h.step(step)
	}
	if want := []Cause{TooMany, MadeRoom, Full}; !slices.Equal(h.refused, want) {
		t.Errorf("%v, want %v", h.refused, want)
	}
	for _, c := range []Cause{TooMany, Full, MadeRoom, none} {
		if c.String() == "" || (c == none) != (c.String() == "none") {
			t.Errorf("cause %d has no word", c)
		}
	}
	if h.conns["b"].Work(false) != Gone || !h.conns["b"].Yields() {
		t.Error("a request on a closed connection is worked at")
	}
	h.conns["b"].Rest()
}

// TestQuickOnesHaveASecond: whatever deadline is set for a connection beside the places, its
// request has to be there within a second.
func TestQuickOnesHaveASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, Options{Most: 1, Beside: 1})
		h.step("a 192.0.2.1")
		h.step("+a")
		h.step("b 192.0.2.2")
		b, start := h.conns["b"], time.Now()
		under := b.Conn.(*fake)
		for _, deadline := range []time.Time{start.Add(5 * time.Second), {}} {
			if err := b.SetReadDeadline(deadline); err != nil || !under.read.Equal(start.Add(time.Second)) {
				t.Errorf("%v: %v, %v", deadline, under.read, err)
			}
			if err := b.SetDeadline(deadline); err != nil || !under.read.Equal(start.Add(time.Second)) {
				t.Errorf("%v: %v, %v", deadline, under.read, err)
			}
		}
		if err := b.SetReadDeadline(start.Add(time.Millisecond)); err != nil ||
			!under.read.Equal(start.Add(time.Millisecond)) {
			t.Errorf("a shorter one: %v, %v", under.read, err)
		}
		h.step("/a")
		h.step("+b") // it has a place now
		if err := b.SetReadDeadline(start.Add(5 * time.Second)); err != nil || !under.read.Equal(start.Add(5*time.Second)) {
			t.Errorf("with a place: %v, %v", under.read, err)
		}
	})
}

// TestFloodsOfConnections: whatever comes from elsewhere, and in whatever state it is, a visitor's connection is taken,
// its request is worked at, and somebody who has been quiet is not the first to go.
func TestFloodsOfConnections(t *testing.T) {
	v4 := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)}) }
	for name, c := range map[string]struct {
		from  func(i int) netip.Addr
		works bool // requests of theirs never end
	}{
		"from one address": {func(int) netip.Addr { return v4(1) }, false},
		"from 17 addresses of one /64": {func(i int) netip.Addr {
			return netip.AddrFrom16([16]byte{0x20, 1, 15: byte(i % 17)})
		}, false},
		"from 5,000 addresses":      {func(i int) netip.Addr { return v4(i % 5000) }, false},
		"from 20 addresses":         {func(i int) netip.Addr { return v4(i % 20) }, false},
		"from an address each":      {v4, false},
		"from one address, at work": {func(int) netip.Addr { return v4(1) }, true},
		"from 17 of one /64, at work": {func(i int) netip.Addr {
			return netip.AddrFrom16([16]byte{0x20, 1, 15: byte(i % 17)})
		}, true},
		"through a trusted proxy, slowly": {func(int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, 1}) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHall(t, Options{})
			random := rand.New(rand.NewPCG(1, 2))
			var theirs []*Conn
			for i := range 20_000 {
				if conn := h.admit(&fake{from: c.from(i)}); conn != nil {
					theirs = append(theirs, conn)
					if c.works {
						conn.Work(false)
					}
				}
				if i%500 != 499 {
					continue
				}
				from := fmt.Sprintf("198.51.100.%d", i/500)
				if name == "through a trusted proxy, slowly" {
					from = "10.0.0.1"
				}
				if !h.comes(from, from) {
					t.Fatalf("after %d a visitor is refused", i+1)
				}
				visitor := h.conns[from]
				for range random.IntN(100) { // others come before the request is there
					if conn := h.admit(&fake{from: c.from(i)}); conn != nil && c.works {
						conn.Work(false)
					}
				}
				if s := visitor.Work(false); s != Kept {
					t.Fatalf("after %d a visitor's request is not worked at: %d", i+1, s)
				}
				if visitor.Yields() && !c.works {
					t.Errorf("after %d a visitor is asked to go", i+1)
				}
				visitor.Rest()
			}
			if open := h.Open(); open > h.Most() {
				t.Errorf("%d are open", open)
			}
			for _, conn := range theirs {
				_ = conn.Close()
			}
		})
	}
}

// TestSomebodyIsAlwaysAnswered: with every place at work for others, who comes from a network that nobody knows is
// still kept beside them, and gets a place as soon as one of those who have many ends an answer.
func TestSomebodyIsAlwaysAnswered(t *testing.T) {
	h := newHall(t, Options{Most: 64, PerNetwork: 8, Beside: 4})
	for i := range 64 {
		name := fmt.Sprintf("busy %d", i)
		if !h.comes(name, fmt.Sprintf("203.0.113.%d", i%8)) || h.conns[name].Work(false) != Kept {
			t.Fatal(name)
		}
	}
	for i := range 1000 {
		h.comes(fmt.Sprintf("flood %d", i), fmt.Sprintf("198.51.%d.%d", i>>8, i&255))
		if i%10 == 0 {
			if name := fmt.Sprintf("balancer %d", i); !h.comes(name, "192.0.2.77") || h.conns[name].Work(true) != Quick {
				t.Fatalf("%s is not asked what it wants", name)
			} else if !h.conns[name].Yields() {
				t.Errorf("%s stays", name)
			} else {
				_ = h.conns[name].Close()
			}
		}
	}
	h.comes("visitor", "192.0.2.78")
	if !h.conns["busy 0"].Yields() {
		t.Error("who has many goes on")
	}
	_ = h.conns["busy 0"].Close()
	if s := h.conns["visitor"].Work(false); s != Kept {
		t.Errorf("the visitor has no place: %d", s)
	}
}

// TestKeepingAPlaceAllocatesNothing: it is done for every hit.
func TestKeepingAPlaceAllocatesNothing(t *testing.T) {
	h := newHall(t, Options{})
	for i := range 100 {
		h.comes(strconv.Itoa(i), fmt.Sprintf("192.0.2.%d", i))
	}
	c := h.conns["50"]
	if n := testing.AllocsPerRun(100, func() { c.Work(false); c.Yields(); c.Rest() }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkPlace is what each hit costs, among 4,096 connections.
func BenchmarkPlace(b *testing.B) {
	l := Listen(nil, Options{})
	var all []*Conn
	for i := range 4096 {
		all = append(all, l.admit(&fake{from: netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)})}))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c := all[i&4095]
		c.Work(false)
		c.Yields()
		c.Rest()
	}
}

// Package places says which connections a listener keeps where there are not places for all. It promises that nobody
// who comes from a network with few connections is kept out by those who have many, that a load balancer is told how
// the server is however full it gets, and that a lack of descriptors is waited out.
//
// # Who gets a place
//
// A connection rests while no request of it is being worked at: before its first one is there whole, and between
// one and the next. Where all places are taken, a newcomer gets that of the connection that rests longest, of the
// network that has most; but never at the cost of a network that has no more than its own. A network is an IPv4
// address or 64 bits of an IPv6 address. Connections of trusted proxies are not those of one visitor: they are
// not counted, and are the last to go. Connections that had to go before a request of theirs was there still
// count for their network, until one is.
//
// Whoever finds no place, or loses it before its first request is there, stays for a second in one of a few beside
// them: its request has to be there by then. If there is a place at that moment it is served like any other; if not,
// only its question how the server is gets an answer.
package places

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// Cause says why a connection was not kept. The causes are a closed set.
type Cause uint8

// The causes.
const (
	none     Cause = iota
	TooMany        // its network has as many as one may have, and all of them are at work
	Full           // there was no place for it
	MadeRoom       // it rested, and somebody else needed its place
)

// String returns the word that metrics use.
func (c Cause) String() string {
	switch c {
	case TooMany:
		return "network"
	case Full:
		return "full"
	case MadeRoom:
		return "made_room"
	default:
		return "none"
	}
}

// Options are the bounds of a [Listener]. Zero values take the defaults given.
type Options struct {
	Most       int                     // connections; 4,096
	PerNetwork int                     // of one network; 256
	Beside     int                     // connections beyond Most, of who has to be quick; 32
	Quick      time.Duration           // how long these wait for a request; 1 s
	Trusted    func(a netip.Addr) bool // proxies whose connections are not those of one visitor; nil: nobody is

	Refused func(Cause) // is told of each connection that is not kept; nil: nobody is
	// is told once when nothing can be accepted for want of descriptors or memory; nil: nobody is
	Short func(err error)
	// is told once when that is over, and how often it was tried in vain; nil: nobody is
	Enough func(tried int)
	Now    func() time.Time                     // time.Now
	After  func(time.Duration) <-chan time.Time // time.After
}

func (o *Options) fill() {
	o.Most = cmp.Or(max(o.Most, 0), 4096)
	o.PerNetwork = cmp.Or(max(o.PerNetwork, 0), 256)
	o.Beside = cmp.Or(max(o.Beside, 0), 32)
	o.Quick = cmp.Or(max(o.Quick, 0), time.Second)
	if o.Trusted == nil {
		o.Trusted = func(netip.Addr) bool { return false }
	}
	if o.Refused == nil {
		o.Refused = func(Cause) {}
	}
	if o.Short == nil {
		o.Short = func(error) {}
	}
	if o.Enough == nil {
		o.Enough = func(int) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
}

// Listener accepts connections that have a place.
type Listener struct {
	net.Listener
	opts     Options
	shortage shortage // of Accept alone
	ended    chan struct{}
	end      sync.Once

	mu           sync.Mutex // guards the rooms, and what connections say of them
	main, beside *room
}

// Listen bounds a listener.
func Listen(l net.Listener, o Options) *Listener {
	o.fill()
	return &Listener{Listener: l, opts: o, main: newRoom(o.Most, o.PerNetwork), beside: newRoom(o.Beside, o.Beside),
		ended: make(chan struct{})}
}

// Accept waits for the next connection that has a place. What passes by itself, a lack of descriptors above all, is
// waited for; any other error, and the end, is returned. It is called by one goroutine.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err == nil {
			l.over()
			if c := l.admit(conn); c != nil {
				return c, nil
			}
			continue
		}
		if !passes(err) || errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		select {
		case <-l.opts.After(l.failed(err)):
		case <-l.ended:
			return nil, net.ErrClosed
		}
	}
}

// Close ends the listening; connections stay.
func (l *Listener) Close() error {
	l.end.Do(func() { close(l.ended) })
	return l.Listener.Close()
}

// Open is how many connections there are.
func (l *Listener) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.main.held + l.beside.held
}

// Most is how many there may be at once.
func (l *Listener) Most() int { return l.opts.Most + l.opts.Beside }

// admit gives a connection a place, or one beside them; nil: it was closed.
func (l *Listener) admit(conn net.Conn) *Conn {
	c := &Conn{Conn: conn, listener: l, of: l.networkOf(conn)}
	c.by = time.Now().Add(l.opts.Quick) // deadlines of connections are by the clock of this machine
	l.mu.Lock()
	goes, why := l.main.enter(c, c.of)
	goes = l.aside(goes)
	if why == Full {
		c.quick.Store(true)
		goes, why = l.beside.enter(c, c.of)
	}
	l.mu.Unlock()
	l.close(goes)
	if why != none {
		l.opts.Refused(why)
		_ = conn.Close() // nothing was said on it
		return nil
	}
	return c
}

// aside keeps a connection that made room beside the places, where its request may still come in time. It
// returns the one that has to be closed.
func (l *Listener) aside(goes *Conn) *Conn {
	if goes == nil || goes.asked || !time.Now().Before(goes.by) {
		return goes
	}
	next, why := l.beside.enter(goes, goes.of)
	if why != none {
		return goes
	}
	goes.quick.Store(true)
	_ = goes.Conn.SetReadDeadline(goes.by) // where that fails, it is closed already
	return next
}

// close closes a connection that made room; nil: there is none.
func (l *Listener) close(c *Conn) {
	if c != nil {
		l.opts.Refused(MadeRoom)
		_ = c.Conn.Close()
	}
}

// networkOf is whom a connection counts for; the zero Prefix: nobody.
func (l *Listener) networkOf(conn net.Conn) netip.Prefix {
	tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	a := tcp.AddrPort().Addr().Unmap().WithZone("")
	if l.opts.Trusted(a) {
		return netip.Prefix{}
	}
	return hit.NetworkOf(a, 32, 64)
}

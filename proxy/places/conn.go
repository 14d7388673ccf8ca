package places

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// Conn is a connection that has a place, or one beside them.
type Conn struct {
	net.Conn
	listener *Listener
	of       netip.Prefix
	by       time.Time   // when its first request has to be there, of those beside the places
	quick    atomic.Bool // it is one of these

	// What follows is the listener's, and guarded by it.
	room           *room // nil: it has no place any more
	network        *network
	resting        bool
	asked          bool // a request of its was there whole
	since          uint64
	earlier, later *Conn
}

// State says what may be done with a connection.
type State uint8

// The states.
const (
	Gone  State = iota // it was closed: its request is to be dropped
	Quick              // it has no place: only what is quick is to be answered, and then it is to be closed
	Kept               // its request is to be worked at
)

// Work is called when a request has been read: until Rest the connection keeps its place. Quick says
// that the request is answered without one.
func (c *Conn) Work(quick bool) State {
	l := c.listener
	l.mu.Lock()
	var goes *Conn
	state := Kept
	switch c.room {
	case nil:
		state = Gone
	case l.main:
		l.main.work(c)
	default:
		if goes, state = l.move(c, quick); state == Kept {
			c.quick.Store(false)
		}
	}
	goes = l.aside(goes)
	l.mu.Unlock()
	l.close(goes)
	return state
}

// move gives a connection beside the places one of them, if there is one now. If not, it came for nothing, unless its
// request is a quick one: who is asked how the server is comes before others there.
func (l *Listener) move(c *Conn, quick bool) (goes *Conn, s State) {
	l.beside.leave(c)
	l.main.asks(c.of)
	goes, why := l.main.enter(c, c.of)
	if why == none {
		l.main.work(c)
		return goes, Kept
	}
	_, _ = l.beside.enter(c, c.of) // the place that it just left
	before := c.network.fruitless
	l.beside.work(c)
	if !quick {
		c.network.fruitless = before + 1
		l.beside.arrange(c.network)
	}
	return nil, Quick
}

// Rest is called when a request was answered, and another one may come.
func (c *Conn) Rest() {
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	if c.room != nil {
		c.room.rest(c)
	}
}

// Yields tells, before an answer is given, that the connection has to be closed after it: it has no place, or it is one
// of several of its network, while others have none.
func (c *Conn) Yields() bool {
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	return c.room != c.listener.main || c.room.yields(c)
}

// Gone tells whether the connection was closed, to make room or because it ended.
func (c *Conn) Gone() bool {
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	return c.room == nil
}

// Close gives the place back and closes the connection.
func (c *Conn) Close() error {
	c.listener.mu.Lock()
	if c.room != nil {
		c.room.leave(c)
	}
	c.listener.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite ends our side of the connection, where it is one of TCP.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// SetReadDeadline bounds how long a request is waited for.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.Conn.SetReadDeadline(c.bound(t)) }

// SetDeadline bounds both directions.
func (c *Conn) SetDeadline(t time.Time) error { return c.Conn.SetDeadline(c.bound(t)) }

func (c *Conn) bound(t time.Time) time.Time {
	if c.quick.Load() && (t.IsZero() || t.After(c.by)) {
		return c.by
	}
	return t
}

package proxy

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/valyala/fasthttp"
)

// perAddress is how many connections one address may hold open. Behind a trusted proxy all visitors come from its address: it is not
// counted.
const perAddress = 256

// slack is what a request may take on the wire beyond twice its largest body: its head, and the lines between chunks.
const slack = 64 << 10

// errTooLong ends a connection on which a request takes more bytes than any within the limits does. What a parser skips (extensions of
// chunks, RFC 9112 section 7.1.1) counts as well.
var errTooLong = errors.New("the request is longer than any may be")

// bounded hands out connections that read no more bytes for a request than one may have, and not too many to one address.
type bounded struct {
	net.Listener
	server *Server

	mu     sync.Mutex
	counts map[netip.Addr]int
}

func (s *Server) bound(l net.Listener) net.Listener {
	return &bounded{Listener: l, server: s, counts: map[netip.Addr]int{}}
}

// Accept waits for the next connection that may stay.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		address := addressOf(c)
		if among(address, b.server.snapshot.Load().Policy.Trusted()) {
			address = netip.Addr{}
		}
		if !b.take(address) {
			_ = c.Close() // nothing was said on it
			continue
		}
		bc := &boundedConn{Conn: c, from: b, address: address}
		bc.renew()
		return bc, nil
	}
}

func (b *bounded) take(address netip.Addr) bool {
	if !address.IsValid() {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.counts[address] >= perAddress {
		return false
	}
	b.counts[address]++
	return true
}

func (b *bounded) release(address netip.Addr) {
	if !address.IsValid() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.counts[address]--; b.counts[address] <= 0 {
		delete(b.counts, address)
	}
}

// boundedConn is one of its connections.
type boundedConn struct {
	net.Conn
	from    *bounded
	address netip.Addr // counted under; the zero Addr is not
	left    atomic.Int64
	lingers atomic.Bool // what still comes is read before it is closed
	closed  atomic.Bool
	wire    wire
	end     error // what reading ends with; the one reader's
}

// renew allows for another request.
func (c *boundedConn) renew() {
	c.left.Store(2*int64(c.from.server.snapshot.Load().Policy.LargestBody()) + slack)
}

// Read reads as long as there is something left of what a request may take, and as long as it can be read in one way only.
func (c *boundedConn) Read(b []byte) (int, error) {
	if c.end != nil {
		return 0, c.end
	}
	if c.left.Load() <= 0 {
		return 0, errTooLong
	}
	n, err := c.Conn.Read(b)
	c.left.Add(-int64(n))
	fine, bad := c.wire.feed(b[:n])
	if bad == nil {
		return n, err
	}
	if c.end = bad; fine > 0 {
		return fine, nil // the parser is to see whose end is missing
	}
	return 0, bad
}

// Close closes the connection; the first time counts.
func (c *boundedConn) Close() error {
	if !c.closed.Swap(true) {
		if c.lingers.Load() {
			c.drain()
		}
		c.from.release(c.address)
	}
	return c.Conn.Close()
}

// spent tells whether the request on a connection took all that it may.
func spent(ctx *fasthttp.RequestCtx) bool {
	c, ok := ctx.Conn().(*boundedConn)
	return ok && c.left.Load() <= 0
}

package proxy

import (
	"errors"
	"net"
	"sync/atomic"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/places"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// slack is what a request may take on the wire beyond twice its largest body: its head, and the lines between chunks.
const slack = 64 << 10

// errTooLong ends a connection on which a request takes more bytes than any within the limits does. What a parser skips
// (extensions of chunks, RFC 9112 section 7.1.1) counts as well.
var errTooLong = errors.New("the request is longer than any may be")

// bounded hands out connections that read no more bytes for a request than one may have.
type bounded struct {
	net.Listener
	policy func() *rules.Policy // in force
}

// Accept waits for the next connection.
func (b *bounded) Accept() (net.Conn, error) {
	c, err := b.Listener.Accept()
	if err != nil {
		return nil, err
	}
	bc := &boundedConn{Conn: c, from: b, place: placeOf(c)}
	bc.renew()
	return bc, nil
}

// boundedConn is one of its connections.
type boundedConn struct {
	net.Conn
	from    *bounded
	place   *places.Conn
	left    atomic.Int64
	lingers atomic.Bool // its request has its answer, and not all of it was read: what still comes is, before it is closed
	wire    wire.Conn
	end     error // what reading ends with; the one reader's
}

// renew allows for another request.
func (c *boundedConn) renew() {
	c.left.Store(2*int64(c.from.policy().LargestBody()) + slack)
}

// Read reads as long as there is something left of what a request may take, and as long as it can be read in one way
// only.
func (c *boundedConn) Read(b []byte) (int, error) {
	if c.end != nil {
		return 0, c.end
	}
	if c.left.Load() <= 0 {
		return 0, errTooLong
	}
	if c.lingers.Load() && c.place != nil { // nobody waits for what comes
		c.place.Rest()
	}
	n, err := c.Conn.Read(b)
	c.left.Add(-int64(n))
	fine, bad := c.wire.Feed(b[:n])
	if bad == nil {
		return n, err
	}
	if c.end = bad; fine > 0 {
		return fine, nil // the parser is to see whose end is missing
	}
	return 0, bad
}

// Close closes the connection.
func (c *boundedConn) Close() error {
	if c.lingers.Swap(false) {
		c.drain()
	}
	return c.Conn.Close()
}

// spent tells whether the request on a connection took all that it may.
func spent(ctx *fasthttp.RequestCtx) bool {
	c, ok := ctx.Conn().(*boundedConn)
	return ok && c.left.Load() <= 0
}

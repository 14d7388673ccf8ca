package proxy

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"

	"github.com/valyala/fasthttp"
	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/places"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// slack is what a request may take on the wire beyond twice its largest body: its head, and the lines between chunks.
const slack = 64 << 10

// errTooLong ends a connection on which a request takes more bytes than any within the limits does. What a parser skips (extensions of
// chunks, RFC 9112 section 7.1.1) counts as well.
var errTooLong = errors.New("the request is longer than any may be")

// The listeners, as metrics name them.
const (
	ofHits     = "hits"
	ofStaff    = "admin"
	ofCommands = "control"
)

// commandPlaces are more than there are ever commands at once: they come from the owner of the data folder, one at a time.
const commandPlaces = 1024

// boundHits bounds how many connections of visitors there are, and what a request on one takes.
func (s *Server) boundHits(l net.Listener) net.Listener {
	l = s.bound(ofHits, l, s.share.hits, s.share.hitsBeside)
	if c := s.certificate.config(); c != nil {
		l = tls.NewListener(l, c)
	}
	return &bounded{Listener: l, server: s}
}

// bound bounds how many connections of a listener there are.
func (s *Server) bound(name string, l net.Listener, most, beside int) net.Listener {
	made := places.Listen(l, places.Options{
		Most: most, PerNetwork: ofOne(most), Beside: beside,
		Trusted: func(a netip.Addr) bool { return wire.Among(a, s.snapshot.Load().Policy.Trusted()) },
		Refused: func(why places.Cause) { s.unkept(name, why) },
		Short: func(err error) {
			s.opts.Log.Error("connections cannot be accepted: they wait, and whoever rests makes room", zap.String("listener", name), zap.Error(err))
		},
		Enough: func(tried int) {
			s.opts.Log.Info("connections can be accepted again", zap.String("listener", name), zap.Int("tried_in_vain", tried))
		},
	})
	s.metrics.Places(name, made.Open, made.Most)
	return made
}

// placed works at requests on connections that have a place; on others it answers only how the server is, and asks to come again.
func (s *Server) placed(name string, health func(path []byte) bool, next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		place := placeOf(ctx.Conn())
		if place == nil {
			next(ctx)
			return
		}
		quick := health(ctx.Path())
		switch state := place.Work(quick); {
		case state == places.Gone:
			ctx.SetConnectionClose() // nobody reads an answer
			return
		case state == places.Quick && !quick:
			s.unkept(name, places.Full)
			s.comeAgain(ctx)
		default:
			next(ctx)
		}
		if place.Yields() {
			ctx.SetConnectionClose()
		}
	}
}

// unkept counts a connection that was not kept. Whoever made room had none under way that was read.
func (s *Server) unkept(name string, why places.Cause) {
	s.metrics.Unkept.WithLabelValues(name, why.String()).Inc()
	if name == ofHits && why != places.MadeRoom {
		s.refusals.noPlace()
	}
}

// comeAgain answers a request for which there is no place, so that a page of the site's may read it.
func (s *Server) comeAgain(ctx *fasthttp.RequestCtx) {
	p := takePassage(ctx, s, s.snapshot.Load(), rules.Inputs{})
	defer p.giveBack()
	var ok bool
	if p.hostname, ok = wire.AppendHost(p.hostname[:0], ctx.Request.Header.Host()); ok {
		p.j.Site = p.snapshot.Policy.Site(p.hostname)
	}
	p.allowOrigin()
	if announced(&ctx.Request.Header) != 0 {
		linger(ctx)
	}
	ctx.Response.Header.Set("Cache-Control", "no-store")
	ctx.Response.Header.Set("Retry-After", "1")
	ctx.SetStatusCode(fasthttp.StatusServiceUnavailable)
}

// rested notes that a connection waits for its next request.
func rested(c net.Conn, state fasthttp.ConnState) {
	if state != fasthttp.StateIdle {
		return
	}
	if place := placeOf(c); place != nil {
		place.Rest()
	}
	if bounded, ok := c.(*boundedConn); ok {
		bounded.lingers.Store(false) // what it asked for was read to its end
	}
}

// placeOf is the place that a connection has; nil: it is of no listener of ours.
func placeOf(c net.Conn) *places.Conn {
	switch c := c.(type) {
	case *places.Conn:
		return c
	case *boundedConn:
		return c.place
	case *tls.Conn:
		return placeOf(c.NetConn())
	default:
		return nil
	}
}

// bounded hands out connections that read no more bytes for a request than one may have.
type bounded struct {
	net.Listener
	server *Server
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

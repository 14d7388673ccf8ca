package proxy

import (
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/valyala/fasthttp"
	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/places"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/wire"
)

// The listeners, as metrics name them.
const (
	ofHits     = "hits"
	ofStaff    = "admin"
	ofCommands = "control"
)

// commandPlaces are more than there are ever commands at once: they come from the owner of the data folder, one at a
// time.
const commandPlaces = 1024

// listenersOptions are what listeners need.
type listenersOptions struct {
	Log         *zap.Logger
	Metrics     *metrics.Metrics
	Share       share                // of descriptors
	Certificate *certificate         // of hits
	Policy      func() *rules.Policy // in force
	NoPlace     func()               // told of each connection of a visitor for which there was no place
}

// listeners are the ways in: they bound how many connections there are, and what a request on one takes.
type listeners struct {
	opts   listenersOptions
	ending atomic.Bool

	mu   sync.Mutex // guards open, and ending while it is looked at with it
	open []net.Listener
}

// begin bounds the listeners that are served. Where the end came before the beginning they are closed.
func (s *listeners) begin(hits, admin net.Listener) (boundHits, boundAdmin net.Listener) {
	hits, admin = s.hits(hits), s.bound(ofStaff, admin, s.opts.Share.staff, s.opts.Share.staffBeside)
	s.mu.Lock()
	s.open = []net.Listener{hits, admin}
	early := s.ending.Load()
	s.mu.Unlock()
	if early {
		s.close()
	}
	return hits, admin
}

// end says that no more hits are taken.
func (s *listeners) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending.Store(true)
}

// close closes what fasthttp did not know of yet, where the end came right after the beginning.
func (s *listeners) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.open {
		_ = l.Close() // most are closed already
	}
}

// hits bounds how many connections of visitors there are, and what a request on one takes.
func (s *listeners) hits(l net.Listener) net.Listener {
	l = s.bound(ofHits, l, s.opts.Share.hits, s.opts.Share.hitsBeside)
	if c := s.opts.Certificate.config(); c != nil {
		l = tls.NewListener(l, c)
	}
	return &bounded{Listener: l, policy: s.opts.Policy}
}

// bound bounds how many connections of a listener there are.
func (s *listeners) bound(name string, l net.Listener, most, beside int) net.Listener {
	made := places.Listen(l, places.Options{
		Most: most, PerNetwork: ofOne(most), Beside: beside,
		Trusted: func(a netip.Addr) bool { return wire.Among(a, s.opts.Policy().Trusted()) },
		Refused: func(why places.Cause) { s.unkept(name, why) },
		Short: func(err error) {
			s.opts.Log.Error("connections cannot be accepted: they wait, and whoever rests makes room",
				zap.String("listener", name), zap.Error(err))
		},
		Enough: func(tried int) {
			s.opts.Log.Info("connections can be accepted again", zap.String("listener", name), zap.Int("tried_in_vain", tried))
		},
	})
	s.opts.Metrics.Places(name, made.Open, made.Most)
	return made
}

// placed works at requests on connections that have a place; on others it answers only how the server is, and asks to
// come again.
func (s *listeners) placed(
	name string, health func(path []byte) bool, next fasthttp.RequestHandler,
) fasthttp.RequestHandler {
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
func (s *listeners) unkept(name string, why places.Cause) {
	s.opts.Metrics.Unkept.WithLabelValues(name, why.String()).Inc()
	if name == ofHits && why != places.MadeRoom {
		s.opts.NoPlace()
	}
}

// comeAgain answers a request for which there is no place, so that a page of the site's may read it.
func (s *listeners) comeAgain(ctx *fasthttp.RequestCtx) {
	var room [wire.LongestHost]byte
	var site *rules.Site
	if host, ok := wire.AppendHost(room[:0], ctx.Request.Header.Host()); ok {
		site = s.opts.Policy().Site(host)
	}
	allowOrigin(&ctx.Response.Header, ctx.Request.Header.Peek("Origin"), site)
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

package cluster

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/natslink"
)

// How long is waited before all servers are tried again.
const (
	leastRetry  = 50 * time.Millisecond
	mostRetry   = 300 * time.Millisecond // a node is back within a second of the network
	deniedRetry = 5 * time.Second        // where the servers refuse the node's credentials
)

// link is what the connection told of itself.
type link struct {
	up      chan struct{} // said when the connection came, or came back
	reading chan struct{} // closed when acts were first delivered, or could have been
	wrong   chan error    // the stream is not this node's, which waiting does not mend
	nobody  chan struct{} // said when there is nobody to wait for: no server, or no quorum
	once    sync.Once
	watched atomic.Bool   // it is being waited for what another node has
	moved   time.Time     // when it last left a server, or had no reason to; owned by who beats
	spread  time.Duration // more patience, other for each node; likewise

	mu  sync.Mutex
	end context.CancelFunc // ends what stands on the connection as it was
}

func (k *link) init() {
	k.up, k.reading, k.wrong = make(chan struct{}, 1), make(chan struct{}), make(chan error, 1)
	k.nobody = make(chan struct{}, 1)
	k.end = func() {}
}

// session returns a context that ends when the connection breaks.
func (k *link) session(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.end = cancel
	return ctx, cancel
}

// broken ends what stands on the connection.
func (k *link) broken() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.end()
}

// isUp says that there is a connection.
func (k *link) isUp() {
	select {
	case k.up <- struct{}{}:
	default:
	}
}

// hasNobody says that there is nobody to wait for.
func (k *link) hasNobody() {
	select {
	case k.nobody <- struct{}{}:
	default:
	}
}

// connect begins to connect, and goes on for ever.
func (l *Log) connect() error {
	err := natslink.Connect(natslink.Options{
		Client: "tagwarden " + l.o.Node, URLs: l.o.URLs, Creds: l.o.Creds, TLS: l.o.TLS,
		Certificate: func(ends time.Time) { l.ends.Store(&ends) },
		Subjects:    []string{l.names.all, l.names.nodes}, Retry: l.retry,
		Use: func(nc *nats.Conn, js jetstream.JetStream) { l.nc, l.js = nc, js },
		Up:  l.connected,
		Down: func(err error) {
			l.link.broken()
			if l.ctx.Err() == nil {
				l.o.Note(Event{What: Disconnected, Err: err})
			}
		},
		Refused: l.refuse,
		Trouble: func(err error) {
			if l.ctx.Err() == nil {
				l.o.Note(Event{What: Trouble, Err: err})
			}
		},
	})
	if err != nil {
		return err
	}
	if l.nc.IsConnected() {
		l.link.isUp()
	} else { // each server was tried
		l.link.hasNobody()
	}
	return asking{l}.answerNodes()
}

// retry returns how long to wait before the nth round of all servers.
func (l *Log) retry(n int) time.Duration {
	if errors.Is(l.Err(), ErrUnauthorized) {
		return l.backoff(n-1, leastRetry, deniedRetry)
	}
	return l.backoff(n-1, leastRetry, mostRetry)
}

// connected is called when the connection came, or came back: what stood on the one before begins anew.
func (l *Log) connected() {
	l.link.broken()
	l.mu.Lock()
	if errors.Is(l.err, ErrUnauthorized) {
		l.err = nil
	}
	l.mu.Unlock()
	l.link.isUp()
	l.o.Note(Event{What: Connected})
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// How the connection is kept.
const (
	dialTimeout   = 500 * time.Millisecond // until TCP answers: the next attempt comes sooner than the kernel's second one
	greetTimeout  = 2 * time.Second        // until the server has greeted, with TLS
	pingEvery     = time.Second            // two without an answer: the connection is given up
	leastRetry    = 50 * time.Millisecond
	mostRetry     = 300 * time.Millisecond // after a round of all servers: a node is back within a second of the network
	deniedRetry   = 5 * time.Second        // where the servers refuse the node's credentials
	apiTimeout    = 2 * time.Second        // of one question to JetStream
	drainDeadline = time.Second
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
	var attempts atomic.Uint64
	set := make(chan struct{}) // l.nc is: what is called before waits
	defer close(set)
	options := []nats.Option{
		nats.Name("tagwarden " + l.o.Node),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(leastRetry),
		nats.CustomReconnectDelay(l.retry),
		nats.ReconnectBufSize(-1), // what is not sent is known not to be sent
		nats.IgnoreAuthErrorAbort(),
		nats.Timeout(greetTimeout),
		nats.SetCustomDialer(&net.Dialer{Timeout: dialTimeout}),
		nats.PingInterval(pingEvery),
		nats.MaxPingsOutstanding(2),
		nats.DrainTimeout(drainDeadline),
		nats.ConnectHandler(func(*nats.Conn) { <-set; l.connected() }),
		nats.ReconnectHandler(func(*nats.Conn) { <-set; l.connected() }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			l.link.broken()
			if l.ctx.Err() == nil {
				l.o.Note(Event{What: Disconnected, Err: orUnknown(err)})
			}
		}),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) {
			<-set
			if attempts.Add(1); !l.unauthorized(err) && attempts.Load() == 1 {
				l.o.Note(Event{What: Disconnected, Err: orUnknown(err)})
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			<-set
			if !l.unauthorized(err) && err != nil && l.ctx.Err() == nil {
				l.o.Note(Event{What: Trouble, Err: err})
			}
		}),
	}
	if l.o.Creds != "" {
		options = append(options, nats.UserCredentials(l.o.Creds))
	}
	if l.o.TLS != nil {
		options = append(options, secure(l.o.TLS))
	}
	o := nats.GetDefaultOptions()
	o.Servers = l.o.URLs
	for _, set := range options {
		if err := set(&o); err != nil {
			return cannot("connect to the cluster", err)
		}
	}
	nc, err := o.Connect()
	if err != nil {
		return cannot("connect to the cluster", err)
	}
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(apiTimeout))
	if err != nil {
		nc.Close()
		return cannot("connect to the cluster", err)
	}
	l.nc, l.js = nc, js
	if nc.IsConnected() {
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

// unauthorized says whether an error is about credentials, and notes it.
func (l *Log) unauthorized(err error) bool {
	for _, e := range []error{nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired,
		nats.ErrPermissionViolation} {
		if errors.Is(err, e) {
			l.refuse(fmt.Errorf("%w (%w): check nats.creds, and that they permit JetStream and the subjects %s and %s",
				ErrUnauthorized, err, l.names.all, l.names.nodes))
			return true
		}
	}
	return false
}

// orUnknown is the error, or one that says that there is none.
func orUnknown(err error) error {
	if err == nil {
		return errors.New("the connection was closed")
	}
	return err
}

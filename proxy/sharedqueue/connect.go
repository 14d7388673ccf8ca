package sharedqueue

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// How the connection is kept, and how long is waited.
const (
	dialTimeout = 2 * time.Second
	pingEvery   = time.Second
	mostRetry   = 2 * time.Second
	askLasts    = 2 * time.Second        // one question to JetStream
	tryLasts    = time.Second            // one attempt to put a message
	retryPut    = 20 * time.Millisecond  // between two of them
	retryMark   = 50 * time.Millisecond  // likewise
	lookEvery   = time.Second            // how often the stream is looked at
	fetchLasts  = 5 * time.Second        // one question for messages
	beatEvery   = 500 * time.Millisecond // how often whoever was asked says that it is there
	payloadRest = 4 << 10                // of what a server takes, kept for headers
	quietAfter  = 500 * time.Millisecond // how long nothing is put after the quorum was not reached
)

// names are what a cluster's queue is called in NATS.
type names struct {
	stream, markStream string
	events, marks      string // subjects, before a vendor and an id
	told               string // likewise, before what nodes say to all
}

func namesOf(cluster string) names {
	root := "tagwarden." + cluster + ".queue."
	return names{
		stream: "tagwarden-" + cluster + "_queue", markStream: "tagwarden-" + cluster + "_queue-marks",
		events: root + "events.", marks: root + "marks.", told: root + "told.",
	}
}

// token is a vendor as a part of a subject, which has no dot; vendorOf is the vendor of one.
func token(vendor string) string   { return strings.ReplaceAll(vendor, ".", "%") }
func vendorOf(token string) string { return strings.ReplaceAll(token, "%", ".") }
func (of id) text() string         { return hex.EncodeToString(of[:]) }

// connect begins to connect, and goes on for ever.
func (q *Queue) connect() error {
	options := []nats.Option{
		nats.Name("tagwarden " + q.o.Node + " queue"),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100 * time.Millisecond),
		nats.CustomReconnectDelay(func(n int) time.Duration {
			return min(100*time.Millisecond<<min(max(n-1, 0), 8), mostRetry)
		}),
		nats.ReconnectBufSize(-1), // what is not sent is known not to be sent
		nats.IgnoreAuthErrorAbort(),
		nats.Timeout(dialTimeout),
		nats.PingInterval(pingEvery),
		nats.MaxPingsOutstanding(2),
		nats.ConnectHandler(func(*nats.Conn) { q.lookSoon() }),
		nats.ReconnectHandler(func(*nats.Conn) { q.lookSoon() }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil && q.ctx.Err() == nil {
				q.o.Note("disconnected", err)
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if err != nil && q.ctx.Err() == nil {
				q.o.Note("trouble", err)
			}
		}),
	}
	if q.o.Creds != "" {
		options = append(options, nats.UserCredentials(q.o.Creds))
	}
	if q.o.TLS != nil {
		options = append(options, nats.Secure(q.o.TLS()), func(o *nats.Options) error {
			o.RootCAsCB = func() (*x509.CertPool, error) { return q.o.TLS().RootCAs, nil } // each time that it connects
			return nil
		})
	}
	nc, err := nats.Connect(strings.Join(q.o.URLs, ","), options...)
	if err != nil {
		return fmt.Errorf("cannot connect to the cluster: %w", err)
	}
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(askLasts))
	if err != nil {
		nc.Close()
		return fmt.Errorf("cannot connect to the cluster: %w", err)
	}
	q.nc, q.js = nc, js
	return nil
}

// unsent tells whether an error says that nothing reached a server.
func unsent(err error) bool {
	return errors.Is(err, nats.ErrReconnectBufExceeded) || errors.Is(err, nats.ErrConnectionClosed) ||
		errors.Is(err, nats.ErrConnectionReconnecting) || errors.Is(err, nats.ErrDisconnected)
}

// unheard tells whether an error says that nobody there took what was sent.
func unheard(err error) bool {
	return unsent(err) || errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrNoStreamResponse) ||
		code(err) != 0
}

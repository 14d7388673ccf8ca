package natslink

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// How a connection is kept.
const (
	dialTimeout   = 500 * time.Millisecond // until TCP answers: the next attempt comes sooner than the kernel's second one
	greetTimeout  = 2 * time.Second        // until the server has greeted, with TLS
	pingEvery     = time.Second            // two without an answer: the connection is given up
	leastRetry    = 50 * time.Millisecond
	drainDeadline = time.Second
)

// AskLasts is how long an answer of JetStream is waited for.
const AskLasts = 2 * time.Second

// Options say where a connection leads, and who is told of it. Whoever is told must not block.
type Options struct {
	Client   string   // what the servers call it: "tagwarden node-1"
	URLs     []string // of the servers: "nats://10.0.0.1:4222"
	Creds    string   // a file with credentials; "": none
	Subjects []string // that it is used with, for whoever has to permit them

	// TLS is asked each time that it connects how TLS is spoken. nil: as the URLs say (tls://
	// verifies by the system's authorities).
	TLS func() *tls.Config

	Retry func(n int) time.Duration // how long is waited before the nth round of all servers

	Use  func(*nats.Conn, jetstream.JetStream) // is given the connection, before anything else is told
	Up   func()                                // it came, or came back
	Down func(error)                           // it broke, or does not come for the first time
	// the servers do not take it, or do not permit something: wraps [ErrUnauthorized]
	Refused func(error)
	Trouble func(error) // what else it reports

	// Certificate is told, with each handshake of TLS, when the server's certificate ends; it may be nil.
	Certificate func(ends time.Time)
}

// Connect begins to connect, and goes on for ever. What is sent while there is no connection is known not to be sent.
// The error is about the options ([ErrBadCreds]). Whoever was given the connection closes it.
func Connect(o Options) error {
	if err := CheckCreds(o.Creds); err != nil {
		return err
	}
	used := make(chan struct{}) // the connection is in use: what is told before waits
	defer close(used)
	var tried atomic.Bool
	options := nats.GetDefaultOptions()
	options.Servers = o.URLs
	all := append(o.kept(),
		nats.ConnectHandler(func(*nats.Conn) { <-used; o.Up() }),
		nats.ReconnectHandler(func(*nats.Conn) { <-used; o.Up() }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { <-used; o.Down(orUnknown(err)) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) {
			<-used
			if first := !tried.Swap(true); !o.refused(err) && first {
				o.Down(orUnknown(err))
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			<-used
			if !o.refused(err) && err != nil {
				o.Trouble(inWords(err))
			}
		}))
	for _, set := range all {
		if err := set(&options); err != nil {
			return fmt.Errorf("cannot connect to the cluster: %w", inWords(err))
		}
	}
	nc, err := options.Connect()
	if err != nil {
		return fmt.Errorf("cannot connect to the cluster: %w", inWords(err))
	}
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(AskLasts))
	if err != nil {
		nc.Close()
		return fmt.Errorf("cannot connect to the cluster: %w", inWords(err))
	}
	o.Use(nc, js)
	return nil
}

// kept are the options of a connection that is kept.
func (o *Options) kept() []nats.Option {
	all := []nats.Option{
		nats.Name(o.Client),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(leastRetry),
		nats.CustomReconnectDelay(o.Retry),
		nats.ReconnectBufSize(-1), // what is not sent is known not to be sent
		nats.IgnoreAuthErrorAbort(),
		nats.Timeout(greetTimeout),
		nats.SetCustomDialer(&net.Dialer{Timeout: dialTimeout}),
		nats.PingInterval(pingEvery),
		nats.MaxPingsOutstanding(2),
		nats.DrainTimeout(drainDeadline),
	}
	if o.Creds != "" {
		all = append(all, showing(o.Creds))
	}
	as := o.TLS
	if as == nil && !slices.ContainsFunc(o.URLs, func(url string) bool { return !strings.HasPrefix(url, "tls://") }) {
		as = func() *tls.Config { return &tls.Config{MinVersion: tls.VersionTLS12} }
	}
	if as != nil {
		all = append(all, secure(as, o.Certificate))
	}
	return all
}

// refused says whether an error is about what the credentials permit, and tells so.
func (o *Options) refused(err error) bool {
	if !isUnauthorized(err) && !errors.Is(err, nats.ErrPermissionViolation) {
		return false
	}
	o.Refused(fmt.Errorf("%w (%w): name the file of others (cluster.creds), that permit JetStream and the subjects %s",
		ErrUnauthorized, refusal(err, o.Creds), strings.Join(o.Subjects, " and ")))
	return true
}

// orUnknown is the error, or one that says that there is none.
func orUnknown(err error) error {
	if err == nil {
		return errors.New("the connection was closed")
	}
	return inWords(err)
}

// Unsent tells whether an error says that nothing reached a server.
func Unsent(err error) bool {
	for _, e := range []error{nats.ErrReconnectBufExceeded, nats.ErrConnectionClosed, nats.ErrConnectionReconnecting,
		nats.ErrDisconnected} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// secure has a connection speak TLS as it is to be spoken at that moment, each time that it connects, and
// tells when the server's certificate ends.
func secure(as func() *tls.Config, told func(ends time.Time)) nats.Option {
	return func(o *nats.Options) error {
		o.RootCAsCB = func() (*x509.CertPool, error) { return as().RootCAs, nil }
		spoken := as().Clone()
		spoken.VerifyConnection = func(of tls.ConnectionState) error {
			if told != nil && len(of.PeerCertificates) > 0 {
				told(of.PeerCertificates[0].NotAfter)
			}
			return nil
		}
		return nats.Secure(spoken)(o)
	}
}

package natslink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// How a node cannot reach a server, and waiting does not mend it. Each comes
// wrapped in a sentence that says what to do.
var (
	// ErrUnauthorized says that the servers do not take this node's credentials, or do not permit it what it needs.
	ErrUnauthorized = errors.New("the cluster refuses this node's credentials")
	// ErrUntrusted says that a server's certificate is signed by nobody who is trusted, or is for another name.
	ErrUntrusted = errors.New("its certificate is not trusted")
	// ErrNoJetStream says that the server, or the account of the credentials, has no JetStream.
	ErrNoJetStream = errors.New("there is no JetStream for these credentials")
	// ErrBadCreds says that a file of credentials is none.
	ErrBadCreds = errors.New("the file of credentials cannot be used")
)

// Reach connects to one server ("tls://10.0.0.1:4222") as a node with these credentials would, and returns why it could
// not: [ErrUnauthorized], [ErrUntrusted], [ErrNoJetStream], [ErrBadCreds], or what may pass. It changes nothing there.
func Reach(ctx context.Context, url, creds string, trust *tls.Config) error {
	nc, js, err := Dial(url, creds, trust)
	if err != nil {
		return err
	}
	defer nc.Close()
	if err := jetStream(ctx, js); isOff(err) {
		return fmt.Errorf("%w: jetstream { store_dir: /var/lib/nats, sync_interval: always } in nats.conf, and "+
			"`nsc edit account --js-enable` where there are accounts",
			worded{ErrNoJetStream.Error(), errors.Join(ErrNoJetStream, err)})
	} else if err != nil {
		return inWords(err)
	}
	return nil
}

// Dial connects to one server, for as long as the connection lasts. The errors are those of [Reach].
func Dial(url, creds string, trust *tls.Config) (*nats.Conn, jetstream.JetStream, error) {
	options := []nats.Option{nats.Name("tagwarden check"), nats.Timeout(dialTimeout), nats.NoReconnect()}
	if creds != "" {
		if err := CheckCreds(creds); err != nil {
			return nil, nil, err
		}
		options = append(options, showing(creds))
	}
	if trust != nil {
		options = append(options, nats.Secure(trust))
	}
	nc, err := nats.Connect(url, options...)
	if err != nil {
		return nil, nil, unreached(err, creds)
	}
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(AskLasts))
	if err != nil {
		nc.Close()
	}
	return nc, js, err
}

// jetStream asks for the account's JetStream. A server that has just started says for a moment that there is none.
func jetStream(ctx context.Context, js jetstream.JetStream) error {
	again := time.NewTicker(leastRetry)
	defer again.Stop()
	for last := time.Now().Add(AskLasts); ; {
		_, err := js.AccountInfo(ctx)
		if !isOff(err) || time.Now().After(last) {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return err
		}
	}
}

func isOff(err error) bool {
	return errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount)
}

// Passes says whether an error of [Reach] may end by itself.
func Passes(err error) bool {
	for _, e := range []error{ErrUnauthorized, ErrUntrusted, ErrNoJetStream, ErrBadCreds} {
		if errors.Is(err, e) {
			return false
		}
	}
	return true
}

// unreached says why a server was not reached by whom has the credentials of a file, and what is to be done.
func unreached(err error, creds string) error {
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case isUnauthorized(err) && creds == "":
		return fmt.Errorf("%w (%w): name a file of credentials: cluster.creds", ErrUnauthorized,
			worded{"it wants some, and none are named", err})
	case isUnauthorized(err):
		return fmt.Errorf("%w (%w): make new ones for a user of the account that has the cluster's log "+
			"(`nsc generate creds`), and name their file: cluster.creds", ErrUnauthorized, refusal(err, creds))
	case authority:
		return fmt.Errorf("%w (%w): name the file with the certificate of who signed it: cluster.ca", ErrUntrusted,
			inWords(err))
	case name, invalid:
		return fmt.Errorf("%w (%w): the server needs another one, or cluster.nats another name of it", ErrUntrusted,
			inWords(err))
	}
	return inWords(err)
}

// refusal is why credentials of a file are not taken: servers do not say of all of them that their time is over.
func refusal(err error, creds string) error {
	if says := ended(creds, time.Now()); says != "" {
		return worded{says, err}
	}
	return inWords(err)
}

// isUnauthorized says whether an error is about credentials.
func isUnauthorized(err error) bool {
	for _, e := range []error{nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked,
		nats.ErrAccountAuthExpired} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

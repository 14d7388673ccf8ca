package natslink

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/nats-io/nats.go"
)

// worded is an error in words of ours.
type worded struct {
	says string
	err  error
}

// Error says it.
func (w worded) Error() string { return w.says }

// Unwrap is the error as it came.
func (w worded) Unwrap() error { return w.err }

// reasons are what the client, TLS and the system say, in words.
var reasons = []struct {
	is   error
	says string
}{
	{nats.ErrAuthExpired, "their time is over"},
	{nats.ErrAccountAuthExpired, "the time of their account is over"},
	{nats.ErrAuthRevoked, "they were taken back"},
	{nats.ErrAuthorization, "no user there has them"},
	{nats.ErrSecureConnWanted, "it speaks no TLS: nats:// is right, or tls { } in its nats.conf"},
	{nats.ErrSecureConnRequired, "it speaks TLS alone: tls:// is right"},
	{nats.ErrNoServers, "nobody answers there"},
	{nats.ErrNoInfoReceived, "what answers there is no NATS server"},
	{nats.ErrStaleConnection, "it answered no more"},
	{syscall.ECONNREFUSED, "nobody listens there (connection refused)"},
	{syscall.ECONNRESET, "it broke the connection off"},
	{syscall.EHOSTUNREACH, "no way leads there (no route to host)"},
	{syscall.ENETUNREACH, "no way leads there (network is unreachable)"},
	{os.ErrDeadlineExceeded, "nobody answers in time"},
	{nats.ErrTimeout, "nobody answers in time"},
	{io.ErrUnexpectedEOF, "it broke the connection off"},
	{io.EOF, "it broke the connection off"},
}

// inWords is an error that says in words why a server was not reached, or does not take what it was shown. One for
// which there are none is as it was.
func inWords(err error) error {
	if err == nil {
		return nil
	}
	if says := why(err); says != "" {
		return worded{says, err}
	}
	return err
}

func why(err error) string {
	if of, is := errors.AsType[*net.DNSError](err); is {
		if of.IsNotFound {
			return "nobody knows an address of the name " + of.Name
		}
		return "the name " + of.Name + " cannot be looked up (" + of.Err + ")"
	}
	if _, is := errors.AsType[tls.RecordHeaderError](err); is {
		return "it speaks no TLS: nats:// is right, or tls { } in its nats.conf"
	}
	if _, is := errors.AsType[x509.UnknownAuthorityError](err); is {
		return "nobody who is trusted here signed it"
	}
	if of, is := errors.AsType[x509.HostnameError](err); is {
		return "it is not for " + of.Host
	}
	if of, is := errors.AsType[x509.CertificateInvalidError](err); is && of.Reason == x509.Expired {
		return "it is not good today"
	}
	if errors.Is(err, nats.ErrPermissionViolation) { // it says which subject
		return "their user may not do that: " + strings.TrimPrefix(
			strings.TrimPrefix(err.Error(), "nats: "), "permissions violation: ")
	}
	for _, one := range reasons {
		if errors.Is(err, one.is) {
			return one.says
		}
	}
	if of, is := errors.AsType[net.Error](err); is && of.Timeout() {
		return "nobody answers in time"
	}
	return ""
}

package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/tidwall/gjson"
)

// SyslogOptions say how a receiver of syslog is reached, and what messages say.
type SyslogOptions struct {
	Address    string
	TLS        func() *tls.Config // of each connection; nil: in the clear
	Dial       func(ctx context.Context, network, address string) (net.Conn, error)
	Facility   int
	Enterprise int
	Host       string // the node's name
}

// Syslog is a receiver of syslog: messages of RFC 5424, each with its length before it (RFC 5425, RFC 6587), over one
// connection. The protocol has no answer: what was written may be lost with its connection.
type Syslog struct {
	opts   SyslogOptions
	conn   net.Conn
	closed *atomic.Pointer[error] // why the connection is of no use any more
	out    []byte
	frame  []byte
}

// NewSyslog makes one. It is connected to when there is something to send.
func NewSyslog(o SyslogOptions) *Syslog { return &Syslog{opts: o} }

// Settled is how long a connection has to stand for what was written to it to count as taken.
const Settled = 5 * time.Second

// patience is how long connecting, or writing a batch, may take.
const patience = 10 * time.Second

// Send writes the messages of a batch.
func (s *Syslog) Send(ctx context.Context, batch []Record) (Sent, error) {
	if s.conn == nil {
		if err := s.connect(ctx); err != nil {
			return Sent{}, err
		}
	}
	s.out = s.out[:0]
	for i := range batch {
		s.frame = s.appendMessage(s.frame[:0], &batch[i])
		s.out = append(strconv.AppendInt(s.out, int64(len(s.frame)), 10), ' ')
		s.out = append(s.out, s.frame...)
	}
	conn := s.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil || ctx.Err() != nil {
		return Sent{}, s.lost(errors.Join(err, ctx.Err()))
	}
	if _, err := conn.Write(s.out); err != nil {
		return Sent{}, s.lost(err)
	}
	return Sent{Taken: len(batch)}, nil
}

// connect connects, and speaks TLS where that is wanted.
func (s *Syslog) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := s.opts.Dial(ctx, "tcp", s.opts.Address)
	if err != nil {
		return fmt.Errorf("nobody answers: %w", withoutAddress(err))
	}
	if s.opts.TLS != nil {
		secure := tls.Client(conn, s.opts.TLS())
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return fmt.Errorf("TLS cannot be spoken: %w", withoutAddress(err))
		}
		conn = secure
	}
	s.conn, s.closed = conn, new(atomic.Pointer[error])
	go watch(conn, s.closed)
	return nil
}

// watch reads what a receiver says, which is nothing, until it goes away: who only writes learns that too late.
func watch(conn net.Conn, closed *atomic.Pointer[error]) {
	_, err := io.Copy(io.Discard, conn)
	if err == nil {
		err = errors.New("the receiver closed the connection")
	}
	closed.Store(&err)
}

// lost ends a connection that failed.
func (s *Syslog) lost(err error) error {
	s.Close()
	return fmt.Errorf("the connection broke: %w", withoutAddress(err))
}

// Err tells whether the receiver has gone away.
func (s *Syslog) Err() error {
	if s.conn == nil {
		return nil
	}
	if err := s.closed.Load(); err != nil {
		return s.lost(*err)
	}
	return nil
}

// Close ends the connection.
func (s *Syslog) Close() {
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

// withoutAddress is what went wrong with a connection, without whose it is: whoever is told knows that.
func withoutAddress(err error) error {
	if of, ok := errors.AsType[*net.OpError](err); ok {
		return of.Err
	}
	return err
}

// Facilities are the numbers of facilities, by their names.
var Facilities = map[string]int{
	"user": 1, "daemon": 3, "auth": 4, "authpriv": 10, "audit": 13, "local0": 16, "local1": 17, "local2": 18, "local3": 19,
	"local4": 20, "local5": 21, "local6": 22, "local7": 23,
}

// inHead are the members of a record that stand in the structured data as well.
var inHead = []string{"hit", "event", "site", "vendor", "decision", "reason", "outcome"}

// appendMessage writes a record as a message: its number and what it is about as structured data, the line itself,
// JSON, as the text (MSG-ANY: UTF-8 without a byte order mark).
func (s *Syslog) appendMessage(b []byte, r *Record) []byte {
	b = append(b, '<')
	b = strconv.AppendInt(b, int64(8*s.opts.Facility+int(severityOf(r))), 10)
	b = append(b, ">1 "...)
	if r.At.IsZero() {
		b = append(b, '-')
	} else {
		b = r.At.AppendFormat(b, "2006-01-02T15:04:05.000Z07:00")
	}
	b = append(b, ' ')
	b = appendName(b, s.opts.Host, 255)
	b = append(b, " tagwarden - "...)
	b = appendName(b, r.Kind, 32)
	b = append(b, " [tagwarden@"...)
	b = strconv.AppendInt(b, int64(s.opts.Enterprise), 10)
	b = append(b, ` number="`...)
	b = strconv.AppendUint(b, r.Number, 10)
	b = append(b, '"')
	for i, value := range gjson.GetManyBytes(r.Line, inHead...) {
		if value.Exists() {
			b = append(append(append(b, ' '), inHead[i]...), `="`...)
			b = append(appendValue(b, value.String()), '"')
		}
	}
	return append(append(b, "] "...), r.Line...)
}

// appendName writes a name of the header: printable ASCII without spaces, so long at most; "-" where there is none.
func appendName(b []byte, name string, most int) []byte {
	from := len(b)
	for i := 0; i < len(name) && len(b)-from < most; i++ {
		if c := name[i]; c > ' ' && c < 0x7f {
			b = append(b, c)
		}
	}
	if len(b) == from {
		b = append(b, '-')
	}
	return b
}

// appendValue writes the value of a parameter: what ends one is escaped, and nothing in it is a control character.
func appendValue(b []byte, value string) []byte {
	for _, r := range value {
		switch {
		case r == '"' || r == '\\' || r == ']':
			b = append(b, '\\', byte(r))
		case r < ' ' || r == 0x7f:
			b = append(b, '?')
		default:
			b = append(b, string(r)...)
		}
	}
	return b
}

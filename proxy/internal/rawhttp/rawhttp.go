// Package rawhttp is a TCP client and a TCP server for tests: they send and read exact bytes, where HTTP libraries
// would tidy them up. Messages are read by net/http, so that what the code under test makes is judged by a parser that
// it does not use. It promises that every byte read is kept, and that nothing waits for ever.
package rawhttp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// Patience is how long a connection waits for the other side before it gives up with an error.
const Patience = 20 * time.Second

// Conn is one end of a connection.
type Conn struct {
	net.Conn
	in  *bufio.Reader
	raw bytes.Buffer // everything read since the last message
}

// Answer is an HTTP response as it was read.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Raw    []byte
	Close  bool // it says that the connection ends
}

// Request is an HTTP request as it was read.
type Request struct {
	Method string
	Target string
	Host   string
	Header http.Header
	Body   []byte
	Raw    []byte
}

// NewConn takes an end of a connection over.
func NewConn(c net.Conn) *Conn {
	r := &Conn{Conn: c}
	_ = c.SetDeadline(time.Now().Add(Patience))
	r.in = bufio.NewReaderSize(io.TeeReader(c, &r.raw), 4<<10)
	return r
}

// Dial connects.
func Dial(address string) (*Conn, error) {
	c, err := net.DialTimeout("tcp", address, Patience)
	if err != nil {
		return nil, fmt.Errorf("cannot connect: %w", err)
	}
	return NewConn(c), nil
}

// Send writes the parts as they are, one after the other.
func (c *Conn) Send(parts ...string) error {
	for _, p := range parts {
		if _, err := io.WriteString(c.Conn, p); err != nil {
			return fmt.Errorf("cannot send: %w", err)
		}
	}
	return nil
}

// Answer reads one response to a request of that method.
func (c *Conn) Answer(method string) (*Answer, error) {
	r, err := http.ReadResponse(c.in, &http.Request{Method: method})
	if err != nil {
		return nil, fmt.Errorf("cannot read an answer: %w", err)
	}
	body, err := io.ReadAll(r.Body)
	if err = errors.Join(err, r.Body.Close()); err != nil {
		return nil, fmt.Errorf("cannot read the body of an answer: %w", err)
	}
	return &Answer{Status: r.StatusCode, Header: r.Header, Body: body, Raw: c.taken(), Close: r.Close}, nil
}

// Request reads one request. The error is io.EOF where the other side has closed the connection in between.
func (c *Conn) Request() (*Request, error) {
	if _, err := c.in.Peek(1); err != nil {
		return nil, err
	}
	r, err := http.ReadRequest(c.in)
	if err != nil {
		return nil, fmt.Errorf("cannot read a request: %w", err)
	}
	body, err := io.ReadAll(r.Body)
	if err = errors.Join(err, r.Body.Close()); err != nil {
		return nil, fmt.Errorf("cannot read the body of a request: %w", err)
	}
	return &Request{Method: r.Method, Target: r.RequestURI, Host: r.Host, Header: r.Header, Body: body,
		Raw: c.taken()}, nil
}

// taken returns the bytes of the message that was just read, and keeps those that belong to the next.
func (c *Conn) taken() []byte {
	message := bytes.Clone(c.raw.Bytes()[:c.raw.Len()-c.in.Buffered()])
	c.raw.Next(len(message))
	return message
}

// Ended waits for the other side to close the connection, and returns what it sent before that.
func (c *Conn) Ended() ([]byte, error) {
	rest, err := io.ReadAll(c.in)
	c.raw.Reset()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return rest, errors.New("the connection was not closed")
	}
	return rest, nil // a reset is an end as well
}

// Abort closes the connection with a reset, so that what lies in its buffers is lost.
func (c *Conn) Abort() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// Exchange sends a request over a connection of its own and reads the answer, of a HEAD without a body.
func Exchange(address, request string) (*Answer, error) {
	c, err := Dial(address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	if err := c.Send(request); err != nil {
		return nil, err
	}
	return c.Answer("GET")
}

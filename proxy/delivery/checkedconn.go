package delivery

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
)

// checkedConn is a connection that looks, before the first write of each request, whether the other side has closed it
// or spoken out of turn. Either way nothing is written: a stray answer would be taken for the next visitor's. One
// goroutine at a time uses it.
type checkedConn struct {
	net.Conn
	socket syscall.RawConn // below TLS; nil where there is none to look at
	secure bool
	look   func(fd uintptr) bool // peek, made once
	noise  bool                  // what it saw: an end, or bytes
	bytes  bool                  // it was bytes
	one    [1]byte

	deadline time.Time // of the present exchange
	// the deadline that the connection below has, at which waiting ends for a look at the one above
	armed  time.Time
	out    []byte             // bytes of the present request that are to be written as one
	step   func(uintptr) bool // speak, made once
	waits  bool               // the request was written, and its answer is waited for
	failed error              // what speaking failed with
	came   []byte             // what came of the answer and was not read yet, in room
	room   []byte

	used  bool      // a request was written before
	begun bool      // the present request has written something
	began time.Time // when it did
	sent  int       // bytes of the present request
	left  int       // bytes that may be read of its answer

	gate SendGate // of the present request; nil: nobody is asked
	open bool     // it was asked, and said yes
}

func newCheckedConn(conn, socket net.Conn) *checkedConn {
	c := &checkedConn{Conn: conn}
	c.look, c.step = c.peek, c.speak
	_, c.secure = conn.(*tls.Conn)
	if s, ok := socket.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			c.socket = raw
		}
	}
	return c
}

// begin is called before a request is written, end after it: nothing else can tell one from the next.
func (c *checkedConn) begin(gate SendGate) {
	c.begun, c.sent, c.gate, c.open = false, 0, gate, false
	c.came, c.failed = nil, nil
}

func (c *checkedConn) end() {
	if c.open {
		c.gate.AfterLastByte()
	}
	c.gate, c.open = nil, false
}

// smallest is what a read counts for at least: bytes that come one by one cost as much as many together.
const smallest = 256

// Read reads no more than the answer to the present request may take.
func (c *checkedConn) Read(b []byte) (int, error) {
	if c.left <= 0 {
		return 0, errSpent
	}
	n, err := c.read(b)
	c.left -= max(n, smallest)
	return n, err
}

func (c *checkedConn) read(b []byte) (n int, err error) {
	if len(c.came) > 0 {
		n = copy(b, c.came)
		c.came = c.came[n:]
		return n, nil
	}
	if err = c.failed; err != nil {
		return 0, err
	}
	for {
		if err = c.arm(); err != nil {
			return 0, err
		}
		if n, err = c.Conn.Read(b); n > 0 || !c.early(err) {
			return n, err
		}
	}
}

// send writes a request. When it returns, the kernel has all of it or no more of it goes out. Before the first byte it
// looks at the connection, and asks whether the request may still leave.
func (c *checkedConn) send(q request, gate SendGate) error {
	c.begin(gate)
	defer c.end()
	if !c.secure && c.arm() != nil {
		return errStale // it was closed meanwhile; nothing was written
	}
	err := c.write(q.text, len(q.rest) == 0)
	if err == nil && len(q.rest) > 0 {
		err = c.write(q.rest, false)
	}
	if err != nil && !errors.Is(err, errHeldBack) {
		_ = c.Close() // so that nothing of it goes out later
	}
	return err
}

// Write writes nothing: what leaves is sent, and asked about.
func (c *checkedConn) Write([]byte) (int, error) { return 0, errHeldBack }

// write writes bytes; last says that an answer is waited for behind them.
func (c *checkedConn) write(b []byte, last bool) error {
	if last && !c.secure && c.socket != nil && c.step != nil {
		done, err := c.converse(b)
		if err != nil || done {
			return err
		}
		b = b[c.sent:]
	}
	if !c.begun {
		if c.stale() {
			return c.staleness()
		}
		if !c.mayBegin() {
			return errHeldBack
		}
	}
	for {
		err := c.arm()
		if err != nil {
			return c.unsent(err)
		}
		n, err := c.Conn.Write(b)
		c.sent += n
		if b = b[n:]; err == nil || c.secure || !c.early(err) {
			return c.unsent(err)
		}
	}
}

// unsent is an error of writing; [errUnsent] where nothing was written.
func (c *checkedConn) unsent(err error) error {
	if err != nil && c.sent == 0 {
		return fmt.Errorf("%w: %w", errUnsent, err)
	}
	return err
}

func (c *checkedConn) staleness() error {
	if !c.used {
		return errUnused
	}
	return errStale
}

// mayBegin asks whether the request may still leave, and notes that it does.
func (c *checkedConn) mayBegin() bool {
	if c.gate != nil {
		if !c.gate.BeforeFirstByte() {
			return false
		}
		c.open = true
	}
	c.used, c.begun, c.began = true, true, time.Now()
	return true
}

// arm sees to it that waiting ends. A connection in the clear may have the deadline of an exchange before: where that
// comes, the present one's is set, and waiting goes on (see early), so that deadlines are not set for each request. TLS
// cannot go on writing behind a deadline: there it is always the present one's.
func (c *checkedConn) arm() error {
	if c.armed.Equal(c.deadline) || !c.secure && !c.armed.IsZero() && c.armed.Before(c.deadline) {
		return nil
	}
	return c.armAt(c.deadline)
}

func (c *checkedConn) armAt(deadline time.Time) error {
	c.armed = deadline
	return c.SetDeadline(deadline)
}

// early tells whether waiting ended before the exchange's deadline, which is armed then.
func (c *checkedConn) early(err error) bool {
	return err != nil && c.armed.Before(c.deadline) && isTimeout(err) && time.Now().Before(c.deadline) &&
		c.armAt(c.deadline) == nil
}

// stale tells whether the connection is not as quiet as one between two requests has to be. A new TLS connection may
// have tickets waiting (RFC 8446, section 4.6.1); those that come late, on one that was used, cost it a reconnection.
func (c *checkedConn) stale() bool {
	if c.secure {
		return c.unreadTLS() || c.used && c.unreadSocket()
	}
	return c.unreadSocket()
}

// unreadTLS tells whether TLS has read ahead of what was asked for: a record that lies behind the answer is in no
// socket any more. With a deadline that is past, nothing is read from the network; whoever reads next sets another.
func (c *checkedConn) unreadTLS() bool {
	c.armed = time.Time{}
	if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return true
	}
	n, err := c.Conn.Read(c.one[:])
	if c.bytes = n > 0; c.bytes || !isTimeout(err) {
		return true
	}
	return false
}

// unread tells whether more has come than the answer that was read: nobody knows then whose it was. An end is no
// answer. The connection is of no use after it.
func (c *checkedConn) unread() bool {
	c.bytes = false
	if !c.secure {
		return c.unreadSocket() && c.bytes
	}
	if c.unreadTLS() {
		return c.bytes
	}
	if !c.unreadSocket() || !c.bytes {
		return false
	}
	// What lies in the socket is an answer, or TLS's own word for the end: it takes TLS to tell. It is there, so that
	// nothing is waited for.
	if err := c.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return true
	}
	n, err := c.Conn.Read(c.one[:])
	return n > 0 || !errors.Is(err, io.EOF)
}

// unreadSocket peeks at the socket without waiting for it: an end, or bytes nobody asked for.
func (c *checkedConn) unreadSocket() bool {
	if c.socket == nil {
		return false
	}
	err := c.socket.Read(c.look)
	for c.early(err) {
		err = c.socket.Read(c.look)
	}
	if err != nil {
		c.noise, c.bytes = true, true // nobody knows
	}
	return c.noise
}

// peek looks for one byte. It never asks to be called again: there is nothing to wait for.
func (c *checkedConn) peek(fd uintptr) bool {
	n, _, err := syscall.Recvfrom(int(fd), c.one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	c.noise, c.bytes = err != syscall.EAGAIN && err != syscall.EINTR, n > 0
	return true
}

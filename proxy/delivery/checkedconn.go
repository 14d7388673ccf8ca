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
	c.look = c.peek
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
	n, err := c.Conn.Read(b)
	c.left -= max(n, smallest)
	return n, err
}

// Write sends bytes. Where a request begins it looks at the connection first, and asks whether the request may still
// leave.
func (c *checkedConn) Write(b []byte) (int, error) {
	if !c.begun {
		if c.stale() {
			if !c.used {
				return 0, errUnused
			}
			return 0, errStale
		}
		if c.gate != nil {
			if !c.gate.BeforeFirstByte() {
				return 0, errHeldBack
			}
			c.open = true
		}
		c.used, c.begun, c.began = true, true, time.Now()
	}
	n, err := c.Conn.Write(b)
	if c.sent += n; err != nil && c.sent == 0 {
		return 0, fmt.Errorf("%w: %w", errUnsent, err)
	}
	return n, err
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
// socket any more. With a deadline that is past, nothing is read from the network.
func (c *checkedConn) unreadTLS() bool {
	if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return true
	}
	n, err := c.Conn.Read(c.one[:])
	if c.bytes = n > 0; c.bytes || !isTimeout(err) {
		return true
	}
	return c.SetReadDeadline(time.Time{}) != nil
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
	return err != nil || c.noise
}

// peek looks for one byte. It never asks to be called again: there is nothing to wait for.
func (c *checkedConn) peek(fd uintptr) bool {
	n, _, err := syscall.Recvfrom(int(fd), c.one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	c.noise, c.bytes = err != syscall.EAGAIN && err != syscall.EINTR, n > 0
	return true
}

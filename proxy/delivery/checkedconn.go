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

// guarded is a connection that looks, before the first write of each request, whether the other side has closed it or spoken out of
// turn. Either way nothing is written: a stray answer would be taken for the next visitor's. One goroutine at a time uses it.
type guarded struct {
	net.Conn
	socket syscall.RawConn // below TLS; nil where there is none to look at
	secure bool
	look   func(fd uintptr) bool // peek, made once
	noise  bool                  // what it saw: an end, or bytes
	bytes  bool                  // it was bytes
	one    [1]byte

	used  bool // a request was written before
	begun bool // the present request has written something
	sent  int  // bytes of the present request
	left  int  // bytes that may be read of its answer

	leaving  Leaving // of the present request; nil: nobody is asked
	departed bool    // it was asked, and said yes
}

func newGuarded(conn, socket net.Conn) *guarded {
	g := &guarded{Conn: conn}
	g.look = g.peek
	_, g.secure = conn.(*tls.Conn)
	if s, ok := socket.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			g.socket = raw
		}
	}
	return g
}

// begin is called before a request is written, end after it: the guard cannot tell one from the next.
func (g *guarded) begin(leaving Leaving) {
	g.begun, g.sent, g.leaving, g.departed = false, 0, leaving, false
}

func (g *guarded) end() {
	if g.departed {
		g.leaving.Departed()
	}
	g.leaving, g.departed = nil, false
}

// smallest is what a read counts for at least: bytes that come one by one cost as much as many together.
const smallest = 256

// Read reads no more than the answer to the present request may take.
func (g *guarded) Read(b []byte) (int, error) {
	if g.left <= 0 {
		return 0, errSpent
	}
	n, err := g.Conn.Read(b)
	g.left -= max(n, smallest)
	return n, err
}

// Write sends bytes. Where a request begins it looks at the connection first, and asks whether the request may still leave.
func (g *guarded) Write(b []byte) (int, error) {
	if !g.begun {
		if g.disturbed() {
			if !g.used {
				return 0, errUnused
			}
			return 0, errStale
		}
		if g.leaving != nil {
			if !g.leaving.Depart() {
				return 0, errKept
			}
			g.departed = true
		}
		g.used, g.begun = true, true
	}
	n, err := g.Conn.Write(b)
	if g.sent += n; err != nil && g.sent == 0 {
		return 0, fmt.Errorf("%w: %w", errUnsent, err)
	}
	return n, err
}

// disturbed tells whether the connection is not as quiet as one between two requests has to be. A new TLS connection may have tickets
// waiting (RFC 8446, section 4.6.1); those that come late, on one that was used, cost it a reconnection.
func (g *guarded) disturbed() bool {
	if g.secure {
		return g.spoken() || g.used && g.waiting()
	}
	return g.waiting()
}

// spoken tells whether TLS has read ahead of what was asked for: a record that lies behind the answer is in no socket any more. With a
// deadline that is past, nothing is read from the network.
func (g *guarded) spoken() bool {
	if err := g.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return true
	}
	n, err := g.Conn.Read(g.one[:])
	if g.bytes = n > 0; g.bytes || !isTimeout(err) {
		return true
	}
	return g.SetReadDeadline(time.Time{}) != nil
}

// unread tells whether more has come than the answer that was read: nobody knows then whose it was. An end is no answer. The connection is
// of no use after it.
func (g *guarded) unread() bool {
	g.bytes = false
	if !g.secure {
		return g.waiting() && g.bytes
	}
	if g.spoken() {
		return g.bytes
	}
	if !g.waiting() || !g.bytes {
		return false
	}
	// What lies in the socket is an answer, or TLS's own word for the end: it takes TLS to tell. It is there, so that nothing is waited for.
	if err := g.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return true
	}
	n, err := g.Conn.Read(g.one[:])
	return n > 0 || !errors.Is(err, io.EOF)
}

// waiting peeks at the socket without waiting for it: an end, or bytes nobody asked for.
func (g *guarded) waiting() bool {
	if g.socket == nil {
		return false
	}
	err := g.socket.Read(g.look)
	return err != nil || g.noise
}

// peek looks for one byte. It never asks to be called again: there is nothing to wait for.
func (g *guarded) peek(fd uintptr) bool {
	n, _, err := syscall.Recvfrom(int(fd), g.one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	g.noise, g.bytes = err != syscall.EAGAIN && err != syscall.EINTR, n > 0
	return true
}

package delivery

import (
	"crypto/tls"
	"fmt"
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
	noise  bool                  // what it saw
	one    [1]byte

	used     bool // a request was written before
	answered bool // something was read since the last write
	sent     int  // bytes of the present request
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

// Write sends bytes, after a look at the connection where a request begins.
func (g *guarded) Write(b []byte) (int, error) {
	if !g.used || g.answered {
		if g.disturbed() {
			return 0, errStale
		}
		g.used, g.answered, g.sent = true, false, 0
	}
	n, err := g.Conn.Write(b)
	if g.sent += n; err != nil && g.sent == 0 {
		return 0, fmt.Errorf("%w: %w", errUnsent, err)
	}
	return n, err
}

// Read notes that the answer has begun.
func (g *guarded) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	g.answered = g.answered || n > 0
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
	if n > 0 || !isTimeout(err) {
		return true
	}
	return g.SetReadDeadline(time.Time{}) != nil
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
	_, _, err := syscall.Recvfrom(int(fd), g.one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	g.noise = err != syscall.EAGAIN && err != syscall.EINTR
	return true
}

package delivery

import (
	"io"
	"os"
	"syscall"
)

// mostCame is how many bytes of an answer are taken with the first look.
const mostCame = 2 << 10

// converse looks at the socket, writes a request in one piece, and waits for the first bytes of the answer, as one step
// in which the socket is held once. It tells whether it did: what it could not write is written otherwise, and what
// failed behind the request is for whoever reads the answer.
func (c *checkedConn) converse(b []byte) (done bool, err error) {
	if c.room == nil {
		c.room = make([]byte, mostCame)
	}
	c.out, c.waits, c.failed, c.came = b, false, nil, nil
	defer func() { c.out = nil }()
	for err = c.socket.Read(c.step); c.early(err); err = c.socket.Read(c.step) {
	}
	switch {
	case !c.waits && c.failed == nil && err != nil: // it could not be looked at
		return false, c.staleness()
	case !c.waits:
		err, c.failed = c.failed, nil
		return false, err
	case err != nil:
		c.failed = err
	}
	return true, nil
}

// speak is one step of a conversation: it tells whether there is nothing to wait for.
func (c *checkedConn) speak(fd uintptr) bool {
	if c.waits {
		return c.hear(fd)
	}
	if c.peek(fd); c.noise {
		c.failed = c.staleness()
		return true
	}
	if !c.mayBegin() {
		c.failed = errHeldBack
		return true
	}
	n, err := syscall.Write(int(fd), c.out)
	c.sent = max(n, 0)
	switch {
	case err != nil && err != syscall.EAGAIN && err != syscall.EINTR:
		c.failed = c.unsent(os.NewSyscallError("write", err))
		return true
	case c.sent < len(c.out):
		return true
	}
	c.end()
	c.waits = true
	return false
}

// hear takes what has come.
func (c *checkedConn) hear(fd uintptr) bool {
	n, err := syscall.Read(int(fd), c.room)
	switch {
	case err == syscall.EAGAIN:
		return false
	case err == syscall.EINTR:
		return c.hear(fd)
	case err != nil:
		c.failed = os.NewSyscallError("read", err)
	case n == 0:
		c.failed = io.EOF
	default:
		c.came = c.room[:n]
	}
	return true
}

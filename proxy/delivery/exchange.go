package delivery

import (
	"errors"
	"time"

	"github.com/valyala/fasthttp"
)

// errKept says that whoever was asked before the first byte said no.
var errKept = errors.New("the event does not leave any more")

// exchange sends a request and reads the answer, within a time. A connection that turns out to be stale before anything was written is
// replaced: all that are open may be. It does what fasthttp's own client does, and asks between the wait for a connection and the first
// byte whether the event may still leave.
func (h *host) exchange(request *fasthttp.Request, answer *fasthttp.Response, leaving Leaving, within time.Duration) error {
	deadline := time.Now().Add(within)
	for left := h.client.MaxConns; ; left-- {
		err := h.attempt(request, answer, leaving, deadline)
		if left == 0 || !errors.Is(err, errStale) {
			return err
		}
	}
}

// attempt is an exchange over one connection.
func (h *host) attempt(request *fasthttp.Request, answer *fasthttp.Response, leaving Leaving, deadline time.Time) error {
	within := time.Until(deadline)
	if within <= 0 {
		return fasthttp.ErrTimeout
	}
	held, err := h.client.AcquireConn(within, false)
	if err != nil {
		return err
	}
	conn, ok := held.Conn().(*guarded)
	if !ok {
		h.client.CloseConn(held)
		panic("BUG: a connection without a guard")
	}
	if err := conn.SetWriteDeadline(deadline); err != nil {
		h.client.CloseConn(held)
		return errStale // it was closed meanwhile; nothing was written
	}
	if err := h.send(conn, request, leaving); err != nil {
		if errors.Is(err, errKept) {
			h.client.ReleaseConn(held) // as good as new
		} else {
			h.client.CloseConn(held)
		}
		return err
	}
	if err := conn.SetReadDeadline(deadline); err != nil {
		h.client.CloseConn(held)
		return err
	}
	answer.Reset()
	reader := h.client.AcquireReader(conn)
	err = answer.ReadLimitBody(reader, h.client.MaxResponseBodySize)
	h.client.ReleaseReader(reader)
	if err != nil || answer.ConnectionClose() {
		h.client.CloseConn(held)
		return err
	}
	h.client.ReleaseConn(held)
	return nil
}

// send writes the request. When it returns, the kernel has all of it or no more of it goes out.
func (h *host) send(conn *guarded, request *fasthttp.Request, leaving Leaving) error {
	conn.begin(leaving)
	defer conn.end()
	writer := h.client.AcquireWriter(conn)
	err := request.Write(writer)
	if err == nil {
		err = writer.Flush()
	}
	h.client.ReleaseWriter(writer)
	if err != nil && !errors.Is(err, errKept) {
		_ = conn.Close() // so that nothing of it goes out later
	}
	return err
}

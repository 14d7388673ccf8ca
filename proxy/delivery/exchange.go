package delivery

import (
	"errors"
	"time"

	"github.com/valyala/fasthttp"
)

// errHeldBack says that whoever was asked before the first byte said no.
var errHeldBack = errors.New("the event does not leave any more")

// exchange sends a request and reads the answer, within a time. A connection that turns out to be stale before anything was written is
// replaced: all that are open may be, a new one is once. It does what fasthttp's own client does, and asks between the wait for a
// connection and the first byte whether the event may still leave. The reply has a status once the answer's head was read.
func (h *host) exchange(request *fasthttp.Request, answer *fasthttp.Response, e *Event, within time.Duration) (reply, error) {
	deadline := time.Now().Add(within)
	for left := h.client.MaxConns; ; left-- {
		r, err := h.attempt(request, answer, e, deadline)
		if left == 0 || !errors.Is(err, errStale) {
			return r, err
		}
		if errors.Is(err, errUnused) {
			left = 1
		}
	}
}

// attempt is an exchange over one connection. What a visitor is to be shown comes over one that carries nobody else's event, before or after.
func (h *host) attempt(request *fasthttp.Request, answer *fasthttp.Response, e *Event, deadline time.Time) (reply, error) {
	within := time.Until(deadline)
	if within <= 0 {
		return reply{}, fasthttp.ErrTimeout
	}
	client := h.client
	if e.Asked {
		client = h.alone
	}
	held, err := client.AcquireConn(within, e.Asked)
	if err != nil {
		return reply{}, err
	}
	conn, ok := held.Conn().(*checkedConn)
	if !ok {
		client.CloseConn(held)
		panic("BUG: a connection that is not checked")
	}
	if err := conn.SetWriteDeadline(deadline); err != nil {
		client.CloseConn(held)
		return reply{}, errStale // it was closed meanwhile; nothing was written
	}
	if err := h.send(conn, request, e.Gate); err != nil {
		if errors.Is(err, errHeldBack) && !e.Asked {
			client.ReleaseConn(held) // as good as new
		} else {
			client.CloseConn(held)
		}
		return reply{}, err
	}
	r, err := h.receive(conn, answer, e, deadline)
	if r.status != 0 && h.answers != nil {
		h.answers(time.Since(conn.began))
	}
	if err != nil || !r.again || e.Asked {
		client.CloseConn(held)
	} else {
		client.ReleaseConn(held)
	}
	return r, err
}

// receive reads the answer. Both its bytes and its time are bounded as a whole.
func (h *host) receive(conn *checkedConn, answer *fasthttp.Response, e *Event, deadline time.Time) (reply, error) {
	answer.Reset()
	if err := conn.SetReadDeadline(deadline); err != nil {
		return reply{}, err
	}
	limit := h.thanks
	if e.Asked {
		limit = h.answer
	}
	conn.left = 2 * (limit + overhead)
	reader := h.client.AcquireReader(conn)
	r, err := readAnswer(reader, answer, e, limit)
	more := reader.Buffered() > 0
	h.client.ReleaseReader(reader)
	if more {
		r.again = false
	}
	if r.status >= 300 && r.whole {
		r.again = false
		if more || conn.unread() {
			answer.ResetBody()
		}
	}
	return r, err
}

// send writes the request. When it returns, the kernel has all of it or no more of it goes out.
func (h *host) send(conn *checkedConn, request *fasthttp.Request, gate SendGate) error {
	conn.begin(gate)
	defer conn.end()
	writer := h.client.AcquireWriter(conn)
	err := request.Write(writer)
	if err == nil {
		err = writer.Flush()
	}
	h.client.ReleaseWriter(writer)
	if err != nil && !errors.Is(err, errHeldBack) {
		_ = conn.Close() // so that nothing of it goes out later
	}
	return err
}

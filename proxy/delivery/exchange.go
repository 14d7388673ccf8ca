package delivery

import (
	"errors"
	"time"

	"github.com/valyala/fasthttp"
)

// errHeldBack says that whoever was asked before the first byte said no.
var errHeldBack = errors.New("the event does not leave any more")

// exchange sends a request and reads the answer, within a time. A connection that turns out to be stale before
// anything was written is replaced: all that are open may be, a new one is once. It does what fasthttp's own client
// does, and asks between the wait for a connection and the first byte whether the event may still leave. The reply has
// a status once the answer's head was read.
func (h *host) exchange(q request, answer *fasthttp.Response, e *Event, within time.Duration) (reply, error) {
	deadline := time.Now().Add(within)
	for left := h.client.MaxConns; ; left-- {
		r, err := h.attempt(q, answer, e, within, deadline)
		if left == 0 || !errors.Is(err, errStale) {
			return r, err
		}
		if errors.Is(err, errUnused) {
			left = 1
		}
		if within = time.Until(deadline); within <= 0 {
			return reply{}, fasthttp.ErrTimeout
		}
	}
}

// attempt is an exchange over one connection. What a visitor is to be shown comes over one that carries
// nobody else's event, before or after.
func (h *host) attempt(q request, answer *fasthttp.Response, e *Event, within time.Duration, deadline time.Time) (
	reply, error) {
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
	conn.deadline = deadline
	if err := conn.send(q, e.Gate); err != nil {
		if errors.Is(err, errHeldBack) && !e.Asked {
			client.ReleaseConn(held) // as good as new
		} else {
			client.CloseConn(held)
		}
		return reply{}, err
	}
	r, err := h.receive(conn, answer, e)
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
func (h *host) receive(conn *checkedConn, answer *fasthttp.Response, e *Event) (reply, error) {
	answer.Reset()
	if r, ok := readBare(conn, answer); ok {
		return r, nil
	}
	limit := h.thanks
	if e.Asked {
		limit = h.answer
	}
	conn.left = 2 * (limit + overhead)
	reader := h.client.AcquireReader(conn)
	r, err := readAnswer(reader, answer, e, limit)
	more := reader.Buffered() > 0 || len(conn.came) > 0
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

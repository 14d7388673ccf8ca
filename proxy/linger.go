package proxy

import (
	"time"

	"github.com/valyala/fasthttp"
)

// How much of a body is read and forgotten that nobody wants, and for how long, so that its sender sees the
// answer: a connection that is closed with bytes unread is reset, and a browser then reports a network error in
// place of the answer (RFC 9112, section 9.6).
const (
	lingerBytes = 8 << 20
	lingerTime  = 2 * time.Second
)

// linger notes that some of a request may still be to come when its answer is given. Where the connection ends with
// that, what comes is read and forgotten before it is closed; where it goes on, fasthttp does the same.
func linger(ctx *fasthttp.RequestCtx) {
	if c, ok := ctx.Conn().(*boundedConn); ok && !spent(ctx) {
		c.lingers.Store(true)
	}
}

// drain ends our side of the connection and reads what still comes. Its place is anybody's who needs it.
func (c *boundedConn) drain() {
	if c.place != nil {
		c.place.Rest()
	}
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || c.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	var room [4 << 10]byte
	for left := lingerBytes; left > 0; {
		n, err := c.Conn.Read(room[:])
		if left -= n; err != nil {
			return
		}
	}
}

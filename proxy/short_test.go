package proxy_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestABodyThatEndsEarly is no hit: what was to come might have refused it.
func TestABodyThatEndsEarly(t *testing.T) {
	v := standIn(t)
	r := start(t, shop(t, v.Addr(), nil))
	for name, text := range map[string]string{
		"announced": strings.Replace(post("/t/g/collect?v=2&tid=G-1&cid=1.2", yes, "en=page_view&ep.note=12345678901"),
			"Content-Length: 32", "Content-Length: 60", 1),
		"in chunks": "POST /t/g/collect?v=2&tid=G-1&cid=1.2 HTTP/1.1\r\nHost: shop.example\r\n" + yes +
			"Transfer-Encoding: chunked\r\n\r\n20\r\nen=page_view&ep.note=12345678901\r\n",
		"in a chunk": "POST /t/g/collect?v=2&tid=G-1&cid=1.2 HTTP/1.1\r\nHost: shop.example\r\n" + yes +
			"Transfer-Encoding: chunked\r\n\r\n40\r\nen=page_view&ep.note=12345678901",
	} {
		conn, err := net.Dial("tcp", r.hits)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(conn)
		_ = conn.Close()
		if !strings.HasPrefix(string(got), "HTTP/1.1 400 ") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got := v.Received(); len(got) > 0 {
		t.Errorf("the vendor received\n%s", got)
	}
}

package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// bodies are chunked bodies as they stand on the wire, and whether they are taken. Those marked are from llhttp's tests
// (test/request/transfer-encoding.md, MIT), which takes quoted extensions and trailers too.
var bodies = []struct {
	text string
	ok   bool
}{
	{"a\r\n0123456789\r\n0\r\n\r\n", true},             // llhttp: lowercase size
	{"A\r\n0123456789\r\n0\r\n\r\n", true},             // llhttp: uppercase size
	{"5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n", true}, // llhttp: triple zero
	// llhttp: extensions
	{"5;ilovew3;somuchlove=aretheseparametersfor;another=withvalue\r\nhello\r\n6;blahblah;blah\r\n world\r\n0\r\n\r\n",
		true},
	{"2 erfrferferf\r\naa\r\n0 rrrr\r\n\r\n", false},                                               // llhttp: no semicolon
	{"2;\r\naa\r\n0\r\n\r\n", false},                                                               // llhttp: no extension
	{"5;ilovew3=\"I \\\"love\\\"; \\\\extensions\\\\\";blah;foo=bar\r\nhello\r\n0\r\n\r\n", false}, // llhttp: quoted
	{"5;ilovew3=\"abc\";somuchlove=\"def; ghi\r\nhello\r\n0\r\n\r\n", false},                       // llhttp: unbalanced
	{"5\r\nhello\r\n6\r\n world\r\n0\r\nVary: *\r\nContent-Type: text/plain\r\n\r\n", false},       // llhttp: trailers
	{"0\r\n\r\n", true},
	{"00000000\r\n\r\n", true},
	{"000000000\r\n\r\n", false},
	{"1\r\na\r\n00000001\r\nb\r\n0;x\r\n\r\n", true},
	{"1 \r\na\r\n0\r\n\r\n", false}, {"1\t\r\na\r\n0\r\n\r\n", false}, {" 1\r\na\r\n0\r\n\r\n", false},
	{"1\v\r\na\r\n0\r\n\r\n", false},
	{"0x1\r\na\r\n0\r\n\r\n", false}, {"+1\r\na\r\n0\r\n\r\n", false}, {"-1\r\na\r\n0\r\n\r\n", false},
	{"1_0\r\na\r\n0\r\n\r\n", false},
	{"1,\r\na\r\n0\r\n\r\n", false}, {"\r\n\r\n", false}, {";a\r\n\r\n", false}, {"ffffffffffffffff\r\n", false},
	{"g\r\n", false},
	{"1\na\r\n0\r\n\r\n", false}, {"1\r\na\n0\r\n\r\n", false}, {"1\r\na\r0\r\n\r\n", false}, {"1\r\na\r\n0\n\r\n", false},
	{"1\r\na\r\n0\r\n\n", false},
	{"1\ra\r\n0\r\n\r\n", false}, {"1\r\r\na\r\n0\r\n\r\n", false}, {"1\r\nab\r\n0\r\n\r\n", false},
	{"2\r\na\r\n0\r\n\r\n", false},
	{"0;a\rb\r\n\r\n", false}, {"0;a\nb\r\n\r\n", false}, {"0;a=b\x00\r\n\r\n", false}, {"0;a=\"\r\n\"\r\n\r\n", false},
	{"0; a\r\n\r\n", false},
	{"0 ;a\r\n\r\n", false}, {"0;a =b\r\n\r\n", false}, {"0;a= b\r\n\r\n", false}, {"0;a=b \r\n\r\n", false},
	{"0;=b\r\n\r\n", false}, {"0;a=b=c\r\n\r\n", false},
	{"0\r\nContent-Length: 5\r\n\r\n", false}, {"0\r\nX: y\r\n\r\n", false}, {"0\r\n \r\n\r\n", false},
	{"0\r\nX\r\n\r\n", false},
}

func TestChunks(t *testing.T) {
	for _, c := range bodies {
		var one chunks
		n, over, err := one.feed([]byte(c.text + "GET"))
		if c.ok && (err != nil || !over || n != len(c.text)) {
			t.Errorf("%q: %d bytes, over %v, %v", c.text, n, over, err)
		}
		if !c.ok && over {
			t.Errorf("%q is taken", c.text)
		}
	}
}

// FuzzChunks: what is taken as a body is the same body to net/http and fasthttp, and ends at the same byte; in pieces
// as in a whole.
func FuzzChunks(f *testing.F) {
	for _, c := range bodies {
		f.Add([]byte(c.text), uint8(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, piece uint8) {
		var whole, pieces chunks
		n, over, err := whole.feed(b)
		at, ended, bad := 0, false, error(nil)
		for at < len(b) && !ended && bad == nil {
			var took int
			took, ended, bad = pieces.feed(b[at:min(len(b), at+int(piece)+1)])
			at += took
		}
		if at != n || ended != over || !errors.Is(bad, err) {
			t.Fatalf("whole: %d, %v, %v; in pieces: %d, %v, %v", n, over, err, at, ended, bad)
		}
		if !over {
			return
		}
		const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		message := append(append([]byte(head), b[:n]...), "GET"...)
		first := bufio.NewReader(bytes.NewReader(message))
		request, err := http.ReadRequest(first)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(request.Body)
		if err != nil || request.Trailer != nil {
			t.Fatalf("net/http: %v", err)
		}
		second := bufio.NewReader(bytes.NewReader(message))
		var other fasthttp.Request
		if err := other.Read(second); err != nil {
			t.Fatalf("fasthttp: %v", err)
		}
		if !bytes.Equal(body, other.Body()) {
			t.Fatalf("net/http read %q, fasthttp %q", body, other.Body())
		}
		for _, r := range []*bufio.Reader{first, second} {
			if rest, err := io.ReadAll(r); err != nil || string(rest) != "GET" {
				t.Fatalf("the rest is %q, %v", rest, err)
			}
		}
	})
}

// follow reads a connection's bytes in pieces: where requests end, how many bytes were fine, and whether the end was an
// error.
func follow(b []byte, piece int) (ends []int, n int, err error) {
	var w Conn
	for n < len(b) && err == nil {
		var took int
		begun := w.begun
		took, err = w.Feed(b[n:min(len(b), n+piece)])
		n += took
		if begun && w == (Conn{}) {
			ends = append(ends, n)
		}
	}
	return ends, n, err
}

// TestWire: the ends of requests, and the byte before what has no single reading.
func TestWire(t *testing.T) {
	const post = "POST / HTTP/1.1\r\nHost: a\r\n"
	long := "X-Long: " + strings.Repeat("a", 500) + "\r\n"
	for _, c := range []struct {
		parts []string // requests, one after another
		bad   string   // what is not fine any more; ""
	}{
		{[]string{"GET / HTTP/1.1\r\n\r\n", "\r\nGET / HTTP/1.0\r\nA: b\r\n\r\n", "GET"}, ""},
		{[]string{post + "Content-Length: 3\r\n\r\nabc", post + "content-length:0\r\n\r\n", post + long +
			"Content-LENGTH:\t 02 \r\n" + long + "\r\n\n\n", post}, ""},
		{[]string{post + long + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
			post + "X-Content-Length: 7\r\n\r\n", "GET / HTTP/1.1\r\n"}, ""},
		{[]string{post + "Content-Length : 3\r\n\r\n", "ab"}, ""}, // another name, which the parser refuses
		{[]string{post + "transfer-encoding:chunked\r\n\r\n3"}, " \r\nabc\r\n0\r\n\r\n"},
		{[]string{post + "Content-Length: 3\r\n\r\nabc", "GET / HTTP/1.1"}, "\nHost: a\r\n\r\n"},
		{[]string{post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r"}, "\n"},
		{[]string{post + "Content-Length: 3\r\nContent-Length: 3\r"}, "\n\r\n"},
		{[]string{post + "Content-Length: -3\r"}, "\n\r\n"}, {[]string{post + "Content-Length:\r"}, "\n\r\n"},
		{[]string{post + "Content-Length\r"}, "\n\r\n"},
		{[]string{post + "Content-Length: 99999999999999999999\r"}, "\n\r\n"},
		{[]string{post + "Content-Length: " + strings.Repeat(" ", 64) + "3\r"}, "\n\r\n"},
		{[]string{post + "Transfer-Encoding:" + strings.Repeat(" ", 64) + "chunked\r"}, "\n\r\n"},
		{[]string{""}, "\n"}, {[]string{"\r\n"}, "\nGET"},
		{[]string{post + "A: b"}, "\n\r\n"}, {[]string{post}, "\n"}, {[]string{post + long[:len(long)-2]}, "\n\r\n"},
	} {
		text := strings.Join(c.parts, "")
		for _, piece := range []int{1, 2, 3, 7, 64, 65, 4096} {
			_, n, err := follow([]byte(text+c.bad), piece)
			if n != len(text) || (err != nil) != (c.bad != "") {
				t.Errorf("%q in pieces of %d: fine up to %q, %v", text+c.bad, piece, (text + c.bad)[:n], err)
			}
		}
		ends, _, _ := follow([]byte(text), 1)
		if len(ends) != len(c.parts)-1 {
			t.Errorf("%q: requests end at %v", text, ends)
		}
		for i, at := 0, 0; i < len(ends) && i < len(c.parts); i++ {
			if at += len(c.parts[i]); ends[i] != at {
				t.Errorf("%q: request %d ends at %d, want %d", text, i, ends[i], at)
			}
		}
	}
}

// FuzzWire: wherever fasthttp finds a request that receive would take, its end is one that the wire knows; in pieces as
// in a whole.
func FuzzWire(f *testing.F) {
	for _, c := range bodies {
		f.Add([]byte("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"+c.text+
			"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), uint8(0))
	}
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 3\r\n\r\nabc",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc",
		"POST / HTTP/1.1\r\nHost: a\r\nX:\r\n\tContent-Length: 3\r\n\r\nabc",
	} {
		f.Add([]byte(text), uint8(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, piece uint8) {
		ends, n, err := follow(b, 1)
		if _, whole, bad := follow(b, int(piece)+1); whole != n || !errors.Is(bad, err) {
			t.Fatalf("byte by byte: %d, %v; in pieces: %d, %v", n, err, whole, bad)
		}
		source := bytes.NewReader(b[:n])
		r := bufio.NewReaderSize(source, 64<<10)
		for {
			var request fasthttp.Request
			if request.ReadLimitBody(r, 1<<20) != nil {
				return
			}
			var read hit.Request
			if framing(request.Header.RawHeaders(), &read) != 0 {
				return
			}
			at := n - source.Len() - r.Buffered()
			for len(ends) > 0 && ends[0] < at {
				t.Fatalf("the wire ends a request at %d, fasthttp goes on to %d: %q", ends[0], at, b[:n])
			}
			if len(ends) == 0 || ends[0] != at {
				t.Fatalf("fasthttp ends a request at %d, the wire's next end is in %v: %q", at, ends, b[:n])
			}
			ends = ends[1:]
		}
	})
}

// BenchmarkWire is what following a hit costs beside parsing it.
func BenchmarkWire(b *testing.B) {
	head := "POST /t/g/collect?v=2&tid=G-1 HTTP/1.1\r\nHost: shop.example\r\nContent-Type: text/plain\r\nContent-Length: 900\r\n" +
		strings.Repeat("Sec-Fetch-Mode: no-cors\r\n", 12) + "\r\n"
	text := []byte(head + strings.Repeat("a", 900))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	var w Conn
	for b.Loop() {
		if n, err := w.Feed(text); n != len(text) || err != nil {
			b.Fatal(n, err)
		}
	}
}

package delivery

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

// answers are what a vendor may send, and whether it can be read in one way only.
var answers = []struct {
	name, text string
	status     int    // 0: refused
	body       string // handed up
	again      bool   // the connection is used again
}{
	{"a body", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", true},
	{"no body", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
	{"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "", true},
	{"an empty reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, "", true},
	{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n00A\r\n0123456789\r\n0\r\n\r\n",
		200, "ok0123456789", true},
	{"an extension, a trailer",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=\"b c\"\r\nok\r\n0;x\r\nX-A: b\r\n\r\n", 200, "ok", true},
	{"until the end", "HTTP/1.1 200 OK\r\n\r\nok", 200, "ok", false},
	{"the last", "HTTP/1.1 200 OK\r\nConnection: keep-alive, Close\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false},
	{"of an older version", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false},
	{"early answers", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		200, "ok", true},
	{"a refusal", "HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno", 401, "", true},
	{"a refusal that is wanted", "HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\nno", 400, "no", true},
	{"a refusal that is longer than any that is wanted", "HTTP/1.1 400 No\r\nContent-Length: 65537\r\n\r\n" +
		strings.Repeat("x", 65537), 400, "", false},
	{"a refusal cut short", "HTTP/1.1 400 No\r\nContent-Length: 3\r\n\r\nno", 400, "", false},
	{"a refusal in bad chunks", "HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n2 \r\nno\r\n0\r\n\r\n",
		400, "", false},
	{"a refusal, packed", "HTTP/1.1 400 No\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno", 400, "", false},
	{"a coding that is none", "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n\r\nok",
		200, "ok", true},
	{"a redirection", "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 2\r\n\r\nno", 302, "", true},
	{"switching protocols", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", 101, "", false},
	{"status 000", "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n", -1, "", false},
	{"status 099", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", 99, "", false},
	{"status 600", "HTTP/1.1 600 OK\r\nContent-Length: 2\r\n\r\nok", 600, "", false},
	{"status 999", "HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n", 999, "", false},
	{"a 204 that has a body", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", 204, "", false},
	{"a 204 in chunks", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		204, "", false},
	{"a 304 that has a body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok", 304, "", false},
	{"a 304", "HTTP/1.1 304 Not Modified\r\n\r\n", 304, "", true},

	{"a 100 that has a body",
		"HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, "", false},
	{"nine early answers", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 9) +
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, "", false},
	{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"the same length twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", 0, "", false},
	{"a length and chunks",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 0, "", false},
	{"a length that is negative", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", 0, "", false},
	{"a length with a sign", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", 0, "", false},
	{"an empty length", "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nok", 0, "", false},
	{"a length in hexadecimal", "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok", 0, "", false},
	{"a length that overflows", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok", 0, "", false},
	{"another coding of the transfer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		0, "", false},
	{"chunks twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		0, "", false},
	{"chunks of an older version", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		0, "", false},
	{"a bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"a bare LF between headers", "HTTP/1.1 200 OK\r\nX-A: b\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"a bare CR", "HTTP/1.1 200 OK\r\nX-A: b\rContent-Length: 3\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"a folded line", "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"a folded length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nok", 0, "", false},
	{"a space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok", 0, "", false},
	{"a header without a name", "HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"a header without a colon", "HTTP/1.1 200 OK\r\nX\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"NUL in a value", "HTTP/1.1 200 OK\r\nX-A: \x00\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"an empty line first", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"another version", "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"a newer version", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"in lower case", "http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"two spaces", "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"two digits", "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"a sign", "HTTP/1.1 +20 OK\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"a head that is too long", "HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("x", 16<<10) +
		"\r\nContent-Length: 2\r\n\r\nok", 0, "", false},
	{"heads that are too long together", strings.Repeat("HTTP/1.1 103 Early\r\nX-A: "+strings.Repeat("x", 12<<10)+
		"\r\n\r\n", 3) + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, "", false},

	// The head says that the vendor took them; how it goes on can be read in two ways, or not at all.
	{"packed", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok", -200, "", false},
	{"packed, said twice", "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nok",
		-200, "", false},
	{"a chunk's size with a trailing space", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 \r\nok\r\n0\r\n\r\n",
		-200, "", false},
	{"a space before an extension", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 ;a\r\nok\r\n0\r\n\r\n",
		-200, "", false},
	{"a leading space", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 2\r\nok\r\n0\r\n\r\n", -200, "", false},
	{"a chunk's size with a sign", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+2\r\nok\r\n0\r\n\r\n",
		-200, "", false},
	{"a chunk's size with a prefix", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n",
		-200, "", false},
	{"a chunk's size that overflows",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff2\r\nok\r\n0\r\n\r\n", -200, "", false},
	{"no size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nok\r\n0\r\n\r\n", -200, "", false},
	{"a size ended by LF", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n", -200, "", false},
	{"CR in an extension", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a\rb\r\nok\r\n0\r\n\r\n",
		-200, "", false},
	{"more than the size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n", -200, "", false},
	{"a trailer that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX\r\n\r\n",
		-200, "", false},
	{"trailers without an end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("X-A: b\r\n",
		5000), -200, "", false},
	{"extensions without an end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat(
		"1;"+strings.Repeat("x", 1000)+"\r\nx\r\n", 50) + "0\r\n\r\n", -200, "", false},
	{"a body that is too long", "HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n" + strings.Repeat("x", 65537),
		-200, "", false},
	{"chunks that are too long together", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat(
		"8000\r\n"+strings.Repeat("x", 0x8000)+"\r\n", 3) + "0\r\n\r\n", -200, "", false},
	{"too long until the end", "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", 65537), -200, "", false},
}

// TestAnswers: what can be read in two ways is refused, and its connection is not used again. A status
// below 0 is one whose body is refused.
func TestAnswers(t *testing.T) {
	for _, c := range answers {
		answer := new(fasthttp.Response)
		r, err := readAnswer(bufio.NewReaderSize(strings.NewReader(c.text), 16<<10), answer,
			&Event{Relay: []int{400}}, 64<<10)
		want := c.status
		switch {
		case c.name == "status 000":
			want = 0
		case want < 0:
			want = -want
		}
		if refused := c.status == 0 || c.status < -1; r.status != want || (err != nil) != refused {
			t.Errorf("%s: status %d, %v", c.name, r.status, err)
		}
		if r.whole && string(answer.Body()) != c.body || !r.whole && c.body != "" {
			t.Errorf("%s: body %.80q", c.name, answer.Body())
		}
		if again := r.again && err == nil; again != c.again {
			t.Errorf("%s: used again: %v", c.name, again)
		}
	}
}

// FuzzAnswer: what is read means the same to net/http, and what comes behind it is left alone.
func FuzzAnswer(f *testing.F) {
	for _, c := range answers {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		answer := new(fasthttp.Response)
		in := bufio.NewReaderSize(bytes.NewReader(text), 16<<10)
		r, err := readAnswer(in, answer, &Event{Relay: []int{400}}, 64<<10)
		if err != nil || !r.whole {
			return
		}
		other := bufio.NewReader(bytes.NewReader(text))
		status, body := 0, []byte(nil)
		for status == 0 || status >= 100 && status < 200 {
			if status, body, err = read(other); err != nil {
				t.Fatalf("%d for us, for others %v", r.status, err)
			}
		}
		if status != r.status || !bytes.Equal(body, answer.Body()) {
			t.Fatalf("%d %q, for others %d %q", r.status, answer.Body(), status, body)
		}
		if r.again {
			left, _ := io.ReadAll(in)
			theirs, _ := io.ReadAll(other)
			if !bytes.Equal(left, theirs) {
				t.Fatalf("behind it %q, for others %q", left, theirs)
			}
		}
	})
}

// read reads an answer as net/http does.
func read(in *bufio.Reader) (status int, body []byte, err error) {
	a, err := http.ReadResponse(in, &http.Request{Method: http.MethodPost})
	if err != nil {
		return 0, nil, err
	}
	body, err = io.ReadAll(a.Body)
	return a.StatusCode, body, errors.Join(err, a.Body.Close())
}

package delivery

import (
	"bytes"
	"strings"
	"testing"
)

var shapes = []struct {
	name  string
	event Event
	plain bool
}{
	{"a hit", Event{Method: "POST", Path: []byte("/g/collect"), Query: []byte("v=2&dl=%2F"), Headers: []Header{
		{"Content-Type", []byte("text/plain")}, {"Accept-Language", []byte("de")}, {"User-Agent", []byte("Firefox")},
		{"X-Ga-2", []byte("é")},
	}, Body: []byte("en=page_view")}, true},
	{"nothing but a path", Event{Method: "GET", Path: []byte("/")}, true},
	{"a GET with a body", Event{Method: "GET", Path: []byte("/"), Body: []byte("x")}, true},
	{"a HEAD", Event{Method: "HEAD", Path: []byte("/")}, true},
	{"a POST without a body", Event{Method: "POST", Path: []byte("/")}, true},
	{"a PUT", Event{Method: "PUT", Path: []byte("/")}, true},
	{"a long body", Event{Method: "POST", Path: []byte("/"), Body: bytes.Repeat([]byte("x"), mostBeside+1)}, true},
	{"empty values", Event{Method: "POST", Path: []byte("/"), Headers: []Header{{"Content-Type", nil}, {"User-Agent", nil},
		{"Origin", nil}}}, true},
	{"no method", Event{Path: []byte("/")}, false},
	{"a method of two words", Event{Method: "GET /\r\n", Path: []byte("/")}, false},
	{"a name in lower case", Event{Method: "GET", Path: []byte("/"), Headers: []Header{{"content-type", []byte("a")}}},
		false},
	{"a name that is none", Event{Method: "GET", Path: []byte("/"), Headers: []Header{{"A\r\nB", []byte("a")}}}, false},
	{"no name", Event{Method: "GET", Path: []byte("/"), Headers: []Header{{"", []byte("a")}}}, false},
	{"a name twice", Event{Method: "GET", Path: []byte("/"), Headers: []Header{{"A", []byte("a")}, {"A", []byte("b")}}},
		false},
	{"two lines", Event{Method: "GET", Path: []byte("/"), Headers: []Header{{"A", []byte("a\r\nB: c")}}}, false},
	{"a path of two lines", Event{Method: "GET", Path: []byte("/\r\nB: c")}, false},
	{"a query of two lines", Event{Method: "GET", Path: []byte("/"), Query: []byte("a\nb")}, false},
	{"a host", Event{Method: "GET", Path: []byte("/"), Headers: []Header{{"Host", []byte("a")}}}, false},
	{"a cookie", Event{Method: "GET", Path: []byte("/"), Headers: []Header{{"Cookie", []byte("a=b")}}}, false},
	{"a length", Event{Method: "GET", Path: []byte("/"), Headers: []Header{{"Content-Length", []byte("9")}}}, false},
	{"a coding", Event{Method: "GET", Path: []byte("/"), Headers: []Header{{"Transfer-Encoding", []byte("chunked")}}},
		false},
	{"an end", Event{Method: "GET", Path: []byte("/"), Headers: []Header{{"Connection", []byte("close")}}}, false},
	{"a trailer", Event{Method: "POST", Path: []byte("/"), Headers: []Header{{"Trailer", []byte("A")}}}, false},
}

// asFasthttp tells how the bytes of a request are others than fasthttp's; "" where they are the same.
func asFasthttp(t *testing.T, e *Event) string {
	h := &host{name: "vendor.example:8443", base: "/base"}
	text, rest, err := h.request([]byte("before"), e)
	if err != nil {
		t.Fatal(err)
	}
	want, err := h.anyRequest([]byte("before"), e)
	if err != nil {
		t.Fatal(err)
	}
	if got := append(text, rest...); !bytes.Equal(got, want) {
		return string(got) + "\n, not\n" + string(want)
	}
	return ""
}

// TestRequestsAreThoseOfFasthttp: to the byte.
func TestRequestsAreThoseOfFasthttp(t *testing.T) {
	for _, c := range shapes {
		if _, plain := new(host).plainHead(nil, &c.event); plain != c.plain {
			t.Errorf("%s: plain %v", c.name, plain)
		}
		if other := asFasthttp(t, &c.event); other != "" {
			t.Errorf("%s: %.600s", c.name, other)
		}
	}
}

func FuzzRequest(f *testing.F) {
	for _, c := range shapes {
		var names, values string
		for _, h := range c.event.Headers {
			names, values = names+"\x00"+h.Name, values+"\x00"+string(h.Value)
		}
		f.Add(c.event.Method, c.event.Path, c.event.Query, names, values, c.event.Body)
	}
	f.Fuzz(func(t *testing.T, method string, path, query []byte, names, values string, body []byte) {
		e := Event{Method: method, Path: path, Query: query, Body: body}
		said := strings.Split(values, "\x00")
		for i, name := range strings.Split(names, "\x00") {
			if i > 0 && i < len(said) {
				e.Headers = append(e.Headers, Header{name, []byte(said[i])})
			}
		}
		if _, plain := new(host).plainHead(nil, &e); plain {
			if other := asFasthttp(t, &e); other != "" {
				t.Error(other)
			}
		}
	})
}

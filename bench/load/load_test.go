package load

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

var ga4 = GA4{Host: "shop.example", Cookie: "site_consent=yes"}

func run(t *testing.T, address string, b *Books) error {
	t.Helper()
	_, err := (&Run{Address: address, Conns: 4, Books: b, Render: ga4.Append}).Do(context.Background())
	return err
}

func newSink(t *testing.T) *Sink {
	t.Helper()
	s, err := NewSink(Marker)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestBooksBalance(t *testing.T) {
	s := newSink(t)
	for round := range uint64(3) {
		b := NewBooks(round*1001, 1001)
		s.Open(b)
		if err := run(t, s.Address(), b); err != nil {
			t.Fatal(err)
		}
		if err := b.Balance(All); err != nil {
			t.Error(err)
		}
		if err := b.Balance(None); err == nil {
			t.Error("everything arrived, and nothing was expected: the books say that this is fine")
		}
	}
	if s.Stray() != 0 {
		t.Errorf("%d stray requests", s.Stray())
	}
}

// TestBooksTell goes through what may go wrong between generator and sink, one thing at a time.
func TestBooksTell(t *testing.T) {
	f := func(name string, arrive func(b *Books, serial uint64), expect Expect, wrong string) {
		t.Helper()
		b := NewBooks(100, 10)
		for serial := uint64(100); serial < 110; serial++ {
			b.Sent(serial)
			arrive(b, serial)
			b.Answered()
		}
		err := b.Balance(expect)
		switch {
		case wrong == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)):
			t.Errorf("%s: %v, wanted %q in it", name, err, wrong)
		}
	}
	f("all arrive", func(b *Books, n uint64) { b.Arrived(n) }, All, "")
	f("none arrives", func(*Books, uint64) {}, None, "")
	f("some come again where they may", func(b *Books, n uint64) { b.Arrived(n); b.Arrived(n) }, Repeated, "")
	f("one is lost where they may come again", func(b *Books, n uint64) {
		if n != 105 {
			b.Arrived(n)
			b.Arrived(n)
		}
	}, Repeated, "9 arrived of 10")
	f("one is lost", func(b *Books, n uint64) {
		if n != 105 {
			b.Arrived(n)
		}
	}, All, "9 arrived of 10")
	f("one gets through", func(b *Books, n uint64) {
		if n == 105 {
			b.Arrived(n)
		}
	}, None, "1 arrived of 0")
	f("one comes twice", func(b *Books, n uint64) {
		b.Arrived(n)
		if n == 105 {
			b.Arrived(n)
		}
	}, All, "1 twice")
	f("one comes in place of another", func(b *Books, n uint64) {
		if n == 105 {
			n = 104
		}
		b.Arrived(n)
	}, All, "9 arrived of 10 expected, 1 twice")
	f("one was never sent", func(b *Books, n uint64) {
		b.Arrived(n)
		if n == 105 {
			b.Arrived(99)
		}
	}, All, "1 with a number")
	f("one comes before it is sent", func(b *Books, n uint64) {
		if n < 109 {
			b.Arrived(n + 1)
		}
	}, All, "9 with a number")
	f("one has no number", func(b *Books, n uint64) {
		b.Arrived(n)
		if n == 105 {
			b.Strange()
		}
	}, All, "1 with a number")
}

// TestLossIsSeen puts something that loses hits, and answers as if it did not, before the sink.
func TestLossIsSeen(t *testing.T) {
	s := newSink(t)
	b := NewBooks(1, 200)
	s.Open(b)
	var n atomic.Int64
	lossy := serve(t, func(request []byte) []byte {
		if n.Add(1)%50 == 0 {
			return noContent
		}
		c, err := net.Dial("tcp", s.Address())
		if err != nil {
			return nil
		}
		defer c.Close() //nolint:errcheck // nothing is lost with it
		if _, err := c.Write(request); err != nil {
			return nil
		}
		if _, _, err := readAnswer(bufio.NewReader(c)); err != nil {
			return nil
		}
		return noContent
	})
	if err := run(t, lossy, b); err != nil {
		t.Fatal(err)
	}
	if err := b.Balance(All); err == nil || !strings.Contains(err.Error(), "196 arrived of 200") {
		t.Errorf("%v, wanted 196 of 200", err)
	}
}

func TestRefusalEndsTheRun(t *testing.T) {
	address := serve(t, func([]byte) []byte {
		return []byte("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
	})
	if err := run(t, address, NewBooks(0, 10)); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("%v, wanted the status in it", err)
	}
}

func TestConnectionsThatEndAreOpenedAnew(t *testing.T) {
	address := serve(t, func([]byte) []byte {
		return []byte("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
	})
	b := NewBooks(0, 20)
	if err := run(t, address, b); err != nil {
		t.Fatal(err)
	}
	if err := b.Balance(None); err != nil {
		t.Error(err)
	}
}

func TestSinkCountsStrays(t *testing.T) {
	s := newSink(t)
	if err := run(t, s.Address(), NewBooks(0, 5)); err != nil {
		t.Fatal(err)
	}
	if s.Stray() != 5 {
		t.Errorf("%d strays, 5 were sent", s.Stray())
	}
}

// serve answers each request with what answer gives.
func serve(t *testing.T, answer func(request []byte) []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close() //nolint:errcheck // the test is over with it
				in := bufio.NewReader(c)
				for {
					request, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					var whole bytes.Buffer
					if err := request.Write(&whole); err != nil {
						return
					}
					if _, err := c.Write(answer(whole.Bytes())); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

func BenchmarkArrived(b *testing.B) {
	b.ReportAllocs()
	books := NewBooks(0, 1<<20)
	for serial := uint64(0); b.Loop(); serial++ {
		books.Sent(serial % (1 << 20))
		books.Arrived(serial % (1 << 20))
	}
}

package load

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// askSink sends one hit, and returns how it was answered; "": not at all.
func askSink(t *testing.T, s *Sink, serial uint64, wait time.Duration) (status, body string) {
	t.Helper()
	c, err := net.Dial("tcp", s.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // nothing is lost with it
	if _, err := c.Write(ga4.Append(nil, serial)); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(wait)); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return "", ""
	}
	defer answer.Body.Close() //nolint:errcheck // it is read
	room := make([]byte, 100)
	n, _ := answer.Body.Read(room)
	return strconv.Itoa(answer.StatusCode), string(room[:n])
}

// TestMannersOfASink: what it takes is in the books, what it does not is not.
func TestMannersOfASink(t *testing.T) {
	s := newSink(t)
	b := NewBooks(0, 10)
	for i := range uint64(10) {
		b.Sent(i)
	}
	s.Open(b)
	s.Say(func(dst []byte, n int) []byte {
		return append(dst, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"+strconv.Itoa(n)...)
	})
	const soon = 50 * time.Millisecond
	for i, want := range []struct {
		manner       Manner
		status, body string
		wait         time.Duration
		arrived      int64
	}{{Takes, "200", "1", patience, 1}, {Fails, "500", "", patience, 1}, {Hangs, "", "", soon, 1},
		{Takes, "200", "1", patience, 2}} {
		s.Behave(want.manner)
		status, body := askSink(t, s, uint64(i), want.wait)
		if status != want.status || body != want.body || b.HaveArrived() != want.arrived || s.Requests() != int64(i+1) {
			t.Errorf("manner %d: %q %q, %d arrived, %d requests", want.manner, status, body, b.HaveArrived(), s.Requests())
		}
	}
	s.Say(nil)
	if status, _ := askSink(t, s, 9, patience); status != "204" {
		t.Errorf("%q", status)
	}
}

// TestHeldAnswers: what comes is noted at once, and answered when it is released, or not
// at all where the sink is closed before.
func TestHeldAnswers(t *testing.T) {
	for _, closes := range []bool{false, true} {
		s := newSink(t)
		b := NewBooks(0, 3)
		s.Open(b)
		s.Hold()
		ended := make(chan error, 1)
		go func() {
			_, err := (&Run{Address: s.Address(), Conns: 3, Books: b, Render: ga4.Append}).Do(context.Background())
			ended <- err
		}()
		for s.Waiting() < 3 {
			select {
			case err := <-ended:
				t.Fatalf("it ended while its answers are held: %v", err)
			case <-time.After(time.Millisecond):
			}
		}
		if b.HaveArrived() != 3 || b.nAnswered.Load() != 0 {
			t.Errorf("%d arrived, %d answered", b.HaveArrived(), b.nAnswered.Load())
		}
		if closes {
			s.Close()
			if err := <-ended; err != nil && !strings.Contains(err.Error(), "answer") {
				t.Error(err)
			}
			continue
		}
		s.Release()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := b.Balance(All); err != nil || s.Waiting() != 0 {
			t.Error(err)
		}
	}
}

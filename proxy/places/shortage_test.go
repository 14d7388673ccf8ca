package places

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// script is a listener that gives what it is told to.
type script struct {
	net.Listener
	gives []any // net.Conn, error, or a pause before the next
	ended chan struct{}
}

func (s *script) Accept() (net.Conn, error) {
	for {
		if len(s.gives) == 0 {
			<-s.ended
			return nil, net.ErrClosed
		}
		next := s.gives[0]
		s.gives = s.gives[1:]
		switch next := next.(type) {
		case net.Conn:
			return next, nil
		case error:
			return nil, next
		case time.Duration:
			<-time.After(next)
		}
	}
}

func (s *script) Close() error { close(s.ended); return nil }

func accepting(number syscall.Errno) error {
	return &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", number)}
}

func times(n int, err error) []any { return slices.Repeat([]any{err}, n) }

// TestALackIsWaitedOut: what passes by itself is waited for, longer each time, and said once.
func TestALackIsWaitedOut(t *testing.T) {
	some := func() any { return &fake{from: netip.MustParseAddr("192.0.2.9")} }
	for name, c := range map[string]struct {
		gives  []any
		conns  int
		said   string
		waited time.Duration
	}{
		"descriptors":   {append(times(3, accepting(syscall.EMFILE)), some()), 1, "short", 35 * time.Millisecond},
		"the machine's": {append(times(1, accepting(syscall.ENFILE)), some()), 1, "short", 5 * time.Millisecond},
		"buffers":       {append(times(1, accepting(syscall.ENOBUFS)), some()), 1, "short", 5 * time.Millisecond},
		"memory":        {append(times(1, accepting(syscall.ENOMEM)), some()), 1, "short", 5 * time.Millisecond},
		"for long": {append(times(20, accepting(syscall.EMFILE)), some()), 1, "short",
			1275*time.Millisecond + 12*time.Second},
		"again and again": {[]any{accepting(syscall.EMFILE), some(), accepting(syscall.EMFILE), some(),
			accepting(syscall.EMFILE), some()}, 3, "short", 15 * time.Millisecond},
		"until it is over": {[]any{accepting(syscall.EMFILE), accepting(syscall.EMFILE), some(), time.Minute, some(),
			some()}, 3, "short, enough after 2", 15*time.Millisecond + time.Minute},
		"and once more": {[]any{accepting(syscall.EMFILE), some(), time.Minute, some(), accepting(syscall.EMFILE),
			some()}, 3, "short, enough after 1, short", 10*time.Millisecond + time.Minute},
		"a connection that went": {[]any{accepting(syscall.ECONNABORTED), some(), accepting(syscall.EPROTO),
			accepting(syscall.EPERM), some()}, 2, "", 20 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var said []string
				inner := &script{gives: c.gives, ended: make(chan struct{})}
				l := Listen(inner, Options{
					Short:  func(error) { said = append(said, "short") },
					Enough: func(n int) { said = append(said, fmt.Sprintf("enough after %d", n)) },
				})
				begun := time.Now()
				for range c.conns {
					if _, err := l.Accept(); err != nil {
						t.Fatal(err)
					}
				}
				if waited := time.Since(begun); waited != c.waited {
					t.Errorf("it waited %v, not %v", waited, c.waited)
				}
				if got := strings.Join(said, ", "); got != c.said {
					t.Errorf("it said %q, not %q", got, c.said)
				}
				if err := l.Close(); err != nil {
					t.Error(err)
				}
				if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
					t.Errorf("at the end: %v", err)
				}
			})
		})
	}
}

// TestTheEndDoesNotWaitForDescriptors.
func TestTheEndDoesNotWaitForDescriptors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &script{gives: times(1000, accepting(syscall.EMFILE)), ended: make(chan struct{})}
		l := Listen(inner, Options{})
		ended := make(chan error)
		go func() {
			_, err := l.Accept()
			ended <- err
		}()
		<-time.After(10500 * time.Millisecond)
		begun := time.Now()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, net.ErrClosed) || time.Since(begun) > 0 {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

// TestAnErrorThatStaysEndsTheListening, and is not tried again for ever.
func TestAnErrorThatStaysEndsTheListening(t *testing.T) {
	for _, err := range []error{accepting(syscall.EINVAL), accepting(syscall.EBADF), errors.New("anything"),
		net.ErrClosed} {
		l := Listen(&script{gives: []any{err, err}, ended: make(chan struct{})}, Options{Short: func(error) {
			t.Error("it is short of something")
		}})
		if _, got := l.Accept(); !errors.Is(got, err) {
			t.Errorf("%v: %v", err, got)
		}
	}
}

// TestWithoutDescriptorsWhoRestsMakesRoom, one for each try.
func TestWithoutDescriptorsWhoRestsMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, Options{})
		for _, step := range []string{"a 192.0.2.1", "b 192.0.2.2", "b2 192.0.2.2", "c 192.0.2.3", "+a"} {
			h.step(step)
		}
		h.failed(accepting(syscall.EMFILE))
		if got := h.here(); got != "a b b2 c" {
			t.Errorf("who came just now does not stay: %s", got)
		}
		<-time.After(time.Second)
		h.Listener.Listener = &script{gives: append(times(2, accepting(syscall.EMFILE)),
			&fake{from: netip.MustParseAddr("192.0.2.9")})}
		if _, err := h.Accept(); err != nil {
			t.Fatal(err)
		}
		if got := h.here(); got != "a c" { // b has more, b2 rests longer
			t.Errorf("there are %s", got)
		}
	})
}

package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// badShelf is a shelf of which calls fail.
type badShelf struct {
	shelf
	reads, acks func() error
}

func (s *badShelf) Pending(to string, limit int) ([]Waiting, error) {
	if err := s.reads(); err != nil {
		return nil, err
	}
	return s.shelf.Pending(to, limit)
}

func (s *badShelf) Ack(ids []uint64) error {
	if err := s.acks(); err != nil {
		return err
	}
	return s.shelf.Ack(ids)
}

func never() error { return nil }

// running has an outbox deliver until the function that it returns is called.
func (s *badShelf) running(t *testing.T, f *far, r *Receiver, fault func(error)) (o *Outbox, end func()) {
	t.Helper()
	o = NewOutbox(OutboxOptions{
		Store: s, Key: testKey, Client: &http.Client{Transport: f}, Receivers: func() []*Receiver { return []*Receiver{r} }, Fault: fault,
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { o.Deliver(ctx); close(ended) }()
	return o, func() { cancel(); <-ended }
}

// inOrder tells whether all of so many people were told of, each once, in order.
func (f *far) inOrder(n int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, one := range f.got {
		if one != fmt.Sprintf("a.example u%d@example.com", i) {
			return false
		}
	}
	return len(f.got) == n
}

// TestOutboxWhoseStoreFails: whichever call of the store fails, that is said, and everything is told once, in order.
func TestOutboxWhoseStoreFails(t *testing.T) {
	const people = ackedAtOnce + 3
	calls := 0
	for n := 1; n == 1 || calls >= n-1; n++ {
		synctest.Test(t, func(t *testing.T) {
			calls = 0
			failed := errors.New("input/output error")
			var mu sync.Mutex
			one := func() error {
				mu.Lock()
				defer mu.Unlock()
				if calls++; calls == n {
					return failed
				}
				return nil
			}
			var faults atomic.Int64
			s, a := &badShelf{shelf: shelf{now: time.Now}, reads: one, acks: one}, newTemplated(t, "a")
			for i := range uint64(people) {
				s.post(t, i, a, fmt.Sprintf("u%d@example.com", i))
			}
			f := &far{answer: func(string, string) (int, string) { return 200, "" }}
			_, end := s.running(t, f, a, func(err error) {
				faults.Add(1)
				if !errors.Is(err, failed) {
					t.Error(err)
				}
			})
			defer end()
			pass(2 * time.Minute)
			if !f.inOrder(people) || s.left() != 0 || (faults.Load() == 1) != (calls >= n) {
				t.Errorf("call %d failed: %d told, %d left, %d faults: %q", n, len(f.got), s.left(), faults.Load(), f.got)
			}
		})
	}
	if calls < 4 {
		t.Errorf("%d calls", calls)
	}
}

// TestOutboxThatCannotForget: as long as what was told cannot be forgotten nothing more is told, and nothing again, however often it is asked.
// A process that begins then tells again no more than that.
func TestOutboxThatCannotForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people = atOnce + 100 // more than are read at once
		var full atomic.Bool
		full.Store(true)
		s, a := &badShelf{shelf: shelf{now: time.Now}, reads: never}, newTemplated(t, "a")
		s.acks = func() error {
			if full.Load() {
				return errors.New("no space left on device")
			}
			return nil
		}
		for i := range uint64(people) {
			s.post(t, i, a, fmt.Sprintf("u%d@example.com", i))
		}
		f := &far{answer: func(string, string) (int, string) { return 200, "" }}
		var faults atomic.Int64
		o, end := s.running(t, f, a, func(error) { faults.Add(1) })
		for range 10 {
			o.Kick()
			pass(time.Minute)
		}
		if !f.inOrder(ackedAtOnce) || s.left() != people || faults.Load() < 10 {
			t.Errorf("%d told, %d left, %d faults", len(f.got), s.left(), faults.Load())
		}
		end()
		again := &far{answer: f.answer}
		o, end = s.running(t, again, a, func(error) {})
		defer end()
		pass(time.Minute)
		if !again.inOrder(ackedAtOnce) {
			t.Errorf("%d told again", len(again.got))
		}
		full.Store(false)
		o.Kick()
		pass(2 * time.Minute)
		if !again.inOrder(people) || s.left() != 0 {
			t.Errorf("in the end: %d told, %d left", len(again.got), s.left())
		}
	})
}

// TestOutboxWhatCannotBeSent: while the secret cannot be read messages wait, and are told when it can; one that cannot be written as a request
// is dropped, which is said, and holds up nobody.
func TestOutboxWhatCannotBeSent(t *testing.T) {
	asked := func(change func(*ReceiverOptions)) ReceiverOptions {
		o := ReceiverOptions{Name: "a", URL: "https://a.example/x", Events: []string{Objection}, SecretFile: "none", Request: &Request{Body: "${email}"}}
		change(&o)
		return o
	}
	for what, c := range map[string]struct {
		receiver ReceiverOptions
		email    string // of the first message; the second is joe's
		why      string
		told     int
	}{
		"signed, without a secret":   {asked(func(o *ReceiverOptions) { o.Request = nil }), "jane@example.com", WhyDown, 0},
		"a request without a secret": {asked(func(o *ReceiverOptions) { o.Request.Body = "${email} ${secret}" }), "jane@example.com", WhyDown, 0},
		"what a header cannot hold":  {asked(func(o *ReceiverOptions) { o.Request.Headers = map[string]string{"X": "${email}"} }), "jane\n@example.com", WhyUnsendable, 1},
		"what no method is":          {asked(func(o *ReceiverOptions) { o.Request.Method = "P T" }), "jane@example.com", WhyUnsendable, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, f := &shelf{now: time.Now}, &far{answer: func(string, string) (int, string) { return 200, "" }}
			c.receiver.SecretFile = filepath.Join(t.TempDir(), "secret") // there is none yet
			r, err := NewReceiver(c.receiver)
			if err != nil {
				t.Fatal(err)
			}
			s.post(t, 1, r, c.email)
			s.post(t, 2, r, "joe@example.com")
			_, events := deliver(t, s, f, r)
			pass(time.Minute)
			if all := events(); !slices.Contains(all, "a "+c.why) || len(f.got) != c.told || (s.left() == 2) != (c.why == WhyDown) {
				t.Errorf("%s: %q, %d told, %d left", what, all, len(f.got), s.left())
			}
			if c.why == WhyDown {
				if err := os.Rename(secretFile(t, strings.Repeat("k", 32)), c.receiver.SecretFile); err != nil {
					t.Fatal(err)
				}
				pass(time.Hour)
				if len(f.got) != 2 || s.left() != 0 {
					t.Errorf("%s, then with it: %d told, %d left", what, len(f.got), s.left())
				}
			}
		})
	}
	if _, err := NewReceiver(asked(func(o *ReceiverOptions) { o.Request.Body = "${nobody}" })); err == nil || !strings.Contains(err.Error(), "the webhook a") {
		t.Errorf("a placeholder that there is none of: %v", err)
	}
	r, err := NewReceiver(asked(func(*ReceiverOptions) {}))
	if err != nil {
		t.Fatal(err)
	}
	if request, err := r.request(t.Context(), &Act{Type: Objection}, "", time.Now()); !errors.Is(err, ErrNoIdentifier) {
		t.Errorf("nobody is told of: %v, %v", request, err)
	}
}

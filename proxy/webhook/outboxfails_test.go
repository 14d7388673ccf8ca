package webhook

import (
	"errors"
	"os"
	"path/filepath"
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

func (s *badShelf) Next(after uint64, limit int) ([]Waiting, error) {
	if err := s.reads(); err != nil {
		return nil, err
	}
	return s.shelf.Next(after, limit)
}

func (s *badShelf) Body(id uint64) ([]byte, error) {
	if err := s.reads(); err != nil {
		return nil, err
	}
	return s.shelf.Body(id)
}

func (s *badShelf) Ack(ids []uint64) error {
	if err := s.acks(); err != nil {
		return err
	}
	return s.shelf.Ack(ids)
}

func never() error { return nil }

// inOrder tells whether all of so many people were told of, each once, in order.
func (f *far) inOrder(n int) bool {
	got, _ := f.sent()
	for i, one := range got {
		if one != "a.example "+person(i) {
			return false
		}
	}
	return len(got) == n
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
			s, a := &badShelf{shelf: shelf{now: time.Now}, reads: one, acks: one}, newTemplated(t, "a", alone)
			for i := range people {
				s.post(t, uint64(i+1), a, person(i))
			}
			f := &far{answer: always(200)}
			deliver(t, s, f, func(o *OutboxOptions) {
				o.Fault = func(err error) {
					faults.Add(1)
					if !errors.Is(err, failed) {
						t.Error(err)
					}
				}
			}, a)
			pass(2 * time.Minute)
			mu.Lock()
			defer mu.Unlock()
			if !f.inOrder(people) || s.left() != 0 || (faults.Load() == 1) != (calls >= n) {
				t.Errorf("call %d failed: %d told, %d left, %d faults: %q", n, len(f.got), s.left(), faults.Load(), f.got)
			}
		})
	}
	if calls < 4 {
		t.Errorf("%d calls", calls)
	}
}

// TestOutboxThatCannotForget: as long as what was told cannot be forgotten nothing more is told, and nothing again,
// however often it is asked. A process that begins then tells again no more than that.
func TestOutboxThatCannotForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people, most = readAtOnce + 100, 2*ackedAtOnce + 1 // more than are read at once; see work
		var full atomic.Bool
		full.Store(true)
		s, a := &badShelf{shelf: shelf{now: time.Now}, reads: never}, newTemplated(t, "a", alone)
		s.acks = func() error {
			if full.Load() {
				return errors.New("no space left on device")
			}
			return nil
		}
		for i := range people {
			s.post(t, uint64(i+1), a, person(i))
		}
		f := &far{answer: always(200)}
		var faults atomic.Int64
		quiet := func(o *OutboxOptions) { o.Fault = func(error) { faults.Add(1) } }
		o := deliver(t, s, f, quiet, a)
		for range 10 {
			o.Kick()
			pass(time.Minute)
		}
		if _, n := f.sent(); !f.inOrder(n) || n > most || s.left() != people || faults.Load() < 10 {
			t.Errorf("%d told, %d left, %d faults", n, s.left(), faults.Load())
		}
		o.end()
		again := &far{answer: f.answer}
		o = deliver(t, s, again, quiet, a)
		pass(time.Minute)
		if _, n := again.sent(); !again.inOrder(n) || n > most {
			t.Errorf("%d told again", n)
		}
		full.Store(false)
		o.Kick()
		pass(3 * time.Minute)
		if !again.inOrder(people) || s.left() != 0 {
			t.Errorf("in the end: %d told, %d left", len(again.got), s.left())
		}
	})
}

// TestOutboxWhatCannotBeSent: while the secret cannot be read messages wait, and are told when it can; one that cannot
// be written as a request is dropped, which is said, and holds up nobody.
func TestOutboxWhatCannotBeSent(t *testing.T) {
	asked := func(change func(*ReceiverOptions)) ReceiverOptions {
		o := ReceiverOptions{Name: "a", URL: "https://a.example/x", Events: []string{Objection}, SecretFile: "none",
			Request: &Request{Body: "${email}"}}
		change(&o)
		return o
	}
	for what, c := range map[string]struct {
		receiver ReceiverOptions
		email    string // of the first message; the second is joe's
		why      string
		told     int
		waits    bool
	}{
		"signed, without a secret": {asked(func(o *ReceiverOptions) {
			o.Request = nil
		}), "jane@example.com", WhySecret, 0, true},
		"a request without a secret": {asked(func(o *ReceiverOptions) {
			o.Request.Body = "${email} ${secret}"
		}), "jane@example.com", WhySecret, 0, true},
		"what a header cannot hold": {asked(func(o *ReceiverOptions) {
			o.Request.Headers = map[string]string{"X": "${email}"}
		}), "jané@example.com", WhyUnsendable, 1, false},
		"what no method is": {asked(func(o *ReceiverOptions) {
			o.Request.Method = "P T"
		}), "jane@example.com", WhyDown, 0, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, f := &shelf{now: time.Now}, &far{answer: always(200)}
			c.receiver.SecretFile = filepath.Join(t.TempDir(), "secret") // there is none yet
			r, err := NewReceiver(c.receiver)
			if err != nil {
				t.Fatal(err)
			}
			s.post(t, 1, r, c.email)
			s.post(t, 2, r, "joe@example.com")
			o := deliver(t, s, f, nil, r)
			pass(time.Minute)
			if _, n := f.sent(); o.count("a "+c.why) == 0 || n != c.told || (s.left() == 2) != c.waits {
				t.Errorf("%s: %q, %d told, %d left", what, o.events(), n, s.left())
			}
			if c.why == WhySecret {
				if err := os.Rename(secretFile(t, strings.Repeat("k", 32)), c.receiver.SecretFile); err != nil {
					t.Fatal(err)
				}
				pass(2 * time.Minute)
				if _, n := f.sent(); n != 2 || s.left() != 0 {
					t.Errorf("%s, then with it: %d told, %d left", what, n, s.left())
				}
			}
		})
	}
	if _, err := NewReceiver(asked(func(o *ReceiverOptions) {
		o.Request.Body = "${nobody}"
	})); err == nil || !strings.Contains(err.Error(), "the webhook a") {
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

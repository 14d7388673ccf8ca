package webhook

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// shelf keeps messages in memory.
type shelf struct {
	mu  sync.Mutex
	all []Waiting
	now func() time.Time
}

func (s *shelf) Pending(to string, limit int) ([]Waiting, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Waiting
	for _, m := range s.all {
		if (to == "" || m.To == to) && len(out) < limit {
			out = append(out, m)
		}
	}
	return out, nil
}

func (s *shelf) Ack(ids []uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = slices.DeleteFunc(s.all, func(m Waiting) bool { return slices.Contains(ids, m.ID) })
	return nil
}

func (s *shelf) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// post puts an act of a person on the shelf.
func (s *shelf) post(t *testing.T, id uint64, r *Receiver, email string) {
	t.Helper()
	messages, err := messages(r, &Act{Type: Objection, Time: s.now(), IDs: map[string][]string{"email": {email}}, Scopes: []string{"all"}}, &testKey, rand.Reader)
	if err != nil || len(messages) != 1 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, Waiting{ID: id, To: r.Name(), Body: messages[0], Since: s.now()})
}

var testKey = [32]byte{1, 2, 3}

// far is the other side: it answers by host and body.
type far struct {
	mu     sync.Mutex
	answer func(host, body string) (status int, after string)
	got    []string // host, body, Webhook-Id where there is one
	ids    []string
}

func (f *far) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.got = append(f.got, r.URL.Host+" "+string(body))
	f.ids = append(f.ids, r.Header.Get("Webhook-Id"))
	status, after := f.answer(r.URL.Host, string(body))
	if status == 0 {
		return nil, errors.New("refused")
	}
	header := http.Header{}
	if after != "" {
		header.Set("Retry-After", after)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(nil)), Request: r}, nil
}

// newTemplated is a receiver that is told nothing but an address.
func newTemplated(t *testing.T, name string) *Receiver {
	t.Helper()
	r, err := NewReceiver(ReceiverOptions{
		Name: name, URL: "https://" + name + ".example/x", Events: []string{Objection, Withdrawal},
		Request: &Request{Body: "${email}"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// deliver runs an outbox in a bubble until the test's end. Events are what OnDelivered and OnFailed were told.
func deliver(t *testing.T, s *shelf, f *far, receivers ...*Receiver) (o *Outbox, events func() []string) {
	t.Helper()
	var mu sync.Mutex
	var all []string
	note := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, fmt.Sprintf(format, args...))
	}
	s.now = time.Now
	o = NewOutbox(OutboxOptions{
		Store: s, Key: testKey, Receivers: func() []*Receiver { return receivers }, Client: &http.Client{Transport: f},
		OnDelivered: func(to, _ string, taken time.Duration) { note("%s told after %v", to, taken) },
		OnFailed:    func(to, _, why string, _ error) { note("%s %s", to, why) },
		Fault:       func(err error) { t.Error(err) },
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { o.Deliver(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	return o, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

func TestOutboxSendsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{now: time.Now}
		a, b := newTemplated(t, "a"), newTemplated(t, "b")
		for i := range uint64(50) {
			s.post(t, 2*i, a, fmt.Sprintf("u%d@example.com", i))
			s.post(t, 2*i+1, b, fmt.Sprintf("u%d@example.com", i))
		}
		f := &far{answer: func(host, _ string) (int, string) { return map[string]int{"a.example": 200, "b.example": 0}[host], "" }}
		_, events := deliver(t, s, f, a, b)
		synctest.Wait()
		var got []string
		for _, one := range f.got {
			if strings.HasPrefix(one, "a.") {
				got = append(got, one)
			}
		}
		for i := range 50 {
			if want := fmt.Sprintf("a.example u%d@example.com", i); i >= len(got) || got[i] != want {
				t.Fatalf("%d: %q", i, got)
			}
		}
		if s.left() != 50 || len(f.got) != 51 || !slices.Contains(events(), "b down") {
			t.Errorf("%d left, %d sent, %q", s.left(), len(f.got), events())
		}
		f.mu.Lock()
		f.answer = func(string, string) (int, string) { return 204, "" }
		f.mu.Unlock()
		pass(2 * time.Second)
		if s.left() != 0 || !slices.Contains(events(), "b told after 1s") {
			t.Errorf("%d left, %q", s.left(), events())
		}
	})
}

// pass lets time pass in a bubble, and everything that has to happen meanwhile happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// TestOutboxPatience: what is never taken is tried with more and more time between, and dropped after a week.
func TestOutboxPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{now: time.Now}
		a, err := NewReceiver(ReceiverOptions{Name: "a", URL: "https://a.example", Events: []string{Objection}, SecretFile: secretFile(t, strings.Repeat("k", 32))})
		if err != nil {
			t.Fatal(err)
		}
		s.post(t, 1, a, "jane@example.com")
		begin := time.Now()
		var at []time.Duration
		f := &far{}
		f.answer = func(string, string) (int, string) {
			at = append(at, time.Since(begin))
			return 503, map[int]string{1: "20"}[len(at)]
		}
		o, events := deliver(t, s, f, a)
		o.Kick()
		pass(8 * 24 * time.Hour)
		if want := "[0s 20s 25s 55s 2m55s 12m55s 42m55s 1h42m55s]"; fmt.Sprint(at[:8]) != want {
			t.Errorf("tried after %v", at[:8])
		}
		if n := len(at); n != 8+166 || s.left() != 0 || events()[len(events())-1] != "a dropped_too_old" {
			t.Errorf("%d attempts, %d left, %q", n, s.left(), events()[len(events())-1])
		}
		for _, id := range f.ids {
			if id != f.ids[0] || !strings.HasPrefix(id, "msg_") {
				t.Fatalf("ids %q", f.ids)
			}
		}
	})
}

// TestOutboxSetsAside: a message that a receiver refuses holds up those about the same person, and nobody else's.
func TestOutboxSetsAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{now: time.Now}
		a := newTemplated(t, "a")
		for i, email := range []string{"jane@example.com", "joe@example.com", "JANE@example.com", "gone@example.com"} {
			s.post(t, uint64(i), a, email)
		}
		refuse := true
		f := &far{}
		f.answer = func(_, body string) (int, string) {
			switch {
			case strings.HasPrefix(body, "gone"):
				return 410, ""
			case strings.EqualFold(body, "jane@example.com") && refuse:
				return 404, ""
			}
			return 200, ""
		}
		_, events := deliver(t, s, f, a)
		synctest.Wait()
		if got := strings.Join(f.got, ", "); got != "a.example jane@example.com, a.example joe@example.com, a.example gone@example.com" || s.left() != 2 {
			t.Errorf("%s; %d left", got, s.left())
		}
		f.mu.Lock()
		refuse, f.got = false, nil
		f.mu.Unlock()
		pass(time.Second)
		if got := strings.Join(f.got, ", "); got != "a.example jane@example.com, a.example JANE@example.com" || s.left() != 0 {
			t.Errorf("%s; %d left", got, s.left())
		}
		if got := strings.Join(events(), ", "); got != "a refused, a told after 0s, a dropped_gone, a told after 1s, a told after 1s" {
			t.Error(got)
		}
	})
}

// TestOutboxTakesManyRefusalsForTheReceivers: a wrong address is not tried with every message.
func TestOutboxTakesManyRefusalsForTheReceivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{now: time.Now}
		a := newTemplated(t, "a")
		for i := range uint64(300) {
			s.post(t, i, a, fmt.Sprintf("u%d@example.com", i))
		}
		f := &far{answer: func(string, string) (int, string) { return 404, "" }}
		deliver(t, s, f, a)
		synctest.Wait()
		if len(f.got) != mostAside+1 || s.left() != 300 {
			t.Errorf("%d attempts, %d left", len(f.got), s.left())
		}
		f.mu.Lock()
		f.answer = func(string, string) (int, string) { return 200, "" }
		f.mu.Unlock()
		pass(time.Hour)
		if s.left() != 0 {
			t.Errorf("%d left", s.left())
		}
	})
}

// TestOutboxReceiversComeAndGo: who is not configured any more is not told, and its messages wait for it for a week.
func TestOutboxReceiversComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{now: time.Now}
		a, b := newTemplated(t, "a"), newTemplated(t, "b")
		s.post(t, 1, a, "jane@example.com")
		s.post(t, 2, b, "jane@example.com")
		s.all = append(s.all, Waiting{ID: 3, To: "a", Body: []byte("damaged"), Since: time.Now()})
		f := &far{answer: func(string, string) (int, string) { return 200, "" }}
		var mu sync.Mutex
		now := []*Receiver{}
		o := NewOutbox(OutboxOptions{Store: s, Key: testKey, Client: &http.Client{Transport: f}, Receivers: func() []*Receiver {
			mu.Lock()
			defer mu.Unlock()
			return now
		}})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { o.Deliver(ctx); close(ended) }()
		pass(time.Minute)
		if len(f.got) > 0 {
			t.Errorf("%q", f.got)
		}
		mu.Lock()
		now = []*Receiver{a}
		mu.Unlock()
		o.Kick()
		synctest.Wait()
		if len(f.got) != 1 || s.left() != 1 {
			t.Errorf("%q, %d left", f.got, s.left())
		}
		mu.Lock()
		now = nil
		mu.Unlock()
		o.Kick()
		synctest.Wait()
		s.post(t, 4, a, "joe@example.com")
		o.Kick()
		pass(8 * 24 * time.Hour)
		if len(f.got) != 1 || s.left() != 0 {
			t.Errorf("%q, %d left", f.got, s.left())
		}
		cancel()
		<-ended
	})
}

package webhook

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptrace"
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

func (s *shelf) Next(after uint64, limit int) ([]Waiting, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Waiting
	for _, m := range s.all {
		if m.ID > after && len(out) < limit {
			out = append(out, m)
		}
	}
	return out, nil
}

func (s *shelf) Body(id uint64) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.all {
		if m.ID == id {
			return m.Body, nil
		}
	}
	return nil, nil
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

// post puts an act of persons on the shelf.
func (s *shelf) post(t *testing.T, id uint64, r *Receiver, emails ...string) {
	t.Helper()
	act := &Act{Type: Objection, Time: s.now(), IDs: map[string][]string{"email": emails}, Scopes: []string{"all"}}
	body, err := r.Message(act, &testKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, Waiting{ID: id, To: r.Name(), Body: body, Since: s.now()})
}

var testKey = [32]byte{1, 2, 3}

// far is the other side: it answers by host and body. A status of 0 is nobody there, one below 0 nobody who answers; at
// -2 until the request's time is over.
type far struct {
	mu     sync.Mutex
	answer func(host, body string) (status int, after string)
	takes  time.Duration // each answer
	got    []string      // host, body
	ids    []string      // Webhook-Id where there is one
	under  int
	most   int // requests that were under way at once
}

func (f *far) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.got = append(f.got, r.URL.Host+" "+string(body))
	f.ids = append(f.ids, r.Header.Get("Webhook-Id"))
	status, after := f.answer(r.URL.Host, string(body))
	f.under++
	f.most = max(f.most, f.under)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.under--
		f.mu.Unlock()
	}()
	if status == 0 {
		return nil, errors.New("refused")
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	takes := f.takes
	if status == -2 {
		takes = time.Hour
	}
	if takes > 0 { // Go's runtime can crash under the race detector where a timer of a bubble is due when it is asked for
		within, cancel := context.WithTimeout(r.Context(), takes)
		<-within.Done()
		cancel()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if status < 0 {
		return nil, errors.New("reset")
	}
	header := http.Header{}
	if after != "" {
		header.Set("Retry-After", after)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(nil)), Request: r}, nil
}

// answers has it answer otherwise from now on, and forgets what it got.
func (f *far) answers(answer func(host, body string) (int, string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer, f.got, f.ids = answer, nil, nil
}

// sent is what it got, and how many requests that were.
func (f *far) sent() ([]string, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.got), len(f.got)
}

func always(status int) func(string, string) (int, string) {
	return func(string, string) (int, string) { return status, "" }
}

// newTemplated is a receiver that is told nothing but an address.
func newTemplated(t *testing.T, name string, change ...func(*ReceiverOptions)) *Receiver {
	t.Helper()
	o := ReceiverOptions{
		Name: name, URL: "https://" + name + ".example/x", Events: []string{Objection, Withdrawal},
		Request: &Request{Body: "${email}"},
	}
	for _, c := range change {
		c(&o)
	}
	r, err := NewReceiver(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// alone has messages sent one after another.
func alone(o *ReceiverOptions) { o.Concurrency = 1 }

// longestDelay is the longest that full jitter may come to.
func longestDelay() float64 { return math.Nextafter(1, 0) }

// running is an outbox that delivers in a bubble.
type running struct {
	*Outbox
	mu        sync.Mutex
	all       []string
	receivers []*Receiver
	end       func()
}

// events are what OnDelivered and OnFailed were told.
func (o *running) events() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.all)
}

// count counts those that are so.
func (o *running) count(event string) (n int) {
	for _, one := range o.events() {
		if one == event {
			n++
		}
	}
	return n
}

func (o *running) note(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, fmt.Sprintf(format, args...))
}

// are puts other receivers in force.
func (o *running) are(receivers ...*Receiver) {
	o.mu.Lock()
	o.receivers = receivers
	o.mu.Unlock()
	o.Kick()
}

// deliver runs an outbox in a bubble, until the test's end where nobody ends it before.
func deliver(t *testing.T, s Store, f *far, change func(*OutboxOptions), receivers ...*Receiver) *running {
	t.Helper()
	o := &running{receivers: receivers}
	options := OutboxOptions{
		Store: s, Key: testKey, Client: &http.Client{Transport: f, Timeout: 10 * time.Second}, Rand: longestDelay,
		Receivers: func() []*Receiver {
			o.mu.Lock()
			defer o.mu.Unlock()
			return o.receivers
		},
		OnDelivered: func(to, _ string, taken time.Duration) {
			o.note("%s told after %v", to, taken.Round(time.Microsecond))
		},
		OnFailed: func(to, _, why string, _ error) { o.note("%s %s", to, why) },
		Fault:    func(err error) { t.Error(err) },
	}
	if change != nil {
		change(&options)
	}
	o.Outbox = NewOutbox(options)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { o.Deliver(ctx); close(ended) }()
	o.end = func() { cancel(); <-ended }
	t.Cleanup(o.end)
	return o
}

// pass lets time pass in a bubble, and everything that has to happen meanwhile happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func person(i int) string { return fmt.Sprintf("u%d@example.com", i) }

func TestOutboxSendsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{now: time.Now}
		a, b := newTemplated(t, "a", alone), newTemplated(t, "b")
		for i := range 50 {
			s.post(t, uint64(2*i+1), a, person(i))
			s.post(t, uint64(2*i+2), b, person(i))
		}
		f := &far{answer: func(host, _ string) (int, string) {
			return map[string]int{"a.example": 200, "b.example": 0}[host], ""
		}}
		o := deliver(t, s, f, nil, a, b)
		synctest.Wait()
		got, n := f.sent()
		var first []string
		for _, one := range got {
			if strings.HasPrefix(one, "a.") {
				first = append(first, one)
			}
		}
		for i := range 50 {
			if want := "a.example " + person(i); i >= len(first) || first[i] != want {
				t.Fatalf("%d: %q", i, first)
			}
		}
		if s.left() != 50 || n > 50+4 || o.count("b down") == 0 {
			t.Errorf("%d left, %d sent, %q", s.left(), n, o.events())
		}
		f.answers(always(204))
		pass(2 * time.Second)
		if s.left() != 0 || o.count("b told after 1s") != 50 {
			t.Errorf("%d left, %q", s.left(), o.events())
		}
	})
}

// TestOutboxPatience: what is never taken is tried with more and more time between, under one id, and dropped after a
// week.
func TestOutboxPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{now: time.Now}
		a, err := NewReceiver(ReceiverOptions{Name: "a", URL: "https://a.example", Events: []string{Objection},
			SecretFile: secretFile(t, strings.Repeat("k", 32))})
		if err != nil {
			t.Fatal(err)
		}
		s.post(t, 1, a, "jane@example.com")
		begin := time.Now()
		var at []time.Duration
		f := &far{}
		f.answer = func(string, string) (int, string) {
			at = append(at, time.Since(begin).Round(time.Microsecond))
			return 503, map[int]string{1: "20"}[len(at)]
		}
		o := deliver(t, s, f, nil, a)
		o.Kick()
		pass(8 * 24 * time.Hour)
		if want := "[0s 20s 22s 26s 34s 50s 1m22s 2m26s 4m34s 8m50s 17m22s 34m26s 1h8m34s 2h8m34s]"; fmt.Sprint(
			at[:14]) != want {
			t.Errorf("tried after %v", at[:14])
		}
		if n := len(at); n != 14+165 || s.left() != 0 || o.events()[len(o.events())-1] != "a dropped_too_old" {
			t.Errorf("%d attempts, %d left, %q", n, s.left(), o.events()[len(o.events())-1])
		}
		for _, id := range f.ids {
			if id != f.ids[0] || !strings.HasPrefix(id, "msg_") {
				t.Fatalf("ids %q", f.ids)
			}
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
		s.all = append(s.all, Waiting{ID: 3, To: "a", Body: []byte("damaged"), Since: time.Now()}, Waiting{ID: 4})
		f := &far{answer: always(200)}
		o := deliver(t, s, f, nil)
		pass(time.Minute)
		if _, n := f.sent(); n > 0 || s.left() != 2 || o.count("a dropped_unreadable") != 1 ||
			o.count(" dropped_unreadable") != 1 {
			t.Errorf("%d sent, %d left, %q", n, s.left(), o.events())
		}
		o.are(a)
		synctest.Wait()
		if got, n := f.sent(); n != 1 || s.left() != 1 {
			t.Errorf("%q, %d left", got, s.left())
		}
		o.are()
		synctest.Wait()
		s.post(t, 5, a, "joe@example.com")
		o.Kick()
		pass(time.Hour)
		if states := o.States(); len(states) != 2 || states[0].Name != "a" || states[0].Room.Messages != 1 ||
			states[1].Room.Messages != 1 {
			t.Errorf("%+v", states)
		}
		o.are(a)
		synctest.Wait()
		o.are()
		pass(8 * 24 * time.Hour)
		if got, n := f.sent(); n != 2 || s.left() != 0 || o.count("b dropped_too_old") != 1 {
			t.Errorf("%q, %d left", got, s.left())
		}
	})
}

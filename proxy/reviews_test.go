package proxy_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/proxy"
)

// hook is somebody who is told.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	got    []string
}

func newHook(t *testing.T) *hook {
	h := &hook{status: http.StatusOK}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.got = append(h.got, r.Header.Get("Webhook-Id")+" "+r.Header.Get("Webhook-Signature")+" "+string(body))
		w.WriteHeader(h.status)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) messages() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.got...)
}

func (h *hook) answer(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

// TestReviewsAreTold: once for each mark, also over a restart; and when the review is overdue.
func TestReviewsAreTold(t *testing.T) {
	h, c := newHook(t), newClock("2027-03-01T12:00:00Z")
	a := newAssessed(t, fmt.Sprintf("webhooks: [{ url: %q, events: [assessment_due], secret_file: ./hook.key }]\n", h.URL))
	write(t, filepath.Join(a.dir, "hook.key"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	r := start(t, a.file, c.option)
	told := func(n int, days string) {
		t.Helper()
		r.reloaded(t)
		until(t, days, func() bool { return len(h.messages()) >= n })
		got := h.messages()
		if len(got) != n || !strings.Contains(got[n-1], `"days_left":`+days+`,`) || !strings.Contains(got[n-1], " v1,") {
			t.Fatalf("%s days: %q", days, got)
		}
		until(t, "its record", func() bool { return len(r.written(t, "review_due")) >= n })
	}
	r.reloaded(t)
	for n, step := range [][2]string{{"2027-04-04T12:00:00Z", "30"}, {"2027-04-20T12:00:00Z", "14"}, {"2027-04-28T12:00:00Z", "6"}} {
		c.set(step[0])
		told(n+1, step[1])
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	r = start(t, a.file, c.option)
	for n, step := range [][2]string{{"2027-05-04T12:00:00Z", "0"}, {"2027-05-05T12:00:00Z", "-1"}} {
		c.set(step[0])
		told(n+4, step[1])
	}
	last := h.messages()[4]
	for _, want := range []string{`"type":"assessment_due"`, `"state":"expired"`, `"owner":"web@shop.example"`, `"activities":["counting"]`, `"version":1`} {
		if !strings.Contains(last, want) {
			t.Errorf("the message lacks %s: %s", want, last)
		}
	}
	if got := r.figure(t, `tagwarden_webhooks_total{event="assessment_due",outcome="taken"}`); got != "2" {
		t.Errorf("%s counted", got)
	}
}

// TestAHookThatFails: it is tried a few times, and an hour later again, with the same id; hits do not wait.
func TestAHookThatFails(t *testing.T) {
	h, c := newHook(t), newClock("2027-04-20T12:00:00Z")
	h.answer(http.StatusServiceUnavailable)
	a := newAssessed(t, fmt.Sprintf("webhooks: [{ url: %q, events: [assessment_due], secret_file: ./hook.key }]\n", h.URL))
	write(t, filepath.Join(a.dir, "hook.key"), strings.Repeat("k", 32))
	held := make(chan struct{})
	r := start(t, a.file, c.option, func(o *proxy.Options) {
		o.Pause = func(ctx context.Context, _ time.Duration) error {
			select {
			case <-held:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	until(t, "the first attempt", func() bool { return len(h.messages()) == 1 })
	if got := a.reason(t, r); got != "permitted" {
		t.Errorf("meanwhile a hit: %s", got)
	}
	close(held)
	until(t, "the last attempt", func() bool {
		return r.figure(t, `tagwarden_webhooks_total{event="assessment_due",outcome="failed"}`) == "1"
	})
	h.answer(http.StatusNoContent)
	c.set("2027-04-20T13:00:01Z")
	r.reloaded(t)
	until(t, "another attempt", func() bool { return len(r.written(t, "review_due")) == 1 })
	got := h.messages()
	id, _, _ := strings.Cut(got[0], " ")
	if len(got) != 6 || !strings.HasPrefix(got[5], id+" ") {
		t.Errorf("%d messages: %q", len(got), got)
	}
}

// TestAHookWithoutItsSecret is reported at the start, and nothing is recorded as told.
func TestAHookWithoutItsSecret(t *testing.T) {
	h, c := newHook(t), newClock("2027-04-20T12:00:00Z")
	a := newAssessed(t, fmt.Sprintf("webhooks: [{ url: %q, events: [assessment_due], secret_file: ./hook.key }]\n", h.URL))
	core, logged := observer.New(zap.ErrorLevel)
	r := start(t, a.file, c.option, func(o *proxy.Options) { o.Log = zap.New(core) })
	until(t, "a report of the failure", func() bool { return logged.FilterMessageSnippet("could not be told of a review").Len() == 1 })
	if logged.FilterMessageSnippet("cannot be told anything").Len() != 1 {
		t.Errorf("logged: %v", logged.All())
	}
	if got := r.records(t, "review_due"); len(got) > 0 || len(h.messages()) > 0 {
		t.Errorf("told: %q, %q", got, h.messages())
	}
}

// TestShutdownDoesNotWaitForAHook that nobody answers.
func TestShutdownDoesNotWaitForAHook(t *testing.T) {
	c := newClock("2027-04-20T12:00:00Z")
	a := newAssessed(t, "webhooks: [{ url: \"http://127.0.0.1:1\", events: [assessment_due], secret_file: ./hook.key }]\n")
	write(t, filepath.Join(a.dir, "hook.key"), strings.Repeat("k", 32))
	waits := make(chan struct{})
	var once sync.Once
	r := start(t, a.file, c.option, func(o *proxy.Options) {
		o.Pause = func(ctx context.Context, _ time.Duration) error {
			once.Do(func() { close(waits) })
			<-ctx.Done()
			return ctx.Err()
		}
	})
	<-waits
	if err := r.stop(t); err != nil {
		t.Error(err)
	}
}

// TestAssessmentsAreShown: staff see how each assessment stands now, and that one is due, over or revoked.
func TestAssessmentsAreShown(t *testing.T) {
	c := newClock("2027-03-01T12:00:00Z")
	a := newAssessed(t, "")
	r := start(t, a.file, c.option)
	for _, step := range [][2]string{
		{"2027-03-01T12:00:00Z", `"state":"valid"`}, {"2027-04-20T12:00:00Z", `"state":"due"`}, {"2027-05-04T23:59:59Z", `"days_left":0,`},
		{"2027-05-05T00:00:00Z", `"state":"expired"`},
	} {
		c.set(step[0])
		status, body := r.get(t, "/api/v1/assessments")
		if status != 200 || !strings.Contains(body, step[1]) || !strings.Contains(body, `"id":"LIA-1"`) || !strings.Contains(body, `"activities":["counting"]`) {
			t.Errorf("%s: %d %s", step[0], status, body)
		}
	}
}

package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

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

// toldInWords is what is said of a review in a sentence, by the days that are left.
var toldInWords = map[string]string{
	"30": "assessment LIA-1 is to be reviewed in 30 days (2027-05-04); after that its activities deny",
	"14": "assessment LIA-1 is to be reviewed in 14 days (2027-05-04); after that its activities deny",
	"6":  "assessment LIA-1 is to be reviewed in 6 days (2027-05-04); after that its activities deny",
	"1":  "assessment LIA-1 is to be reviewed in 1 day (2027-05-04); after that its activities deny",
	"-1": "assessment LIA-1 is past its review (2027-05-04): its activities deny",
}

// TestReviewsAreTold: once for each mark, also over a restart; and when the review is overdue.
func TestReviewsAreTold(t *testing.T) {
	h, c := newHook(t), newClock("2027-03-01T12:00:00Z")
	a := newAssessed(t, fmt.Sprintf(
		"webhooks: [{ url: %q, private: true, events: [assessment_due], secret_file: ./hook.key }]\n", h.URL))
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
		if want := toldInWords[days]; !strings.Contains(got[n-1], want) {
			t.Errorf("%s days: the message lacks %q: %s", days, want, got[n-1])
		}
		until(t, "its record", func() bool { return len(r.written(t, "review_due")) >= n })
	}
	r.reloaded(t)
	for n, step := range [][2]string{{"2027-04-04T12:00:00Z", "30"}, {"2027-04-20T12:00:00Z", "14"},
		{"2027-04-28T12:00:00Z", "6"}} {
		c.set(step[0])
		told(n+1, step[1])
	}
	until(t, "their count", func() bool { return r.taken(t) == "3" })
	r.ask(t, get(counted, "")) // takes the keys to this day
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	r = start(t, a.file, c.option)
	for n, step := range [][2]string{{"2027-05-03T12:00:00Z", "1"}, {"2027-05-05T12:00:00Z", "-1"}} {
		c.set(step[0])
		told(n+4, step[1])
	}
	last := h.messages()[4]
	for _, want := range []string{`"type":"assessment_due"`, `"state":"expired"`, `"owner":"web@shop.example"`,
		`"activities":["counting"]`, `"version":1`} {
		if !strings.Contains(last, want) {
			t.Errorf("the message lacks %s: %s", want, last)
		}
	}
	until(t, "their count", func() bool { return r.taken(t) == "2" })
}

// hooked is an assessed shop whose reviews a webhook is told, with its secret.
func hooked(t *testing.T, address string) *assessed {
	t.Helper()
	a := newAssessed(t, fmt.Sprintf(
		"webhooks: [{ url: %q, private: true, events: [assessment_due], secret_file: ./hook.key }]\n",
		address))
	write(t, filepath.Join(a.dir, "hook.key"), strings.Repeat("k", 32))
	return a
}

// taken is how many messages were taken: once it says so, they are sent no more.
func (r *running) taken(t *testing.T) string {
	t.Helper()
	return r.figure(t, `tagwarden_webhooks_total{event="assessment_due",outcome="taken"}`)
}

// failed is how many attempts came to nothing.
func (r *running) failed(t *testing.T) string {
	t.Helper()
	return r.figure(t, `tagwarden_webhooks_total{event="assessment_due",outcome="failed"}`)
}

// TestAHookThatFails: a review that is told while the webhook fails waits for it, over a restart too; each attempt has
// the same id, one that was taken is the last, and that people were told is recorded once. Hits do not wait.
func TestAHookThatFails(t *testing.T) {
	h, c := newHook(t), newClock("2027-04-20T12:00:00Z")
	h.answer(http.StatusServiceUnavailable)
	a := hooked(t, h.URL)
	r := start(t, a.file, c.option)
	until(t, "the first attempt", func() bool { return r.failed(t) == "1" })
	if got := a.reason(t, r); got != "permitted" {
		t.Errorf("meanwhile a hit: %s", got)
	}
	until(t, "its record", func() bool { return len(r.written(t, "review_due")) == 1 })
	c.set("2027-04-20T12:00:02Z")
	until(t, "the second attempt", func() bool { return r.failed(t) == "2" })
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	r = start(t, a.file, c.option)
	until(t, "another one after a restart", func() bool { return r.failed(t) == "1" })
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	h.answer(http.StatusNoContent)
	r = start(t, a.file, c.option)
	until(t, "the last one", func() bool { return r.taken(t) == "1" })
	c.set("2027-04-20T14:00:00Z")
	r.reloaded(t)
	records, got := r.records(t, "review_due"), h.messages()
	if len(got) != 4 || len(records) != 1 {
		t.Errorf("%d messages, records %q: %q", len(got), records, got)
	}
	id, _, _ := strings.Cut(got[0], " ")
	for _, one := range got {
		if !strings.HasPrefix(one, id+" ") || !strings.Contains(one, `"days_left":14,`) {
			t.Errorf("not the message %s: %s", id, one)
		}
	}
}

// TestAReviewIsNotSentTwice: where a crash kept it off the ledger that people were told, the next start records it, and
// sends nothing again.
func TestAReviewIsNotSentTwice(t *testing.T) {
	h, c := newHook(t), newClock("2027-04-20T12:00:00Z")
	a := hooked(t, h.URL)
	r := start(t, a.file, c.option)
	until(t, "its record", func() bool { return r.taken(t) == "1" && len(r.written(t, "review_due")) == 1 })
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	a.cutLedger(t, func(line string) bool { return strings.Contains(line, `"kind":"review_due"`) })
	r = start(t, a.file, c.option)
	until(t, "its record, written late", func() bool { return len(r.written(t, "review_due")) == 1 })
	c.set("2027-04-28T12:00:00Z")
	r.reloaded(t)
	until(t, "the next one", func() bool { return len(h.messages()) > 1 })
	got := h.messages()
	if len(got) != 2 || !strings.Contains(got[1], `"days_left":6,`) {
		t.Errorf("told again: %q", got)
	}
}

// TestAReviewThatCannotBeKept is not recorded as told, and told when it can.
func TestAReviewThatCannotBeKept(t *testing.T) {
	h, c := newHook(t), newClock("2027-04-20T12:00:00Z")
	a := hooked(t, h.URL)
	var room atomic.Bool
	core, logged := observer.New(zap.ErrorLevel)
	r := start(t, a.file, c.option, func(o *proxy.Options) {
		o.Log = zap.New(core)
		o.Free = func() (uint64, error) {
			if room.Load() {
				return 1 << 40, nil
			}
			return 0, nil
		}
	})
	until(t, "a report of the failure",
		func() bool { return logged.FilterMessageSnippet("cannot be told of a review").Len() == 1 })
	r.reloaded(t)
	if got := r.written(t, "review_due"); len(got) > 0 || len(h.messages()) > 0 {
		t.Errorf("told: %q, %q", got, h.messages())
	}
	room.Store(true)
	c.set("2027-04-20T13:00:01Z")
	r.reloaded(t)
	until(t, "its record", func() bool { return len(h.messages()) == 1 && len(r.written(t, "review_due")) == 1 })
}

// TestAHookWithoutItsSecret is reported at the start, and told when it has one.
func TestAHookWithoutItsSecret(t *testing.T) {
	h, c := newHook(t), newClock("2027-04-20T12:00:00Z")
	a := hooked(t, h.URL)
	secret := filepath.Join(a.dir, "hook.key")
	if err := os.Remove(secret); err != nil {
		t.Fatal(err)
	}
	core, logged := observer.New(zap.WarnLevel)
	r := start(t, a.file, c.option, func(o *proxy.Options) { o.Log = zap.New(core) })
	until(t, "a report of the failure", func() bool {
		return logged.FilterMessageSnippet("the secret of a webhook cannot be used").Len() == 1
	})
	if logged.FilterMessageSnippet("cannot be told anything").Len() != 1 || len(h.messages()) > 0 {
		t.Errorf("told %q, logged: %v", h.messages(), logged.All())
	}
	write(t, secret, strings.Repeat("k", 32))
	c.set("2027-04-20T12:01:00Z")
	until(t, "the message", func() bool { return len(h.messages()) == 1 })
	if err := r.stop(t); err != nil {
		t.Error(err)
	}
}

// TestShutdownDoesNotWaitForAHook that nobody answers.
func TestShutdownDoesNotWaitForAHook(t *testing.T) {
	c := newClock("2027-04-20T12:00:00Z")
	a := hooked(t, "http://127.0.0.1:1")
	r := start(t, a.file, c.option)
	until(t, "an attempt", func() bool { return r.failed(t) == "1" })
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
		{"2027-03-01T12:00:00Z", `"state":"valid"`}, {"2027-04-20T12:00:00Z", `"state":"due"`},
		{"2027-05-04T23:59:59Z", `"days_left":0,`},
		{"2027-05-05T00:00:00Z", `"state":"expired"`},
	} {
		c.set(step[0])
		status, body := r.get(t, "/api/v1/assessments")
		if status != 200 || !strings.Contains(body, step[1]) || !strings.Contains(body, `"id":"LIA-1"`) ||
			!strings.Contains(body, `"activities":["counting"]`) {
			t.Errorf("%s: %d %s", step[0], status, body)
		}
	}
}

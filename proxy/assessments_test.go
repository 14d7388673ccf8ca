package proxy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
	"github.com/tagwarden/tagwarden/rules/basis"
)

const assessmentText = `id: LIA-1
title: Cookieless counting of visits
version: 1
owner: web@shop.example
purposes: [measure]
recipients: [matomo]
interest: { what: a, benefit: b, if_we_did_not: c }
necessity: { why: a, alternatives: b, minimised: c }
balancing: { relationship: visitor, expected: a, impact: low, children: no, special_categories: no, transparency: b }
safeguards: [objection_in_one_click]
data: { event_name: keep, page_title: keep, user_agent: keep, client_id: pseudonymise }
dpia: none
retention: 14 months
objection: { how: footer, compelling_grounds: none }
review_by: 2027-05-04
`

const assessmentFile = "policy/assessments/LIA-1.yaml"

// assessed is a shop where visits are counted on an assessment.
type assessed struct {
	file, dir       string
	vendor          *rawhttp.Vendor
	private, public string
}

func newAssessed(t *testing.T, more string) *assessed {
	t.Helper()
	v := standIn(t)
	private, public, err := note.GenerateKey(nil, "privacy")
	if err != nil {
		t.Fatal(err)
	}
	a := &assessed{vendor: v, private: private, public: public}
	a.file = shop(t, v.Addr(), map[string]string{
		"tagwarden.yaml": shopFiles["tagwarden.yaml"] + more + "approvers: { privacy: \"" + public + "\" }\n",
		"policy/activities.yaml": "activities:\n  - { id: counting, vendor: matomo, purposes: [measure], basis: legitimate_interest, assessment: LIA-1, " +
			"exemption: audience_measurement, profile: small, events: [\"*\"] }\n",
		assessmentFile: assessmentText,
	})
	a.dir = filepath.Dir(a.file)
	a.sign(t)
	return a
}

// sign approves the assessment as it stands.
func (a *assessed) sign(t *testing.T) {
	t.Helper()
	a.approve(t, a.private)
}

func (a *assessed) approve(t *testing.T, private string) {
	t.Helper()
	loaded, err := config.Load(a.file)
	if err != nil {
		t.Fatal(err)
	}
	approval, err := basis.Sign(loaded.Assessments["LIA-1"].Document, loaded.Assessments["LIA-1"].Digest, private)
	if err != nil {
		t.Fatal(err)
	}
	a.change(t, assessmentFile, func(text string) string {
		signed, err := config.WithApproval([]byte(text), approval)
		if err != nil {
			t.Fatal(err)
		}
		return string(signed)
	})
}

// change changes a file of the folder.
func (a *assessed) change(t *testing.T, name string, how func(text string) string) {
	t.Helper()
	path := filepath.Join(a.dir, filepath.FromSlash(name))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, how(string(text)))
}

func (a *assessed) replace(t *testing.T, name, old, with string) {
	t.Helper()
	a.change(t, name, func(text string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("%s has no %q", name, old)
		}
		return strings.ReplaceAll(text, old, with)
	})
}

const counted = "/t/matomo.php?idsite=1&rec=1&action_name=Home"

// reason sends a hit, and tells what the ledger says of it.
func (a *assessed) reason(t *testing.T, r *running) string {
	t.Helper()
	sent := len(a.vendor.Requests())
	r.ask(t, get(counted, ""))
	lines := strings.Split(strings.TrimSpace(r.ledger(t)), "\n")
	for _, line := range slices.Backward(lines) {
		var record struct{ Kind, Reason string }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		if record.Kind != "event" {
			continue
		}
		if forwarded := len(a.vendor.Requests()) > sent; forwarded != (record.Reason == "permitted") {
			t.Errorf("%s, and forwarded: %v", record.Reason, forwarded)
		}
		return record.Reason
	}
	return "nothing"
}

func (r *running) reloaded(t *testing.T) {
	t.Helper()
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
}

// TestAssessmentEndsByItself: from the first second after the last good day on nothing is forwarded, without a restart or a reload.
func TestAssessmentEndsByItself(t *testing.T) {
	a, c := newAssessed(t, ""), newClock("2027-05-04T23:59:59Z")
	r := start(t, a.file, c.option)
	for _, step := range [][2]string{{"2027-05-04T23:59:59Z", "permitted"}, {"2027-05-05T00:00:00Z", "assessment_expired"}, {"2027-05-04T12:00:00Z", "permitted"}} {
		c.set(step[0])
		if got := a.reason(t, r); got != step[1] {
			t.Errorf("at %s: %s, want %s", step[0], got, step[1])
		}
	}
}

// TestBadApprovals: whatever is wrong with an approval has a reason of its own, is taken up while serving, and forwards nothing.
func TestBadApprovals(t *testing.T) {
	stranger, _, err := note.GenerateKey(nil, "stranger")
	if err != nil {
		t.Fatal(err)
	}
	impostor, _, err := note.GenerateKey(nil, "privacy")
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := note.GenerateKey(nil, "other")
	if err != nil {
		t.Fatal(err)
	}
	const line = "  — privacy "
	for _, test := range []struct {
		name, want string
		break_     func(a *assessed)
	}{
		{"the approval taken out", "assessment_unapproved", func(a *assessed) {
			a.change(t, assessmentFile, func(text string) string { head, _, _ := strings.Cut(text, "approval:"); return head })
		}},
		{"a text edited", "assessment_changed", func(a *assessed) { a.replace(t, assessmentFile, "impact: low", "impact: medium") }},
		{"the purpose's text edited", "assessment_changed", func(a *assessed) { a.replace(t, "policy/purposes.yaml", "Measure the audience", "Follow the visitors") }},
		{"the signed text edited", "assessment_forged", func(a *assessed) { a.replace(t, assessmentFile, "  version 1\n", "  version 2\n") }},
		{"cut short", "assessment_unreadable", func(a *assessed) {
			a.change(t, assessmentFile, func(text string) string { return text[:len(text)-20] + "\n" })
		}},
		{"a stranger's", "assessment_foreign", func(a *assessed) { a.approve(t, stranger) }},
		{"one with another key of that name", "assessment_foreign", func(a *assessed) { a.approve(t, impostor) }},
		{"two approvals", "assessment_ambiguous", func(a *assessed) {
			a.change(t, assessmentFile, func(text string) string { return text + line + strings.SplitAfter(text, line)[1] })
		}},
		{"the approver's key removed", "assessment_approver_removed", func(a *assessed) { a.replace(t, "tagwarden.yaml", "privacy: \""+a.public, "other: \""+other) }},
		{"meant for later", "assessment_postdated", func(a *assessed) {
			a.replace(t, assessmentFile, "review_by:", "decided: 2027-01-01\nreview_by:")
			a.replace(t, assessmentFile, "version: 1", "version: 2")
			a.sign(t)
		}},
		{"a review in the past", "assessment_expired", func(a *assessed) {
			a.replace(t, assessmentFile, "review_by: 2027-05-04", "review_by: 2026-11-30")
			a.replace(t, assessmentFile, "version: 1", "version: 2")
			a.sign(t)
		}},
		{"revoked", "assessment_revoked", func(a *assessed) {
			write(t, filepath.Join(a.dir, "policy/revocations.yaml"), "revocations: [{ assessment: LIA-1, version: 1, at: 2026-12-01T12:00:00Z, because: the vendor was sold }]\n")
		}},
	} {
		a, c := newAssessed(t, ""), newClock("2026-12-01T12:00:00Z")
		r := start(t, a.file, c.option)
		if got := a.reason(t, r); got != "permitted" {
			t.Fatalf("%s: before it, %s", test.name, got)
		}
		test.break_(a)
		r.reloaded(t)
		if got := a.reason(t, r); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		if err := r.stop(t); err != nil {
			t.Error(err)
		}
	}
}

// TestTwoDocumentsOfOneIDAreRefused: such a policy does not load; the one that was there goes on.
func TestTwoDocumentsOfOneIDAreRefused(t *testing.T) {
	a, c := newAssessed(t, ""), newClock("2026-12-01T12:00:00Z")
	r := start(t, a.file, c.option)
	write(t, filepath.Join(a.dir, "policy/assessments/LIA-1b.yaml"), assessmentText)
	if err := r.Reload(); err == nil || !strings.Contains(err.Error(), `assessment "LIA-1" stands in`) {
		t.Errorf("reloaded: %v", err)
	}
	if got := a.reason(t, r); got != "permitted" {
		t.Errorf("afterwards %s", got)
	}
}

// TestRevocationLasts: over a restart, and when the file that said so is gone. A later version can be approved; an older one never again.
func TestRevocationLasts(t *testing.T) {
	a, c := newAssessed(t, ""), newClock("2026-12-01T12:00:00Z")
	first, err := os.ReadFile(filepath.Join(a.dir, assessmentFile))
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, a.file, c.option)
	revocations := filepath.Join(a.dir, "policy/revocations.yaml")
	write(t, revocations, "revocations: [{ assessment: LIA-1, version: 1, at: 2026-12-01T12:00:00Z, because: the vendor was sold }]\n")
	r.reloaded(t)
	denied := r.Policy()
	if err := os.Remove(revocations); err != nil {
		t.Fatal(err)
	}
	r.reloaded(t)
	if got := a.reason(t, r); got != "assessment_revoked" {
		t.Errorf("without its file, %s", got)
	}
	if r.Policy() == denied {
		t.Error("another policy has the same name")
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	r = start(t, a.file, c.option)
	if got := a.reason(t, r); got != "assessment_revoked" {
		t.Errorf("after a restart, %s", got)
	}
	a.replace(t, assessmentFile, "version: 1", "version: 2")
	a.sign(t)
	r.reloaded(t)
	if got := a.reason(t, r); got != "permitted" {
		t.Errorf("a later version: %s", got)
	}
	write(t, filepath.Join(a.dir, assessmentFile), string(first))
	r.reloaded(t)
	if got := a.reason(t, r); got != "assessment_revoked" {
		t.Errorf("the first version brought back: %s", got)
	}
	said := strings.Join(r.records(t, "approval"), "\n") + strings.Join(r.written(t, "revocation"), "\n")
	for _, want := range []string{`"assessment":"LIA-1","assessment_version":1,"meaning":"`, `"assessment_version":2,"meaning":"`, `"assessment_version":1,"because":"the vendor was sold"`, `"again":true`} {
		if !strings.Contains(said, want) {
			t.Errorf("the ledger lacks %s:\n%s", want, said)
		}
	}
}

// written returns records of one kind, as far as they were written.
func (r *running) written(t *testing.T, kind string) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(r.ledger(t)) {
		if strings.Contains(line, `"kind":"`+kind+`"`) {
			all = append(all, line)
		}
	}
	return all
}

// TestOlderVersionAfterRestart: what was in force once is known from the ledger alone.
func TestOlderVersionAfterRestart(t *testing.T) {
	a, c := newAssessed(t, ""), newClock("2026-12-01T12:00:00Z")
	first, err := os.ReadFile(filepath.Join(a.dir, assessmentFile))
	if err != nil {
		t.Fatal(err)
	}
	a.replace(t, assessmentFile, "version: 1", "version: 2")
	a.sign(t)
	r := start(t, a.file, c.option)
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(a.dir, assessmentFile), string(first))
	if got := a.reason(t, start(t, a.file, c.option)); got != "assessment_revoked" {
		t.Errorf("an older version: %s", got)
	}
}

// TestUnreadableLedgerStopsTheStart: it might say what was revoked.
func TestUnreadableLedgerStopsTheStart(t *testing.T) {
	a := newAssessed(t, "")
	write(t, filepath.Join(a.dir, "data/ledger/20260101T000000.000000000Z-000.jsonl"), "no record\n")
	loaded, err := config.Load(a.file)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second shows that the first left the folder unlocked
		if _, err := proxy.New(loaded, proxy.Options{}); err == nil || !strings.Contains(err.Error(), "might say which assessments were revoked") {
			t.Errorf("started: %v", err)
		}
	}
}

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

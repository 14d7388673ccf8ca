package proxy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// ownVendor is the file of a collector that the shop runs itself.
const ownVendor = `id: mine
name: Mine
hosts: { api: "" }
event: [{ field: n }]
fields:
  n: { class: event_name }
  who: { class: user_id }
endpoints:
  - { id: collect, methods: [GET], path: /c, query: event, events: [query], answer: { status: 204 } }
`

// collected is a hit for it that names somebody.
const collected = "/t/mine/c?n=read&who=jane.doe%40example.com"

// newOwn is a shop whose own collector is counted on an assessment.
func newOwn(t *testing.T) *assessed {
	t.Helper()
	a := newAssessed(t, "")
	write(t, filepath.Join(a.dir, "policy/vendors/mine.yaml"), ownVendor)
	a.replace(t, "tagwarden.yaml", "  matomo: { catalog: matomo, ", "  mine: { catalog: mine, prefix: /mine, ")
	a.replace(t, "policy/activities.yaml", "vendor: matomo", "vendor: mine")
	a.replace(t, assessmentFile, "recipients: [matomo]", "recipients: [mine]")
	a.sign(t)
	return a
}

// own sends a hit to the shop's own collector, and tells what that was sent: "" for nothing.
func (a *assessed) own(t *testing.T, r *running) string {
	t.Helper()
	sent := len(a.vendor.Requests())
	r.ask(t, get(collected, ""))
	if got := a.vendor.Requests(); len(got) > sent {
		return strings.SplitN(string(got[len(got)-1].Raw), "\r\n", 2)[0]
	}
	return ""
}

// TestEditsStopTheFlow: whatever is edited of what an approver signed, nothing is forwarded from the reload on; taken
// back, it goes on.
func TestEditsStopTheFlow(t *testing.T) {
	t.Parallel()
	a, c := newOwn(t), newClock("2026-12-01T12:00:00Z")
	r := start(t, a.file, c.option)
	const good = "GET /c?n=read HTTP/1.1"
	if got := a.own(t, r); got != good {
		t.Fatalf("before it %q", got)
	}
	for _, edit := range []struct{ file, old, with string }{
		{"policy/vendors/mine.yaml", "who: { class: user_id }", "who: { class: technical }"},
		{"policy/vendors/mine.yaml", "fields:\n", "headers: { User-Agent: { class: technical } }\nfields:\n"},
		{"policy/vendors/mine.yaml", "fields:\n", "carry: { ip: { query: ip } }\nfields:\n"},
		{"policy/purposes.yaml", "[analytics], description: Counts", "[analytics], gpc: ignore, description: Counts"},
		{"policy/activities.yaml", `events: ["*"]`, "events: [read]"},
		{"policy/activities.yaml", "regions: [FR]", "regions: [FR, ES]"},
		{"policy/activities.yaml", `events: ["*"]`, `events: ["*"], sites: [shop]`},
		{"policy/activities.yaml", `events: ["*"]`, `events: ["*"], when: 'event.name != "written"'`},
	} {
		a.replace(t, edit.file, edit.old, edit.with)
		r.reloaded(t)
		if got := a.own(t, r); got != "" {
			t.Errorf("%s: with %q, %q is forwarded", edit.file, edit.with, got)
		}
		if _, text := r.get(t, "/api/v1/assessments"); !strings.Contains(text, `"state":"changed"`) {
			t.Errorf("%s: with %q, assessments stand at %s", edit.file, edit.with, text)
		}
		a.replace(t, edit.file, edit.with, edit.old)
		r.reloaded(t)
		if got := a.own(t, r); got != good {
			t.Fatalf("%s: taken back, %q is forwarded", edit.file, got)
		}
	}
}

// signBefore approves the assessment as versions before did, in the first form.
func (a *assessed) signBefore(t *testing.T) {
	t.Helper()
	loaded, err := config.Load(a.file)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(a.private)
	if err != nil {
		t.Fatal(err)
	}
	text := basis.FirstApprovalText("LIA-1", 1, loaded.Assessments["LIA-1"].First)
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		t.Fatal(err)
	}
	a.change(t, assessmentFile, func(text string) string {
		with, err := config.WithApproval([]byte(text), string(signed))
		if err != nil {
			t.Fatal(err)
		}
		return string(with)
	})
}

// TestFirstFormDenies: what was approved by a version before stops, with a reason of its own, and the log says what to
// do; approved anew, under the same version, it goes on, which is recorded once.
func TestFirstFormDenies(t *testing.T) {
	t.Parallel()
	a, c := newAssessed(t, ""), newClock("2026-12-01T12:00:00Z")
	before, err := os.ReadFile(filepath.Join(a.dir, assessmentFile))
	if err != nil {
		t.Fatal(err)
	}
	a.signBefore(t)
	core, logged := observer.New(zap.WarnLevel)
	log := func(o *proxy.Options) { o.Log = zap.New(core) }
	r := start(t, a.file, c.option, log)
	if got := a.reason(t, r); got != "assessment_form_old" {
		t.Errorf("signed before, %s", got)
	}
	said := logged.FilterMessageSnippet("assessment LIA-1 denies: it was signed in the form of an earlier version").All()
	if len(said) != 1 || !strings.Contains(said[0].Message, "tagwarden lia approve") ||
		said[0].ContextMap()["activities"] == nil {
		t.Errorf("logged: %v", logged.All())
	}
	write(t, filepath.Join(a.dir, assessmentFile), string(before))
	r.reloaded(t)
	if got := a.reason(t, r); got != "permitted" {
		t.Errorf("approved anew, %s", got)
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	again := start(t, a.file, c.option)
	var approvals []string
	for _, record := range again.records(t, "approval") {
		if !strings.Contains(record, `"again":true`) {
			approvals = append(approvals, record)
		}
	}
	if len(approvals) != 1 || !strings.Contains(approvals[0], `"approval_form":2`) {
		t.Errorf("recorded: %q", approvals)
	}
}

// TestSecondFormIsRecorded: that a version which was in force before is approved in another form is on the ledger.
func TestSecondFormIsRecorded(t *testing.T) {
	t.Parallel()
	a, c := newAssessed(t, ""), newClock("2026-12-01T12:00:00Z")
	data := filepath.Join(a.dir, "data", "ledger")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	key, err := basis.KeyOf(a.private)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(data, "20261101T000000.000000000Z-000.jsonl"),
		`{"time":"2026-11-01T00:00:00Z","kind":"approval","assessment":"LIA-1","assessment_version":1,`+
			`"meaning":"abcd","key":"`+key+`"}`+"\n")
	for n := range 2 {
		r := start(t, a.file, c.option)
		if got := a.reason(t, r); got != "permitted" {
			t.Fatal(got)
		}
		told := 0
		for _, record := range r.records(t, "approval") {
			if strings.Contains(record, `"meaning":`) && strings.Contains(record, `"approval_form":2`) {
				told++
			}
		}
		if told != 1 {
			t.Errorf("start %d: recorded %d times", n, told)
		}
	}
}

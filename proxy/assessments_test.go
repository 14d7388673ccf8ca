package proxy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
	sites, _, found := strings.Cut(shopFiles["tagwarden.yaml"], "  ga4: ")
	if !found {
		t.Fatal("the server file has changed")
	}
	a.file = shop(t, v.Addr(), map[string]string{ // one vendor is enough, and is read sooner
		"tagwarden.yaml": strings.Replace(sites, "default: DE", "default: FR", 1) +
			"  matomo: { catalog: matomo, upstream: \"http://VENDOR\", private: true }\n" + more + "approvers: { privacy: \"" +
			public + "\" }\n",
		"policy/activities.yaml": "activities:\n  - { id: counting, vendor: matomo, purposes: [measure], basis: legitimate_interest, assessment: LIA-1, " +
			"exemption: audience_measurement, regions: [FR], profile: small, events: [\"*\"] }\n",
		"policy/profiles.yaml": strings.Replace(shopFiles["policy/profiles.yaml"],
			"    set: { ga4: { npa: \"1\" } }\n", "", 1),
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

// TestBadApprovals: whatever is wrong with an approval has a reason of its own, is taken
// up while serving, and forwards nothing.
func TestBadApprovals(t *testing.T) {
	t.Parallel()
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
		{"a text edited", "assessment_changed", func(a *assessed) {
			a.replace(t, assessmentFile, "impact: low", "impact: medium")
		}},
		{"the purpose's text edited", "assessment_changed", func(a *assessed) {
			a.replace(t, "policy/purposes.yaml", "Measure the audience", "Follow the visitors")
		}},
		{"the signed text edited", "assessment_forged", func(a *assessed) {
			a.replace(t, assessmentFile, "  version 1\n", "  version 2\n")
		}},
		{"cut short", "assessment_unreadable", func(a *assessed) {
			a.change(t, assessmentFile, func(text string) string { return text[:len(text)-20] + "\n" })
		}},
		{"a stranger's", "assessment_foreign", func(a *assessed) { a.approve(t, stranger) }},
		{"one with another key of that name", "assessment_foreign", func(a *assessed) { a.approve(t, impostor) }},
		{"two approvals", "assessment_ambiguous", func(a *assessed) {
			a.change(t, assessmentFile, func(text string) string { return text + line + strings.SplitAfter(text, line)[1] })
		}},
		{"the approver's key removed", "assessment_approver_removed", func(a *assessed) {
			a.replace(t, "tagwarden.yaml", "privacy: \""+a.public, "other: \""+other)
		}},
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
			write(t, filepath.Join(a.dir, "policy/revocations.yaml"),
				"revocations: [{ assessment: LIA-1, version: 1, at: 2026-12-01T12:00:00Z, because: the vendor was sold }]\n")
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

// TestRevocationLasts: over a restart, and when the file that said so is gone. A later version can
// be approved; an older one never again.
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
	for _, want := range []string{`"assessment":"LIA-1","assessment_version":1,"meaning":"`,
		`"assessment_version":2,"meaning":"`, `"assessment_version":1,"because":"the vendor was sold"`, `"again":true`} {
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
		if _, err := proxy.New(loaded, proxy.Options{}); err == nil || !strings.Contains(err.Error(),
			"might say which assessments were revoked") {
			t.Errorf("started: %v", err)
		}
	}
}

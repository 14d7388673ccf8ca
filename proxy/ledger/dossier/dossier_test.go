package dossier_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger/dossier"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

const jane, joe = "01000000000000000000000000000000", "02000000000000000000000000000000"

// held is what a ledger that holds the records of testdata/log.jsonl holds about somebody.
func held(t *testing.T, asked dossier.Asked) *dossier.Report { return heldBeside(t, asked, nil) }

// heldBeside is held with what a configuration says.
func heldBeside(t *testing.T, asked dossier.Asked, told *dossier.Told) *dossier.Report {
	t.Helper()
	text, err := os.ReadFile("testdata/log.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var lines []byte
	for line := range strings.Lines(string(text)) {
		lines = segment.AppendLine(lines, []byte(strings.TrimSpace(line)))
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, segment.FileName(0, ".jsonl")), lines, 0o600); err != nil {
		t.Fatal(err)
	}
	asked.At = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	l := query.Open(dir, query.Options{Report: func(err error) { t.Error(err) }})
	report, err := dossier.Gather(t.Context(), l, asked, dossier.Names{
		Titles:  map[string]string{"analytics": "Measure <our> audience"},
		Carried: map[string][]string{"analytics": {"counting"}}, Told: told,
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestReport holds what is said about a person, in each form, against what was.
func TestReport(t *testing.T) {
	t.Parallel()
	report := heldBeside(t, dossier.Asked{Subjects: []string{jane}, IDs: []string{"email j***@example.com"}},
		&dossier.Told{
			Responsible: []dossier.Detail{{Name: "Controller", Text: "Shop GmbH, Berlin"},
				{Name: "Contact", Text: "privacy@shop.example"}},
			Contact: "privacy@shop.example",
			Rights:  []string{"Access to your data (Art. 15 GDPR)"}, Complaint: []string{"You may complain to an authority.",
				"in the EEA: <all>"},
			Recipients: map[string]dossier.Recipient{"ga4": {Legal: "Google Ireland Limited, Dublin (Ireland)",
				Service: "Google Analytics 4",
				Role:    "processes the data on our behalf alone"}},
			Activities: map[string]dossier.Sent{"counting": {Kept: "14 months",
				Transfer: "United States; EU-US Data Privacy Framework"}},
		})
	report.InForce = []string{"all"}
	whole, err := report.Render("json")
	if err != nil {
		t.Fatal(err)
	}
	var told dossier.Report // as somebody has it who was sent it
	if err := json.Unmarshal(whole, &told); err != nil {
		t.Fatal(err)
	}
	for _, form := range dossier.Formats() {
		got, err := report.Render(form)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := told.Render(form); err != nil || !bytes.Equal(again, got) {
			t.Errorf("%s: who was sent the report reads another one, %v:\n%s", form, err, again)
		}
		golden := "testdata/report." + form
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(golden, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(golden); err != nil || string(want) != string(got) {
			t.Errorf("%s changed (%v). It is\n%s", form, err, got)
		}
	}
}

// TestMissing: what a whole answer says and nobody knows is said to be missing, and nothing stands in its place.
func TestMissing(t *testing.T) {
	t.Parallel()
	asked := dossier.Asked{Subjects: []string{jane}}
	if r := held(t, asked); len(r.Missing) != 1 || !strings.Contains(r.Missing[0], "no configuration was given") {
		t.Errorf("without a configuration: %q", r.Missing)
	}
	r := heldBeside(t, asked, &dossier.Told{Activities: map[string]dossier.Sent{"counting": {}}})
	all := strings.Join(r.Missing, "\n")
	for _, want := range []string{
		"How the controller can be reached", "Which legal person ga4 is",
		"How long ga4 keeps the data: the activity counting does not say it",
		"Whether the data go to another country with ga4",
	} {
		if strings.Count(all, want) != 1 {
			t.Errorf("%q is not missing once:\n%s", want, all)
		}
	}
	if r := heldBeside(t, asked, &dossier.Told{Contact: "x"}); !strings.Contains(strings.Join(r.Missing, "\n"),
		"the activity counting is not in the policy in force any more") {
		t.Errorf("without the activity: %q", r.Missing)
	}
}

// TestEachEventIsCountedOnce: and nobody else's is.
func TestEachEventIsCountedOnce(t *testing.T) {
	t.Parallel()
	report := held(t, dossier.Asked{Subjects: []string{jane}})
	var all dossier.Outcomes
	permitted, denied := 0, 0
	for _, u := range report.Uses {
		permitted += u.Events
		all.Delivered += u.Outcomes.Delivered
		all.Dropped += u.Outcomes.Dropped
		all.Waiting += u.Outcomes.Waiting
		all.Unknown += u.Outcomes.Unknown
	}
	for _, d := range report.Denied {
		denied += d.Events
	}
	if want := (dossier.Outcomes{Delivered: 1, Dropped: 1, Waiting: 2, Unknown: 2}); all != want ||
		permitted != 6 || denied != 2 {
		t.Errorf("%d passed on, %+v; %d kept back", permitted, all, denied)
	}
	if other := held(t, dossier.Asked{Subjects: []string{joe}}); len(other.Uses) != 1 || other.Uses[0].Events != 1 ||
		len(other.Acts) != 0 {
		t.Errorf("of somebody else: %+v", other)
	}
	if none := held(t, dossier.Asked{Subjects: []string{strings.Repeat("0", 32)}}); len(none.Uses)+len(none.Denied)+
		len(none.Acts) != 0 {
		t.Errorf("of nobody: %+v", none)
	}
	later := held(t, dossier.Asked{Subjects: []string{jane}, Since: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)})
	if len(later.Uses) != 0 || len(later.Acts) != 6 {
		t.Errorf("of later: %+v", later)
	}
}

// TestHostileNames: what a hit wrote is text on a page, and a string in JSON.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	report := held(t, dossier.Asked{Subjects: []string{jane}})
	page, err := report.Render("html")
	if err != nil || strings.Contains(string(page), "<script>") || !strings.Contains(string(page), "&lt;script&gt;") {
		t.Errorf("%v\n%s", err, page)
	}
	text, err := report.Render("json")
	if err != nil || !json.Valid(text) {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestNamesTurnNothing: a name on a page that is printed turns no other text round, and moves nothing.
func TestNamesTurnNothing(t *testing.T) {
	t.Parallel()
	for _, c := range "\x00\x07\x1b\x7f\u0085\u009b\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" {
		r := &dossier.Report{Uses: []dossier.Use{{Vendor: "ga4", Names: map[string]int{"a" + string(c) + "b": 1}}}}
		page, err := r.Render("html")
		if err != nil || strings.ContainsRune(string(page), c) {
			t.Errorf("%U stands on the page, %v", c, err)
		}
	}
	r := &dossier.Report{Uses: []dossier.Use{{Vendor: "ga4", Names: map[string]int{"می\u200cخواهم \u200fא": 1}}}}
	if page, err := r.Render("html"); err != nil || !strings.Contains(string(page), "می\u200cخواهم \u200fא") {
		t.Errorf("%v: a word is written otherwise", err)
	}
}

package basis

import (
	"bytes"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// keys makes an approver of that name and the private key, the same ones each time.
func keys(t *testing.T, name string) (Approver, string) {
	t.Helper()
	seed := bytes.Repeat([]byte(name), 64)
	private, public, err := note.GenerateKey(bytes.NewReader(seed), name)
	if err != nil {
		t.Fatal(err)
	}
	approver, err := ParseApprover(name, public)
	if err != nil {
		t.Fatal(err)
	}
	return approver, private
}

func sample() *Assessment {
	return &Assessment{
		ID: "LIA-1", Title: "Cookieless measurement", Version: 3, Owner: "privacy@shop.example",
		Purposes: []string{"measure", "improve"}, Recipients: []string{"matomo", "plausible"},
		Interest:   Interest{"what", "benefit", "else"},
		Necessity:  Necessity{"why", "alternatives", "minimised"},
		Balancing:  Balancing{"visitor", "expected", "low", "no", "no", "notice"},
		Safeguards: []string{"pseudonymisation", "ip_truncation"},
		Data:       map[string]string{"url": "url", "event_name": "keep"},
		DPIA:       "none", Retention: Period{Months: 14},
		Objection: Objecting{"footer", "none"}, ReviewBy: Day{2027, time.May, 4},
	}
}

func surroundings() Surroundings {
	return Surroundings{
		Purposes: map[string]PurposeTexts{
			"measure": {Title: map[string]string{"en": "Measure", "de": "Messen"}, Description: map[string]string{"en": "Counts."}},
			"improve": {Title: map[string]string{"": "Improve"}},
			"other":   {Title: map[string]string{"": "Other"}},
		},
		Hosts: map[string][]string{"matomo": {"10.0.0.7:8000"}, "plausible": {"plausible.io", "eu.plausible.io"}, "ga4": {"google"}},
	}
}

func signed(t *testing.T, private string) Entry {
	t.Helper()
	a := sample()
	digest := a.Digest(surroundings())
	approval, err := Sign(a, digest, private)
	if err != nil {
		t.Fatal(err)
	}
	a.Approval = approval
	return Entry{a, digest}
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestValidity(t *testing.T) {
	privacy, private := keys(t, "privacy")
	other, otherPrivate := keys(t, "other")
	good := signed(t, private)
	edit := func(change func(*Entry)) Entry {
		copied := *good.Assessment
		entry := Entry{&copied, good.Digest}
		change(&entry)
		return entry
	}
	noon := at("2026-12-01T12:00:00Z")
	for _, test := range []struct {
		name  string
		entry Entry
		by    []Approver
		past  Past
		at    time.Time
		want  Validity
	}{
		{"approved", good, []Approver{privacy}, Past{}, noon, Valid},
		{"approved by one of two", good, []Approver{other, privacy}, Past{}, noon, Valid},
		{"windows line ends", edit(func(e *Entry) {
			e.Assessment.Approval = string(bytes.ReplaceAll([]byte(e.Assessment.Approval), []byte("\n"), []byte("\r\n")))
		}), []Approver{privacy}, Past{}, noon, Valid},
		{"no approval", edit(func(e *Entry) { e.Assessment.Approval = "" }), []Approver{privacy}, Past{}, noon, Unapproved},
		{"dots", edit(func(e *Entry) { e.Assessment.Approval = "..." }), []Approver{privacy}, Past{}, noon, Unapproved},
		{"no approvers", good, nil, Past{}, noon, Unapproved},
		{"somebody else's signature", signed(t, otherPrivate), []Approver{privacy}, Past{}, noon, Unapproved},
		{"signature cut short", edit(func(e *Entry) { e.Assessment.Approval = e.Assessment.Approval[:len(e.Assessment.Approval)-9] }), []Approver{privacy}, Past{}, noon, Unapproved},
		{"approval of another assessment", edit(func(e *Entry) { e.Assessment.ID = "LIA-2" }), []Approver{privacy}, Past{}, noon, Unapproved},
		{"text edited", edit(func(e *Entry) {
			e.Assessment.Title = "All measurement"
			e.Digest = e.Assessment.Digest(surroundings())
		}), []Approver{privacy}, Past{}, noon, Changed},
		{"version counted up", edit(func(e *Entry) { e.Assessment.Version = 4 }), []Approver{privacy}, Past{}, noon, Changed},
		{"revoked", good, []Approver{privacy}, Past{Revoked: map[string]int{"LIA-1": 3}}, noon, Revoked},
		{"earlier version revoked", good, []Approver{privacy}, Past{Revoked: map[string]int{"LIA-1": 2}}, noon, Valid},
		{"later version seen", good, []Approver{privacy}, Past{Seen: map[string]int{"LIA-1": 4}}, noon, Revoked},
		{"this version seen", good, []Approver{privacy}, Past{Seen: map[string]int{"LIA-1": 3}}, noon, Valid},
		{"last good moment", good, []Approver{privacy}, Past{}, at("2027-05-04T23:59:59Z"), Valid},
		{"last good moment, elsewhere", good, []Approver{privacy}, Past{}, at("2027-05-05T01:59:59+02:00"), Valid},
		{"first bad moment", good, []Approver{privacy}, Past{}, at("2027-05-05T00:00:00Z"), Expired},
		{"revoked and past review", good, []Approver{privacy}, Past{Revoked: map[string]int{"LIA-1": 3}}, at("2028-01-01T00:00:00Z"), Revoked},
		{"no review_by", edit(func(e *Entry) { e.Assessment.ReviewBy = Day{} }), []Approver{privacy}, Past{}, noon, Expired},
	} {
		r := NewRegister([]Entry{test.entry}, test.by, test.past)
		if got := r.Validity(test.entry.Assessment.ID, test.at); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestRegisterUnknown(t *testing.T) {
	var none *Register
	if got := none.Validity("LIA-1", at("2026-12-01T12:00:00Z")); got != Missing {
		t.Errorf("nil register: %v", got)
	}
	if none.Version("LIA-1") != 0 || none.CompellingGrounds("LIA-1") || none.Assessment("LIA-1") != nil {
		t.Error("nil register knows an assessment")
	}
	var zero Validity
	if zero == Valid {
		t.Error("the zero validity permits")
	}
	privacy, private := keys(t, "privacy")
	twice := NewRegister([]Entry{signed(t, private), signed(t, private)}, []Approver{privacy}, Past{})
	if got := twice.Validity("LIA-1", at("2026-12-01T12:00:00Z")); got != Unapproved {
		t.Errorf("an id used twice: %v", got)
	}
}

func TestDue(t *testing.T) {
	privacy, private := keys(t, "privacy")
	r := NewRegister([]Entry{signed(t, private)}, []Approver{privacy}, Past{})
	for text, want := range map[string]int{
		"2027-05-04T23:59:59Z": 0, "2027-05-03T00:00:00Z": 1, "2027-05-05T00:00:00Z": -1, "2027-04-04T12:00:00Z": 30, "2027-04-03T12:00:00Z": 31,
	} {
		days, ok := r.DaysLeft("LIA-1", at(text))
		if !ok || days != want {
			t.Errorf("%s: %d days left, want %d", text, days, want)
		}
		if due := r.Due(at(text)); (len(due) == 1) != (want <= WarningDays) {
			t.Errorf("%s: due %v", text, due)
		}
	}
	if _, ok := r.DaysLeft("LIA-2", at("2027-05-04T23:59:59Z")); ok {
		t.Error("days left of an unknown assessment")
	}
}

func TestValidityDoesNotAllocate(t *testing.T) {
	privacy, private := keys(t, "privacy")
	r := NewRegister([]Entry{signed(t, private)}, []Approver{privacy}, Past{})
	noon := at("2026-12-01T12:00:00Z")
	if n := testing.AllocsPerRun(100, func() {
		if r.Validity("LIA-1", noon) != Valid || r.Validity("LIA-2", noon) != Missing || r.CompellingGrounds("LIA-1") || r.Version("LIA-1") != 3 {
			panic("wrong answer")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCompellingGrounds(t *testing.T) {
	for text, want := range map[string]bool{"": false, "none": false, " None\n": false, "no": false, "fraud prevention, see annex 2": true} {
		a := sample()
		a.Objection.CompellingGrounds = text
		if a.CompellingGrounds() != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestParseApprover(t *testing.T) {
	_, private := keys(t, "privacy")
	public := func(name string) string {
		_, public, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), name)
		if err != nil {
			t.Fatal(err)
		}
		return public
	}
	if a, err := ParseApprover("privacy", public("privacy")); err != nil || a.Name() != "privacy" {
		t.Errorf("%v, %v", a, err)
	}
	for _, key := range []string{"", "privacy", public("other"), public("privacy") + "A", private} {
		if _, err := ParseApprover("privacy", key); err == nil {
			t.Errorf("%q was accepted", key)
		}
	}
}

package basis

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// keys makes an approver of that name and the private key, the same ones each time.
func keys(t testing.TB, name string) (Approver, string) {
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
		ID: "LIA-1", Title: plain("Cookieless measurement"), Version: 3, Owner: "privacy@shop.example",
		Purposes: []string{"measure", "improve"}, Recipients: []string{"matomo", "plausible"},
		Interest:  Interest{plain("what"), plain("benefit"), plain("else")},
		Necessity: Necessity{plain("why"), plain("alternatives"), plain("minimised")},
		Balancing: Balancing{
			Relationship: plain("visitor"), Expected: plain("expected"), Impact: "low", Children: "no",
			SpecialCategories: "no", Transparency: plain("notice"),
		},
		Safeguards: []string{"pseudonymisation", "ip_truncation"},
		Data:       map[string]string{"url": "url", "event_name": "keep"},
		DPIA:       "none", Retention: Period{Months: 14},
		Objection: Objecting{plain("footer"), plain("none")}, ReviewBy: Day{2027, time.May, 4},
	}
}

func surroundings() Surroundings {
	return Surroundings{
		Purposes: map[string]PurposeTexts{
			"measure": {Title: map[string]string{"en": "Measure", "de": "Messen"},
				Description: map[string]string{"en": "Counts."}},
			"improve": {Title: map[string]string{"": "Improve"}},
			"other":   {Title: map[string]string{"": "Other"}},
		},
		Hosts: map[string][]string{"matomo": {"10.0.0.7:8000"}, "plausible": {"plausible.io", "eu.plausible.io"},
			"ga4": {"google"}},
		Flags: map[string]Facts{
			"measure": {"categories": {"analytics"}, "gpc": {"ignore"}, "tcf": {"8", "9"}}, "other": {"gpc": {"object"}},
		},
		Recipients: map[string]Facts{
			"matomo": {"id": {"matomo"}}, "plausible": {"fields.n": nil, "fields.n.class": {"event_name"}},
			"ga4": {"id": {"ga4"}},
		},
		Activities: map[string]map[string]Facts{
			"LIA-1": {"counting": {"events": {"*"}, "vendor": {"matomo"}}, "reading": {"events": {"read"}}},
			"LIA-2": {"else": {"events": {"*"}}},
		},
	}
}

func signed(t *testing.T, private string) Entry {
	t.Helper()
	entry := NewEntry(sample(), surroundings())
	approval, err := Sign(entry.Assessment, entry.Digest, private)
	if err != nil {
		t.Fatal(err)
	}
	entry.Assessment.Approval = approval
	return entry
}

// signedBefore is an assessment as it was signed in the first form.
func signedBefore(t *testing.T, private string) Entry {
	t.Helper()
	entry := NewEntry(sample(), surroundings())
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	a := entry.Assessment
	signed, err := note.Sign(&note.Note{Text: FirstApprovalText(a.ID, a.Version, entry.First)}, signer)
	if err != nil {
		t.Fatal(err)
	}
	a.Approval = string(signed)
	return entry
}

// decided is an assessment that is to hold from a day on.
func decided(t *testing.T, private string, day Day) Entry {
	t.Helper()
	a := sample()
	a.Decided = day
	entry := NewEntry(a, surroundings())
	var err error
	if a.Approval, err = Sign(a, entry.Digest, private); err != nil {
		t.Fatal(err)
	}
	return entry
}

// lastLine is a note's signature.
func lastLine(note string) string {
	lines := strings.SplitAfter(strings.TrimSuffix(note, "\n"), "\n")
	return lines[len(lines)-1] + "\n"
}

// underKey puts name and key hash of one note's signature into the place of another's.
func underKey(forged, good string) string {
	raw, own := signature(forged), signature(good)
	copy(raw, own[:4])
	name, _, _ := strings.Cut(lastLine(good), " ")
	who, _, _ := strings.Cut(strings.TrimPrefix(lastLine(good), name+" "), " ")
	return strings.Replace(forged, lastLine(forged), "— "+who+" "+base64.StdEncoding.EncodeToString(raw)+"\n", 1)
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
		entry := Entry{Assessment: &copied, Digest: good.Digest, First: good.First}
		change(&entry)
		return entry
	}
	before := func(change func(*Entry)) Entry {
		entry := signedBefore(t, private)
		change(&entry)
		return entry
	}
	noon := at("2026-12-01T12:00:00Z")
	forged := strings.Replace(good.Assessment.Approval, lastLine(good.Assessment.Approval),
		lastLine(signed(t, otherPrivate).Assessment.Approval), 1)
	forged = underKey(forged, good.Assessment.Approval)
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
		{"no approvers", good, nil, Past{}, noon, Foreign},
		{"somebody else's signature", signed(t, otherPrivate), []Approver{privacy}, Past{}, noon, Foreign},
		{"key removed", good, []Approver{other}, Past{Keys: map[string]bool{privacy.Key(): true}}, noon, ApproverRemoved},
		{"another's signature under the approver's name and hash", edit(func(e *Entry) {
			e.Assessment.Approval = forged
		}), []Approver{privacy}, Past{}, noon, Forged},
		{"signed text edited", edit(func(e *Entry) {
			e.Assessment.Approval = strings.Replace(e.Assessment.Approval, "version 3", "version 4", 1)
		}), []Approver{privacy}, Past{}, noon, Forged},
		{"signatures of two", edit(func(e *Entry) {
			e.Assessment.Approval += lastLine(signed(t, otherPrivate).Assessment.Approval)
		}), []Approver{privacy, other}, Past{}, noon, Ambiguous},
		{"two notes", edit(func(e *Entry) {
			e.Assessment.Approval += "\n" + e.Assessment.Approval
		}), []Approver{privacy}, Past{}, noon, Ambiguous},
		{"no signature in it", edit(func(e *Entry) {
			e.Assessment.Approval = ApprovalText("LIA-1", 3, e.Digest)
		}), []Approver{privacy}, Past{}, noon, Unreadable},
		{"decided yesterday", decided(t, private, Day{2026, time.November, 30}), []Approver{privacy}, Past{}, noon, Valid},
		{"decided today", decided(t, private, Day{2026, time.December, 1}), []Approver{privacy}, Past{}, noon, Valid},
		{"decided tomorrow", decided(t, private, Day{2026, time.December, 2}), []Approver{privacy}, Past{}, noon, Postdated},
		{"signature cut short", edit(func(e *Entry) {
			e.Assessment.Approval = e.Assessment.Approval[:len(e.Assessment.Approval)-9]
		}), []Approver{privacy}, Past{}, noon, Unreadable},
		{"approval of another assessment", edit(func(e *Entry) {
			e.Assessment.ID = "LIA-2"
		}), []Approver{privacy}, Past{}, noon, Unapproved},
		{"text edited", edit(func(e *Entry) {
			e.Assessment.Title = plain("All measurement")
			e.Digest = e.Assessment.Digest(surroundings())
		}), []Approver{privacy}, Past{}, noon, Changed},
		{"signed in the first form", signedBefore(t, private), []Approver{privacy}, Past{}, noon, FormOld},
		{"signed in the first form, and seen", signedBefore(t, private), []Approver{privacy},
			Past{Seen: map[string]int{"LIA-1": 3}}, noon, FormOld},
		{"signed in the first form, and past review", signedBefore(t, private), []Approver{privacy}, Past{},
			at("2028-01-01T00:00:00Z"), FormOld},
		{"signed in the first form, and revoked", signedBefore(t, private), []Approver{privacy},
			Past{Revoked: map[string]int{"LIA-1": 3}}, noon, Revoked},
		{"signed in the first form, and edited", before(func(e *Entry) {
			e.Assessment.Title = plain("All measurement")
			*e = NewEntry(e.Assessment, surroundings())
		}), []Approver{privacy}, Past{}, noon, Changed},
		{"signed in the first form by somebody else", signedBefore(t, otherPrivate), []Approver{privacy},
			Past{}, noon, Foreign},
		{"signed in the first form over the digest of this one", before(func(e *Entry) {
			e.First = e.Digest
		}), []Approver{privacy}, Past{}, noon, Changed},
		{"the word form in a text of the first form", before(func(e *Entry) {
			e.Assessment.Approval = strings.Replace(e.Assessment.Approval, "sha256", "form 2\nsha256", 1)
		}), []Approver{privacy}, Past{}, noon, Forged},
		{"version counted up", edit(func(e *Entry) { e.Assessment.Version = 4 }), []Approver{privacy}, Past{}, noon, Changed},
		{"revoked", good, []Approver{privacy}, Past{Revoked: map[string]int{"LIA-1": 3}}, noon, Revoked},
		{"earlier version revoked", good, []Approver{privacy}, Past{Revoked: map[string]int{"LIA-1": 2}}, noon, Valid},
		{"later version seen", good, []Approver{privacy}, Past{Seen: map[string]int{"LIA-1": 4}}, noon, Revoked},
		{"this version seen", good, []Approver{privacy}, Past{Seen: map[string]int{"LIA-1": 3}}, noon, Valid},
		{"last good moment", good, []Approver{privacy}, Past{}, at("2027-05-04T23:59:59Z"), Valid},
		{"last good moment, elsewhere", good, []Approver{privacy}, Past{}, at("2027-05-05T01:59:59+02:00"), Valid},
		{"first bad moment", good, []Approver{privacy}, Past{}, at("2027-05-05T00:00:00Z"), Expired},
		{"revoked and past review", good, []Approver{privacy}, Past{Revoked: map[string]int{"LIA-1": 3}},
			at("2028-01-01T00:00:00Z"), Revoked},
		{"no review_by", edit(func(e *Entry) { e.Assessment.ReviewBy = Day{} }), []Approver{privacy}, Past{}, noon, Expired},
	} {
		r := NewRegister([]Entry{test.entry}, test.by, test.past)
		if got := r.Validity(test.entry.Assessment.ID, test.at); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		// Were it approved now, it would carry, but for what no approval mends.
		want := Valid
		switch {
		case test.past.Void(test.entry.Assessment.ID, test.entry.Assessment.Version):
			want = Revoked
		case slices.Contains([]Validity{Expired, Postdated}, test.want):
			want = test.want
		case !test.at.Before(test.entry.Assessment.ReviewBy.End()):
			want = Expired
		}
		if got := r.AsApproved().Validity(test.entry.Assessment.ID, test.at); got != want {
			t.Errorf("%s: approved now, %v, want %v", test.name, got, want)
		}
	}
}

func TestRegisterUnknown(t *testing.T) {
	var none *Register
	if got := none.Validity("LIA-1", at("2026-12-01T12:00:00Z")); got != Missing {
		t.Errorf("nil register: %v", got)
	}
	if got := none.AsApproved().Validity("LIA-1", at("2026-12-01T12:00:00Z")); got != Missing {
		t.Errorf("nil register, approved: %v", got)
	}
	if none.Version("LIA-1") != 0 || none.Assessment("LIA-1") != nil {
		t.Error("nil register knows an assessment")
	}
	var zero Validity
	if zero == Valid {
		t.Error("the zero validity permits")
	}
	privacy, private := keys(t, "privacy")
	twice := NewRegister([]Entry{signed(t, private), signed(t, private)}, []Approver{privacy}, Past{})
	if got := twice.Validity("LIA-1", at("2026-12-01T12:00:00Z")); got != Ambiguous {
		t.Errorf("an id used twice: %v", got)
	}
	if got := twice.AsApproved().Validity("LIA-1", at("2026-12-01T12:00:00Z")); got != Ambiguous {
		t.Errorf("an id used twice, approved: %v", got)
	}
}

func TestDue(t *testing.T) {
	privacy, private := keys(t, "privacy")
	r := NewRegister([]Entry{signed(t, private)}, []Approver{privacy}, Past{})
	for text, want := range map[string]int{
		"2027-05-04T23:59:59Z": 0, "2027-05-03T00:00:00Z": 1, "2027-05-05T00:00:00Z": -1, "2027-04-04T12:00:00Z": 30,
		"2027-04-03T12:00:00Z": 31,
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

func TestMark(t *testing.T) {
	for days, want := range map[int]int{31: 0, 30: 30, 29: 30, 15: 30, 14: 14, 8: 14, 7: 7, 2: 7, 1: 1, 0: 1,
		-1: Overdue, -400: Overdue} {
		if got, reached := Mark(days); got != want || reached != (want != 0) {
			t.Errorf("%d days: mark %d, %v", days, got, reached)
		}
	}
}

func TestValidityDoesNotAllocate(t *testing.T) {
	privacy, private := keys(t, "privacy")
	r := NewRegister([]Entry{signed(t, private)}, []Approver{privacy}, Past{})
	noon := at("2026-12-01T12:00:00Z")
	if n := testing.AllocsPerRun(100, func() {
		if r.Validity("LIA-1", noon) != Valid || r.Validity("LIA-2", noon) != Missing || r.Version("LIA-1") != 3 {
			panic("wrong answer")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCompellingGrounds(t *testing.T) {
	for text, want := range map[string]bool{"": false, "none": false, " None\n": false, "no": false, "Keine": false,
		"aucun": false, "fraud prevention, see annex 2": true} {
		a := sample()
		a.Objection.CompellingGrounds = plain(text)
		if a.CompellingGrounds() != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// TestSignRefuses: what cannot be signed is told, and nothing comes that looks like an approval.
func TestSignRefuses(t *testing.T) {
	for _, key := range []string{"no key", "", "PRIVATE+KEY+privacy+00000000+AA=="} {
		if signed, err := Sign(sample(), Digest{}, key); signed != "" || err == nil ||
			!strings.Contains(err.Error(), "private key") {
			t.Errorf("%q, %v", signed, err)
		}
	}
	if name, err := KeyOf("no key"); name != "" || err == nil {
		t.Errorf("%q, %v", name, err)
	}
}

// TestApproved: an assessment is approved as long as it is valid at some time.
func TestApproved(t *testing.T) {
	approver, private := keys(t, "privacy")
	entry := signed(t, private)
	unsigned := sample()
	unsigned.ID = "LIA-2"
	r := NewRegister([]Entry{entry, {Assessment: unsigned}}, []Approver{approver}, Past{})
	for id, want := range map[string]bool{"LIA-1": true, "LIA-2": false, "LIA-3": false, "": false} {
		if r.Approved(id) != want {
			t.Errorf("%s: %t", id, !want)
		}
	}
	var none *Register
	if none.Approved("LIA-1") || NewRegister([]Entry{entry, entry}, []Approver{approver}, Past{}).Approved("LIA-1") {
		t.Error("approved in no register, or twice in one")
	}
}

func TestEveryValidityHasItsWords(t *testing.T) {
	codes, words := map[string]bool{}, map[string]bool{}
	for v := range numValidities {
		if codes[v.String()] || words[v.Says()] || v.Says() == "" {
			t.Errorf("%v has no code or words of its own", v)
		}
		codes[v.String()], words[v.Says()] = true, true
	}
}

func TestKeys(t *testing.T) {
	privacy, private := keys(t, "privacy")
	entry := signed(t, private)
	if key, err := KeyOf(private); err != nil || key != privacy.Key() || SignedBy(entry.Assessment.Approval) != key {
		t.Errorf("%q, %v, %q, %q", key, err, privacy.Key(), SignedBy(entry.Assessment.Approval))
	}
	for _, text := range []string{"", "...", "a\n\n— b c\n"} {
		if got := SignedBy(text); got != "" {
			t.Errorf("%q is signed by %q", text, got)
		}
	}
	if _, err := KeyOf("privacy"); err == nil {
		t.Error("that is a key")
	}
}

package basis

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestDigestCoversEverything changes each value of the document in turn, found by reflection so that a new key cannot
// be forgotten; and so in the first form.
func TestDigestCoversEverything(t *testing.T) {
	digestCoversEverything(t, (*Assessment).Digest)
	digestCoversEverything(t, (*Assessment).FirstDigest)
}

func digestCoversEverything(t *testing.T, digest func(*Assessment, Surroundings) Digest) {
	t.Helper()
	base := digest(newest(), surroundings())
	var visit func(path string, get func(*Assessment) reflect.Value)
	visit = func(path string, get func(*Assessment) reflect.Value) {
		changed := newest()
		v := get(changed)
		switch {
		case path == ".Approval":
			v.SetString("signed")
			if digest(changed, surroundings()) != base {
				t.Error("the approval is part of the digest")
			}
			return
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				visit(path+"."+v.Type().Field(i).Name, func(a *Assessment) reflect.Value { return get(a).Field(i) })
			}
			return
		case v.Kind() == reflect.String:
			v.SetString(v.String() + "x")
		case v.CanInt():
			v.SetInt(v.Int() + 1)
		case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
			for i := range v.Len() {
				visit(fmt.Sprintf("%s.%d", path, i), func(a *Assessment) reflect.Value { return get(a).Index(i) })
			}
			reflect.Swapper(v.Interface())(0, 1)
		case v.Type() == reflect.TypeFor[[]Text]():
			reflect.Swapper(v.Interface())(0, 1)
		case v.Kind() == reflect.Slice:
			v.Set(reflect.Append(v, reflect.ValueOf("more")))
		case v.Type() == reflect.TypeFor[Text]():
			for lang, text := range v.Interface().(Text) {
				v.SetMapIndex(reflect.ValueOf(lang), reflect.ValueOf(text+"x"))
			}
		case v.Kind() == reflect.Map:
			v.SetMapIndex(reflect.ValueOf("url"), reflect.ValueOf("drop"))
		default:
			t.Fatalf("%s: a %v, which this test does not know", path, v.Kind())
		}
		if digest(changed, surroundings()) == base {
			t.Errorf("%s is not part of the digest", path)
		}
	}
	visit("", func(a *Assessment) reflect.Value { return reflect.ValueOf(a).Elem() })
}

func TestDigestMeaning(t *testing.T) {
	base := sample().Digest(surroundings())
	for _, test := range []struct {
		name   string
		change func(*Assessment, *Surroundings)
		same   bool
	}{
		{"what a purpose says beside its texts", func(_ *Assessment, s *Surroundings) {
			s.Flags["measure"]["gpc"] = []string{"object"}
		}, false},
		{"more that a purpose says", func(_ *Assessment, s *Surroundings) {
			s.Flags["improve"] = Facts{"direct_marketing": {"true"}}
		}, false},
		{"what a purpose says that is not named", func(_ *Assessment, s *Surroundings) {
			s.Flags["other"]["gpc"] = nil
		}, true},
		{"a vendor file", func(_ *Assessment, s *Surroundings) {
			s.Recipients["plausible"]["fields.n.class"] = []string{"technical"}
		}, false},
		{"a key of a vendor file that says nothing", func(_ *Assessment, s *Surroundings) {
			s.Recipients["plausible"]["fields.m"] = nil
		}, false},
		{"a vendor file of a vendor that is not named", func(_ *Assessment, s *Surroundings) {
			s.Recipients["ga4"] = nil
		}, true},
		{"an activity's events", func(_ *Assessment, s *Surroundings) {
			s.Activities["LIA-1"]["reading"]["events"] = []string{"read", "written"}
		}, false},
		{"an activity more", func(_ *Assessment, s *Surroundings) { s.Activities["LIA-1"]["more"] = nil }, false},
		{"an activity less", func(_ *Assessment, s *Surroundings) { delete(s.Activities["LIA-1"], "reading") }, false},
		{"an activity on another assessment", func(_ *Assessment, s *Surroundings) { delete(s.Activities, "LIA-2") }, true},
		{"white space in a value", func(_ *Assessment, s *Surroundings) {
			s.Activities["LIA-1"]["reading"]["events"] = []string{"read "}
		}, false},
		{"a value moved from one activity to the next", func(_ *Assessment, s *Surroundings) {
			delete(s.Activities["LIA-1"]["counting"], "vendor")
			s.Activities["LIA-1"]["reading"]["vendor"] = []string{"matomo"}
		}, false},
		{"two values in one", func(_ *Assessment, s *Surroundings) { s.Flags["measure"]["tcf"] = []string{"8, 9"} }, false},
		{"order of sets", func(a *Assessment, _ *Surroundings) {
			a.Purposes = []string{"improve", "measure"}
			a.Recipients = []string{"plausible", "matomo"}
			a.Safeguards = []string{"ip_truncation", "pseudonymisation"}
		}, true},
		{"white space in a text", func(a *Assessment, _ *Surroundings) {
			a.Title[""] = " Cookieless\n  measurement\n"
		}, true},
		{"a purpose that is not named", func(_ *Assessment, s *Surroundings) { s.Purposes["other"] = PurposeTexts{} }, true},
		{"a host of a vendor that is not named", func(_ *Assessment, s *Surroundings) { s.Hosts["ga4"] = nil }, true},
		{"order of hosts", func(_ *Assessment, s *Surroundings) {
			s.Hosts["plausible"] = []string{"eu.plausible.io", "plausible.io"}
		}, true},
		{"a purpose's title", func(_ *Assessment, s *Surroundings) {
			s.Purposes["measure"].Title["de"] = "Verfolgen"
		}, false},
		{"a purpose's description", func(_ *Assessment, s *Surroundings) {
			s.Purposes["measure"].Description["en"] = "All."
		}, false},
		{"a title becomes a description", func(_ *Assessment, s *Surroundings) {
			s.Purposes["improve"] = PurposeTexts{Description: map[string]string{"": "Improve"}}
		}, false},
		{"a purpose is gone", func(_ *Assessment, s *Surroundings) { delete(s.Purposes, "improve") }, false},
		{"a recipient's host", func(_ *Assessment, s *Surroundings) { s.Hosts["matomo"] = []string{"matomo.cloud"} }, false},
		{"a recipient's further host", func(_ *Assessment, s *Surroundings) {
			s.Hosts["matomo"] = []string{"10.0.0.7:8000", "matomo.cloud"}
		}, false},
		{"the controller's name", func(_ *Assessment, s *Surroundings) { s.Controller = "Other Ltd" }, false},
		{"a text in a language more", func(a *Assessment, _ *Surroundings) { a.Title["de"] = "Messen" }, false},
		{"a text in another language", func(a *Assessment, _ *Surroundings) { a.Title = Text{"en": a.Title[""]} }, false},
		{"a conclusion", func(a *Assessment, _ *Surroundings) { a.Conclusion = plain("It prevails.") }, false},
		{"texts of no words", func(a *Assessment, _ *Surroundings) {
			a.Conclusion, a.DPOAdvice, a.Consulted = plain(" "), Text{}, []Text{{}}
		}, true},
		{"text moved from one key to the next", func(a *Assessment, _ *Surroundings) {
			a.Interest.What, a.Interest.Benefit = plain("whatb"), plain("enefit")
		}, false},
	} {
		a, around := sample(), surroundings()
		test.change(a, &around)
		if got := a.Digest(around) == base; got != test.same {
			t.Errorf("%s: same digest %v, want %v", test.name, got, test.same)
		}
	}
}

// TestDigestStays holds the canonical forms still: a change of the second voids every approval ever given, and one of
// the first makes those of earlier versions look as if somebody had edited what they are about.
func TestDigestStays(t *testing.T) {
	const want = "8eb2328dd522041d0dc1b28938f672605c04bbf61a3380aaf41c90c96ab0ba4b"
	if got := sample().FirstDigest(surroundings()).String(); got != want {
		t.Errorf("the first form: %s, want %s", got, want)
	}
	var b bytes.Buffer
	sample().write(meaning{&b}, surroundings())
	const name = "testdata/meaning.txt"
	got := hex.Dump(b.Bytes())
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(name)
	if err != nil || got != string(kept) {
		t.Errorf("%v; what is digested:\n%s", err, got)
	}
	if sample().Digest(surroundings()) != sha256.Sum256(b.Bytes()) {
		t.Error("what is digested is something else")
	}
}

func TestApprovalText(t *testing.T) {
	want := "tagwarden assessment\nLIA-1\nversion 3\nform 2\nsha256 " + fmt.Sprintf("%064d", 0) + "\n"
	if got := ApprovalText("LIA-1", 3, Digest{}); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestPeriod(t *testing.T) {
	for text, want := range map[string]Period{
		"13 months": {Months: 13}, "1 month": {Months: 1}, "2 years": {Months: 24}, "30 days": {Days: 30}, "90d": {Days: 90},
		"2 weeks": {Days: 14}, "36h": {Clock: 36 * time.Hour}, "90m": {Clock: 90 * time.Minute}, "1 hour": {Clock: time.Hour},
	} {
		got, err := ParsePeriod(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if again, err := ParsePeriod(got.String()); err != nil || again != got {
			t.Errorf("%q: written as %q, read as %v, %v", text, got.String(), again, err)
		}
	}
	for _, text := range []string{"", "13", "months", "-1 months", "0 days", "13  months", "1.5 h", "99999 months",
		"13 moons", "13 months 2 days", "s", "1 s"} {
		if got, err := ParsePeriod(text); err == nil {
			t.Errorf("%q: read as %v", text, got)
		}
	}
	if got := (Period{Months: 1}).After(at("2026-01-15T12:00:00Z")); !got.Equal(at("2026-02-15T12:00:00Z")) {
		t.Errorf("a month later: %v", got)
	}
}

func TestDay(t *testing.T) {
	d, err := ParseDay("2027-05-04")
	if err != nil || d.String() != "2027-05-04" || !d.End().Equal(at("2027-05-05T00:00:00Z")) {
		t.Errorf("%v, %v", d, err)
	}
	for _, text := range []string{"", "2027-5-4", "04.05.2027", "2027-02-30", "2027-05-04T00:00:00Z"} {
		if got, err := ParseDay(text); err == nil {
			t.Errorf("%q: read as %v", text, got)
		}
	}
}

// TestTexts: days and periods are written into documents as they are read from them.
func TestTexts(t *testing.T) {
	for _, text := range []string{"2027-05-04", "0001-01-02"} {
		var d Day
		if err := d.UnmarshalText([]byte(text)); err != nil || d.IsZero() {
			t.Errorf("%s: %v, %v", text, d, err)
		}
		if back, err := d.MarshalText(); err != nil || string(back) != text {
			t.Errorf("%s is written as %q, %v", text, back, err)
		}
		if kept := d; d.UnmarshalText([]byte("soon")) == nil || d != kept {
			t.Errorf("a text that is none makes %v", d)
		}
	}
	for _, text := range []string{"13 months", "1 month", "30 days", "90 minutes"} {
		var p Period
		if err := p.UnmarshalText([]byte(text)); err != nil || p.IsZero() {
			t.Errorf("%s: %v, %v", text, p, err)
		}
		if back, err := p.MarshalText(); err != nil || string(back) != text {
			t.Errorf("%s is written as %q, %v", text, back, err)
		}
		if kept := p; p.UnmarshalText([]byte("soon")) == nil || p != kept {
			t.Errorf("a text that is none makes %v", p)
		}
	}
	day, err := Day{}.MarshalText()
	period, failed := Period{}.MarshalText()
	if string(day)+string(period) != "" || err != nil || failed != nil {
		t.Errorf("none is written as %q and %q, %v %v", day, period, err, failed)
	}
	if got := strings.Join(Names(),
		" "); got != "consent contract legal_obligation vital_interests public_task legitimate_interest opt_out" {
		t.Error(got)
	}
}

func TestNames(t *testing.T) {
	for _, name := range Names() {
		if b, ok := Parse(name); !ok || b.String() != name {
			t.Errorf("%s: read as %v", name, b)
		}
	}
	for _, name := range []string{"", "none", "Consent", "basis(9)"} {
		if b, ok := Parse(name); ok || b != None {
			t.Errorf("%q: read as %v", name, b)
		}
	}
	if got := numBases.String() + numValidities.String() + numValidities.Says(); got != "basis(8)validity(13)" {
		t.Error(got)
	}
	for b := range numBases { // GDPR Art. 21(1)
		if want := !strings.Contains("contract legal_obligation vital_interests", b.String()); b.OpenToObjection() != want {
			t.Errorf("%s: open to objection is %t", b, !want)
		}
	}
	if got := Basis(99).String() + Validity(99).String(); got != "basis(99)validity(99)" {
		t.Error(got)
	}
}

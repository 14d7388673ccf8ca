package basis

import (
	"maps"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// promised are two promises that are signed.
func promised() *Promised {
	return &Promised{
		Version: 3, At: time.Date(2026, time.December, 1, 12, 0, 0, 0, time.FixedZone("", 3600)),
		Controller: "Shop \"One\"\nGmbH",
		Promises:   map[string]Digest{"no-mail": {1}, "a.b_c-D": {2}},
	}
}

func TestPromised(t *testing.T) {
	privacy, private := keys(t, "privacy")
	other, otherPrivate := keys(t, "other")
	p := promised()
	good, err := p.Sign(private)
	if err != nil || !strings.HasPrefix(good,
		"tagwarden promises\nform 1\nversion 3\nat 2026-12-01T11:00:00Z\ncontroller \"Shop \\\"One\\\"\\nGmbH\"\npromise a.b_c-D sha256 02") {
		t.Fatalf("%q, %v", good, err)
	}
	if _, err := p.Sign("key"); err == nil {
		t.Error("that is a key")
	}
	theirs, err := p.Sign(otherPrivate)
	if err != nil {
		t.Fatal(err)
	}
	assessment := signed(t, private).Assessment.Approval
	for name, of := range map[string]struct {
		approval  string
		approvers []Approver
		want      Validity
	}{
		"signed":                {good, []Approver{other, privacy}, Valid},
		"with white space":      {"\n" + strings.ReplaceAll(good, "\n", "\r\n") + "\n", []Approver{privacy}, Valid},
		"nothing":               {"", []Approver{privacy}, Unapproved},
		"words":                 {"by me", []Approver{privacy}, Unapproved},
		"that of an assessment": {assessment, []Approver{privacy}, Unapproved},
		"no approvers":          {good, nil, Foreign},
		"somebody else's":       {theirs, []Approver{privacy}, Foreign},
		"another text":          {strings.Replace(good, "version 3", "version 4", 1), []Approver{privacy}, Forged},
		"a promise left out": {strings.Replace(good, "promise no-mail sha256 01", "promise no-mail sha256 03", 1),
			[]Approver{privacy}, Forged},
		"two notes":      {good + "\n" + good, []Approver{privacy}, Ambiguous},
		"two signatures": {good + lastLine(theirs), []Approver{privacy, other}, Ambiguous},
		"no signature":   {p.Text(), []Approver{privacy}, Unreadable},
		"cut short":      {good[:len(good)-9], []Approver{privacy}, Unreadable},
		"a form that is not known": {resigned(t, private, strings.Replace(p.Text(), "form 1", "form 2", 1)),
			[]Approver{privacy}, Unreadable},
		"a promise without digest": {resigned(t, private, p.Text()+"promise x\n"), []Approver{privacy}, Unreadable},
		"a promise that is twice": {resigned(t, private, p.Text()+"promise no-mail sha256 "+Digest{1}.String()+"\n"),
			[]Approver{privacy}, Unreadable},
		"version 0": {resigned(t, private, strings.Replace(p.Text(), "version 3", "version 0", 1)),
			[]Approver{privacy}, Unreadable},
		"a time that is none": {resigned(t, private, strings.Replace(p.Text(), "12-01", "13-01", 1)),
			[]Approver{privacy}, Unreadable},
		"nothing behind the head":   {resigned(t, private, promisedHead), []Approver{privacy}, Unreadable},
		"more than can be recorded": {resigned(t, private, many(MaxPromised+1).Text()), []Approver{privacy}, Unreadable},
		"as many as can be":         {resigned(t, private, many(MaxPromised).Text()), []Approver{privacy}, Valid},
	} {
		got, worth := OpenPromised(of.approval, of.approvers)
		if worth != of.want {
			t.Errorf("%s: %s, want %s", name, worth, of.want)
		}
		if (worth == Valid) != (got.Version > 0) || worth == Valid && got.By != privacy.Key() {
			t.Errorf("%s: %+v", name, got)
		}
	}
	got, _ := OpenPromised(good, []Approver{privacy})
	if got.Version != p.Version || !got.At.Equal(p.At) || got.Controller != p.Controller ||
		!maps.Equal(got.Promises, p.Promises) {
		t.Errorf("%+v is read of %+v", got, p)
	}
	entry := signed(t, private)
	if entry.Assessment.Approval = good; Verify(entry, []Approver{privacy}, nil) != Unapproved {
		t.Error("an approval of promises is taken for one of an assessment")
	}
}

// many are n promises.
func many(n int) *Promised {
	p := promised()
	p.Promises = map[string]Digest{}
	for i := range n {
		p.Promises[strings.Repeat("p", 1+i/26)+string(rune('a'+i%26))] = Digest{byte(i)}
	}
	return p
}

// FuzzOpenPromised: what is taken for an approval says what was signed, and nothing else.
func FuzzOpenPromised(f *testing.F) {
	privacy, private := keys(f, "privacy")
	good, err := promised().Sign(private)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good + good)
	f.Add(promised().Text())
	f.Add(promisedHead + "form 1\nversion 1\nat 2026-12-01T11:00:00Z\ncontroller \"\"\n")
	f.Fuzz(func(t *testing.T, approval string) {
		if p, ok := parsePromised(approval); ok && p.Text() != approval {
			t.Errorf("%q is read as %q", approval, p.Text())
		}
		if got, worth := OpenPromised(approval, []Approver{privacy}); worth == Valid && got.Text() != promised().Text() {
			t.Errorf("%q is valid", approval)
		}
	})
}

// resigned is a text that an approver signed, whatever it says.
func resigned(t *testing.T, private, text string) string {
	t.Helper()
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	out, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

package config

import (
	"crypto/rand"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestExamples: each compiles without a warning and has tests. Its assessments are signed by nobody; approved, they are
// valid for a year. What visitors read of it is there in three languages.
func TestExamples(t *testing.T) {
	t.Parallel()
	want := "cnil-ga4 consent-only first-party-analytics fraud-prevention lifecycle-email us-opt-out"
	if got := strings.Join(Examples(), " "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, name := range Examples() {
		made, err := InitExample(name, t.TempDir(), nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(made.Server)
		if err != nil {
			t.Fatal(err)
		}
		if len(loaded.Warnings) > 0 || len(loaded.Tests) < 3 {
			t.Errorf("%s: %d tests, warnings:\n%v", name, len(loaded.Tests), loaded.Warnings)
		}
		assessments, approved := loaded.Policy.Assessments(), loaded.AsApproved().Policy.Assessments()
		for _, id := range assessments.IDs() {
			if got := assessments.Validity(id, noon); got != basis.Unapproved || loaded.Assessments[id].Document.Approval != "" {
				t.Errorf("%s: %s is %v, and nobody has read it", name, id, got)
			}
			if got := approved.Validity(id, noon.AddDate(1, 0, 0)); got != basis.Valid {
				t.Errorf("%s: approved, %s is %v", name, id, got)
			}
		}
		if !slices.Equal(assessments.IDs(), made.Assessments) {
			t.Errorf("%s: to be approved: %v", name, made.Assessments)
		}
		for _, file := range made.Files {
			if strings.Contains(file, ".history") {
				t.Errorf("%s: %s says that something was approved", name, file)
			}
		}
		if (len(assessments.IDs()) > 0) != (made.ApproverKey != "") {
			t.Errorf("%s: %d assessments, approver's key %q", name, len(assessments.IDs()), made.ApproverKey)
		}
	}
	if _, err := InitExample("../example", t.TempDir(), nil, noon); err == nil {
		t.Error("an example outside of the folder")
	}
}

// exampleOf compiles an example; "" is what Init writes by itself.
func exampleOf(t *testing.T, name string) *Loaded {
	t.Helper()
	files, err := exampleFiles(name, rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := Compile(SourceOf(files), basis.Past{})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// badFrench finds signs that a space goes before in French, with none or one that breaks lines. An address is none.
var badFrench = regexp.MustCompile(`\S*[^\x{a0}\x{202f}][:;?!](\s|$)`)

// TestExamplesAreInThreeLanguages: titles, descriptions and links of what Init and its examples write are there in each
// language of a notice, and say the same at about the same length.
func TestExamplesAreInThreeLanguages(t *testing.T) {
	t.Parallel()
	for _, name := range append(Examples(), "") {
		loaded := exampleOf(t, name)
		texts := map[string]Text{}
		for id, purpose := range loaded.Purposes {
			texts[id+" title"], texts[id+" description"] = purpose.Title, purpose.Description
		}
		for _, link := range loaded.Server.Sites["shop"].Privacy.Links {
			texts["link to "+link.URL[""]] = link.Text
		}
		for of, text := range texts {
			if !slices.Equal(slices.Sorted(maps.Keys(text)), []string{"de", "en", "fr"}) {
				t.Errorf("%s: %s is in %v", name, of, text)
			}
			if words := badFrench.FindString(text["fr"]); words != "" {
				t.Errorf("%s: %s: %q wants a space that does not break (U+00A0, U+202F) before its last sign", name, of, words)
			}
			for language, said := range text {
				if longest := len(text["en"])*3/2 + 8; len(said) > longest {
					t.Errorf("%s: %s in %s takes %d bytes, of %d at most", name, of, language, len(said), longest)
				}
			}
		}
	}
}

// TestExamplesKeepPurposesApart: whoever refuses what an example asks consent for does not find it done on legitimate
// interest, under the same purpose (Art. 5(1)(a) and 13(1)(c) GDPR).
func TestExamplesKeepPurposesApart(t *testing.T) {
	t.Parallel()
	for _, name := range append(Examples(), "") {
		loaded := exampleOf(t, name)
		asked := map[string]bool{}
		for _, a := range loaded.Activities {
			for _, purpose := range a.Purposes {
				asked[purpose] = asked[purpose] || a.Basis == "consent"
			}
		}
		for _, a := range loaded.Activities {
			for _, purpose := range a.Purposes {
				if a.Basis == "legitimate_interest" && asked[purpose] {
					t.Errorf("%s: %s rests on legitimate interest, and consent is asked for %s", name, a.ID, purpose)
				}
			}
		}
	}
}

package config

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tagwarden/tagwarden/config/strict"
)

// TestAdvice compiles each case, which is no fault, and compares its warnings. `go test -update` writes them anew.
func TestAdvice(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/advice/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, name := range cases {
		a, own := archive(t, name)
		files := base(t)
		maps.Copy(files, own)
		maps.DeleteFunc(files, func(_ string, text []byte) bool { return string(text) == "(removed)\n" })
		loaded, err := compiled(files)
		if err != nil {
			t.Fatalf("%s:\n%v", name, err)
		}
		got := loaded.Warnings.Error() + "\n"
		if *update {
			a.Files[len(a.Files)-1].Data = []byte(got)
			if err := os.WriteFile(name, txtar.Format(a), 0o600); err != nil {
				t.Fatal(err)
			}
		} else if want := string(own["want"]); got != want {
			t.Errorf("%s: got:\n%s\nwant:\n%s", name, got, want)
		}
	}
}

// TestEveryRefusalHasACase: each rule is shown by a case, at a place in a file, with its source.
func TestEveryRefusalHasACase(t *testing.T) {
	t.Parallel()
	wanted := map[bool]string{}
	for advice, folder := range map[bool]string{false: "faults", true: "advice"} {
		cases, err := filepath.Glob("testdata/" + folder + "/*.txtar")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range cases {
			_, files := archive(t, name)
			wanted[advice] += string(files["want"])
		}
	}
	if len(Refusals()) != len(lawful) {
		t.Errorf("%d rules are told of %d", len(Refusals()), len(lawful))
	}
	seen := map[string]bool{}
	for _, rule := range Refusals() {
		if !strings.Contains(wanted[rule.Advice], " ("+rule.ID+"; "+rule.Source+")\n") {
			t.Errorf("no case shows %s", rule.ID)
		}
		if seen[rule.ID] || !strings.HasPrefix(rule.ID, "lawful/") || !strings.HasSuffix(rule.Sentence, ".") ||
			rule.Source == "" {
			t.Errorf("%+v: an id of its own, a sentence and a source are wanted", rule)
		}
		seen[rule.ID] = true
	}
}

// TestRefusalsOfTheDesign: what the design says a policy may not say is refused, one edit of its example at a
// time, and nothing else is said of it.
func TestRefusalsOfTheDesign(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rule, file, old, with string }{
		{"lawful/purpose-title", "policy/purposes.yaml", "title: Measure the audience of our pages", "title: Marketing"},
		{"lawful/li-assessment", "policy/activities.yaml", "    assessment: LIA-2026-001\n", ""},
		{"lawful/li-data", "policy/assessments/LIA-2026-001.yaml", ", revenue: keep", ""},
		{"lawful/li-recipient", "policy/assessments/LIA-2026-001.yaml", "recipients: [matomo]", "recipients: [ga4]"},
		{"lawful/tcf-consent", "policy/purposes.yaml", "tcf: [8]", "tcf: [3]"},
		{"lawful/device-access", "policy/activities.yaml", "    exemption: audience_measurement", "    #"},
		{"lawful/audience-measurement", "policy/assessments/LIA-2026-001.yaml", "retention: 14 months", "retention: 3 years"},
		{"lawful/statistics", "policy/purposes.yaml",
			"    description: Counts of pages and visits, to find errors and improve content.\n", ""},
	} {
		files := design(t)
		if !strings.Contains(string(files[test.file]), test.old) {
			t.Fatalf("%s has no %q", test.file, test.old)
		}
		files[test.file] = []byte(strings.Replace(string(files[test.file]), test.old, test.with, 1))
		_, err := compiled(files)
		faults, ok := errors.AsType[strict.Faults](err)
		if !ok || !strings.Contains(err.Error(), "("+test.rule+";") {
			t.Errorf("%s: %v", test.rule, err)
		}
		for _, fault := range faults {
			if !strings.Contains(fault.Msg, "(lawful/") || fault.Line == 0 {
				t.Errorf("%s: besides: %v", test.rule, fault)
			}
		}
	}
}

func TestUnspecific(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]bool{
		"Marketing": true, "marketing purposes": true, "Improve experience": true, "Improving our users' experience": true,
		"Analytics":            true,
		"IT-security purposes": true, "Future research": false, "Web analytics": true, "Werbung": true,
		"Optimierung unseres Angebots": false,
		"Statistiken":                  true, "Publicité": true, "À des fins de publicité": true,
		"Legitimate interest": true, "...": false,
		"": false, "Q": true,
		"Measure the audience of our pages": false, "Détecter les fraudes": false, "測定": false,
		"Recognise stolen accounts": false,
	} {
		if got := Unspecific(title); got != want {
			t.Errorf("%q: %v, want %v", title, got, want)
		}
	}
}

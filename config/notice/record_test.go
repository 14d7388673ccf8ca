package notice

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/sample"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// recordDay is when the files of a test were changed.
var recordDay = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

func TestRecordGolden(t *testing.T) {
	t.Parallel()
	loaded := sample.Approved(t, sample.Files(t))
	approved := map[string]time.Time{"LIA-1": time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)}
	for _, lang := range Languages() {
		r, err := Art30(loaded, RecordOf{Lang: lang, At: sample.Day, Changed: recordDay, Approved: approved})
		if err != nil {
			t.Fatal(err)
		}
		r.Policy = "digest" // it covers the approver's signature
		for _, format := range RecordFormats() {
			text, err := r.Render(format)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/record/"+lang+"."+format, text)
			if format != "csv" {
				continue
			}
			lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
			if err != nil || len(lines) != len(loaded.Activities)+2 { // the headings, and what the server itself does
				t.Fatal(len(lines), err)
			}
		}
	}
}

func TestRecordIsNoFormula(t *testing.T) {
	t.Parallel()
	for _, nasty := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r\n=1", "＝1", "|cmd", "%0"} {
		w, _ := wordsIn("en")
		r := Record{Lang: "en", Controller: Controller{Name: nasty, Contact: nasty}, words: w, said: recordWordsIn("en"),
			Entries: []Entry{{ID: nasty, Transfer: nasty + "\",\"=1"}}}
		lines, err := csv.NewReader(bytes.NewReader(r.csv())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range lines[1] {
			ours := strings.HasPrefix(cell, "only technical values") || strings.HasPrefix(cell, ", ")
			if cell != "" && !ours && !strings.HasPrefix(cell, "'") || strings.ContainsAny(cell, "\t\r\n") {
				t.Errorf("%q is written as %q", nasty, cell)
			}
		}
	}
}

// TestRecordOfPresets: what the record says of what `init` and each example make,
// in every language, for people to read.
func TestRecordOfPresets(t *testing.T) {
	t.Parallel()
	for _, preset := range append(config.Examples(), "") {
		loaded := sample.Preset(t, preset)
		for _, lang := range Languages() {
			r, err := Art30(loaded, RecordOf{Lang: lang, At: sample.Day, Changed: recordDay})
			if err != nil {
				t.Fatal(err)
			}
			if !r.Complete() {
				t.Errorf("%s: %v", preset, r.Unstated)
			}
			r.Policy = "digest" // it covers a key that is made anew each time
			text, err := r.Render("md")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/record/"+cmp.Or(preset, "init")+"."+lang+".md", text)
			for i := range r.Entries {
				r.Entries[i].Purposes = nil // in the words of the policy, for visitors
			}
			ours, err := r.Render("md")
			if again := addressing(lang, string(ours)); again != "" || err != nil {
				t.Errorf("%s, %s: the record speaks to somebody: %s %v", preset, lang, again, err)
			}
		}
	}
}

// addressed are words by which a text speaks to its reader.
var addressed = map[string]*regexp.Regexp{
	"en": regexp.MustCompile(`(?i)\b(you|your|yours)\b[^\n]*`),
	"de": regexp.MustCompile(`\b(Sie|Ihnen|Ihr|Ihre|Ihrer|Ihrem|Ihren|Ihres)\b[^\n]*`),
	"fr": regexp.MustCompile(`(?i)\b(vous|votre|vos)\b[^\n]*`),
}

func addressing(lang, text string) string { return addressed[lang].FindString(text) }

// TestRecordWords: whatever a policy can say can be said in every language, in the third person, in French with its
// spaces.
func TestRecordWords(t *testing.T) {
	t.Parallel()
	blocks := func(w *recordWords) map[string]map[string]string {
		bases := map[string]string{}
		for name, of := range w.Bases {
			bases[name+" name"], bases[name+" article"] = of.Name, of.Article
		}
		for name, of := range w.Own {
			for key, text := range map[string]string{
				"title": of.Title, "purpose": of.Purpose, "data": of.Data, "basis": of.Basis, "kept": of.Kept,
			} {
				bases["own "+name+" "+key] = text
			}
		}
		return map[string]map[string]string{
			"texts": w.Texts, "columns": w.Columns, "measures": w.Measures, "treatments": w.Treatments,
			"subjects": w.Subjects, "validity": w.Validity, "safeguards": w.Safeguards, "named": w.Named,
			"classes": w.Classes, "device": w.Device, "bases": bases,
		}
	}
	hole, english := regexp.MustCompile(`\{\w+\}`), blocks(recordWordsIn("en"))
	french := regexp.MustCompile(`[^\x{a0}\x{202f}][:;?!](\s|$)|«[^\x{a0}]|[^\x{a0}]»`)
	for _, lang := range Languages() {
		w := recordWordsIn(lang)
		for block, said := range blocks(w) {
			if len(said) != len(english[block]) {
				t.Errorf("%s: %s has %d keys, want %d", lang, block, len(said), len(english[block]))
			}
			for key, want := range english[block] {
				got := said[key]
				a, b := slices.Sorted(slices.Values(hole.FindAllString(want, -1))),
					slices.Sorted(slices.Values(hole.FindAllString(got, -1)))
				if got == "" || !slices.Equal(a, b) {
					t.Errorf("%s: %s.%s: %q", lang, block, key, got)
				}
				if of := addressing(lang, got); of != "" {
					t.Errorf("%s: %s.%s speaks to somebody: %s", lang, block, key, of)
				}
				if lang == "fr" && french.MatchString(strings.ReplaceAll(got, "http:", "http")) {
					t.Errorf("%s: %s.%s: a space is missing: %q", lang, block, key, got)
				}
			}
		}
		for c := hit.Unknown + 1; c < hit.NumClasses; c++ {
			if w.Classes[c.String()] == "" {
				t.Errorf("%s: class %s lacks words", lang, c)
			}
		}
		for _, name := range append(basis.Names(), "explicit_consent") {
			if of := w.Bases[name]; of.Name == "" || of.Article == "" {
				t.Errorf("%s: basis %s lacks words", lang, name)
			}
		}
		for _, part := range ownParts {
			if w.Own[part.id].Title == "" {
				t.Errorf("%s: own processing %s lacks words", lang, part.id)
			}
		}
		of, _ := wordsIn(lang)
		for name := range of.Safeguards {
			if w.Safeguards[name] == "" {
				t.Errorf("%s: safeguard %s has words in the notice alone", lang, name)
			}
		}
		for v := range basis.Valid + 1 {
			if w.Validity[v.String()] == "" {
				t.Errorf("%s: validity %s lacks words", lang, v)
			}
		}
		for kind := range minimise.NumKinds {
			if key := measureKeys[kind.Measure()]; w.Measures[key] == "" && kind != minimise.Drop {
				t.Errorf("%s: measure %s lacks words", lang, kind)
			}
			if w.Treatments[kind.String()] != "" {
				continue
			}
			for key, said := range minimise.WordsOf(kind) {
				if of := addressing(lang, said[lang]); of != "" {
					t.Errorf("%s: %s %s speaks to somebody, and is in the record: %s", lang, kind, key, of)
				}
			}
		}
	}
}

// TestRecordSaysWhatIsDone: an id that is kept is passed on unchanged, and nothing else is said of it, whatever the
// minimiser of each class.
func TestRecordSaysWhatIsDone(t *testing.T) {
	t.Parallel()
	loaded := sample.Approved(t, sample.Files(t, "client_id: { pseudonymise: { rotate: month, bits: 24 } }",
		"client_id: keep"))
	r, err := Art30(loaded, RecordOf{Lang: "en", At: sample.Day})
	if err != nil {
		t.Fatal(err)
	}
	words := recordWordsIn("en")
	for _, m := range r.Entries[0].Measures {
		if has := slices.Contains(m.Of, "browser identifier (client_id)"); has != (m.Name == words.Measures["unchanged"]) {
			t.Errorf("%s: %v", m.Name, m.Of)
		}
	}
}

// TestRecordNamesWhatIsMissing: what Art. 30(1) asks for and nobody says is named, at the place where it would
// stand, and is "not stated" in the record.
func TestRecordNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, place, says string }{
		{", role: processor", "", "tagwarden.yaml:", "add role: processor"},
		{"ledger: { retain: 90d }\n", "", "tagwarden.yaml:", "retain"},
		{"contact: privacy@shop.example, ", "", "tagwarden.yaml:", "add controller:"},
	} {
		r, err := Art30(sample.Approved(t, sample.Files(t, c.from, c.to)), RecordOf{Lang: "en", At: sample.Day})
		if err != nil {
			t.Fatal(err)
		}
		named := slices.ContainsFunc(r.Unstated, func(of string) bool {
			return strings.HasPrefix(of, c.place) && strings.Contains(of, c.says)
		})
		if r.Complete() || !named {
			t.Errorf("without %s: %v", c.from, r.Unstated)
		}
		for _, form := range []string{"html", "md", "csv"} {
			text, err := r.Render(form)
			if err != nil || !bytes.Contains(text, []byte("not stated")) || form != "csv" &&
				!bytes.Contains(text, []byte("What is missing")) {
				t.Errorf("without %s: %s: %v", c.from, form, err)
			}
		}
	}
}

// TestRecordClaimsNoProof: the log's records are final in form, and nothing shows yet that nobody changed them: no
// authority is told otherwise.
func TestRecordClaimsNoProof(t *testing.T) {
	t.Parallel()
	for lang, claims := range map[string]string{"en": "alteration|tamper", "de": "Änderungen erkennbar|manipul",
		"fr": "révèle|inaltér"} {
		said := recordWordsIn(lang)
		for key, text := range said.Texts {
			if regexp.MustCompile(claims).MatchString(text) {
				t.Errorf("%s: %s: %s", lang, key, text)
			}
		}
	}
}

// TestJointControllersOfTheirActivities: who is responsible jointly for one activity is not for the others, nor for
// what the server does itself; and each is named once.
func TestJointControllersOfTheirActivities(t *testing.T) {
	t.Parallel()
	w, _ := wordsIn("en")
	both := "Acme Ltd, Dublin (Ireland) [for visitors in the EEA]; Acme Inc., Austin (United States) [for visitors in other countries]"
	alone := "Acme Inc., Austin (United States)"
	r := Record{Lang: "en", words: w, said: recordWordsIn("en"), Joint: []string{both, alone}, Entries: []Entry{
		{ID: "joint", Recipient: Recipient{Role: "joint", Legal: alone}},
		{ID: "other", Recipient: Recipient{Role: "controller"}}, {ID: "own", Own: true},
	}}
	lines, err := csv.NewReader(bytes.NewReader(r.csv())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(recordColumns, "joint")
	for i, want := range []string{alone, "", ""} {
		if got := lines[i+1][at]; got != want {
			t.Errorf("%s: %q, want %q", lines[i+1][0], got, want)
		}
	}
	for _, row := range r.who() {
		if row.Key == "joint" && row.Values[0].Text != both {
			t.Errorf("%q, want %q", row.Values[0].Text, both)
		}
	}
}

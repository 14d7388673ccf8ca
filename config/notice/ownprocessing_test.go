package notice

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/internal/sample"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// TestOwnWords: each part that there may be has words in every language, and no other has.
func TestOwnWords(t *testing.T) {
	t.Parallel()
	english, _ := wordsIn("en")
	for _, lang := range Languages() {
		w, _ := wordsIn(lang)
		for _, part := range ownParts {
			of, here := reflect.ValueOf(english.Own[part.id]), reflect.ValueOf(w.Own[part.id])
			for i := range of.NumField() {
				want, got := of.Field(i).String(), here.Field(i).String()
				if strings.TrimSpace(got) == "" || strings.Count(want, "{") != strings.Count(got, "{") {
					t.Errorf("%s: own.%s: %q, in English %q", lang, part.id, got, want)
				}
			}
		}
		if len(w.Own) != len(ownParts) {
			t.Errorf("%s: own has %d parts, want %d", lang, len(w.Own), len(ownParts))
		}
	}
}

// TestOwnProcessing: parts are told where they take place, and nowhere else, with the figures that the server goes by.
func TestOwnProcessing(t *testing.T) {
	t.Parallel()
	const site = "signals: { gpc: {}, dnt: {}, own"
	for _, c := range []struct {
		what    string
		changes []string
		part    string
		said    string // in it; "" where the part is not told
	}{
		{"hits", nil, "hits", "In memory alone"},
		{"the log", nil, "log", "90 days"},
		{"a log that is kept for longer", []string{"retain: 90d", "retain: 365d"}, "log", "365 days"},
		{"a log of hours", []string{"retain: 90d", "retain: 36h"}, "log", "36 hours"},
		{"objections", nil, "objections", "does not expire"},
		{"objections that follow", nil, "follow", "395 days"},
		{"objections that do not", []string{"ledger:", "objections: { follow: false }\nledger:"}, "follow", ""},
		{"denied events", nil, "denied", "24 hours"},
		{"rare values", nil, "rare", "30 days"},
		{"no rare values", []string{"screen: { rare: { k: 20 } }", "screen: drop"}, "rare", ""},
		{"a signal where no state is known", nil, "opt_outs", ""},
		{"a signal of a state that keeps it", []string{site, "region: { default: US-CA }\n    " + site},
			"opt_outs", "395 days"},
		{"a signal of a state that does not", []string{site, "region: { default: US-UT }\n    " + site}, "opt_outs", ""},
		{"a signal where states are told", []string{site, "region: { header: A, subdivision: B }\n    " + site},
			"opt_outs", "395 days"},
		{"states without the signal", []string{site, "region: { default: US-CA }\n    signals: { dnt: {}, own"},
			"opt_outs", ""},
		{"no other system", nil, "told", ""},
		{
			"another system", []string{"ledger:",
				"webhooks: [{ url: \"https://crm.example/a\", events: [objection], secret_file: a }]\nledger:"},
			"told", "Sent to crm.example:",
		},
		{
			"one that is told of decisions",
			[]string{"ledger:", "webhooks: [{ url: \"https://crm.example/a\", events: [decision], secret_file: a }]\nledger:"},
			"told", "what we decided on it",
		},
		{
			"one that is told of other things",
			[]string{"ledger:", "webhooks: [{ url: \"https://crm.example/a\", events: [assessment_due], secret_file: a }]\nledger:"},
			"told", "",
		},
	} {
		n, _ := noticeOf(t, sample.Approved(t, sample.Files(t, c.changes...)), "", "en")
		found := ""
		for _, p := range n.Own.Parts {
			if p.ID == c.part {
				found = p.Data + " " + p.Kept
			}
		}
		if (found != "") != (c.said != "") || !strings.Contains(found, c.said) {
			t.Errorf("%s: %q, want %q", c.what, found, c.said)
		}
	}
}

// TestOwnFigures: the figures of the texts are those of the constants that the server goes by.
func TestOwnFigures(t *testing.T) {
	t.Parallel()
	for what, is := range map[string]bool{
		"a choice is kept for 13 months": rules.ChoiceDays == 395, "a follower for 13 months": rules.FollowDays == 395,
		"a copy for 393 days":      rules.MirrorFor/(24*time.Hour) == 393,
		"a denied event for a day": rules.DeniedFor == 24*time.Hour,
		"a rare value for 30 days": minimise.MaxDays == 30, "a message for a week": rules.ToldWithin == 7*24*time.Hour,
	} {
		if !is {
			t.Errorf("no longer so: %s; the golden files say it", what)
		}
	}
	loaded := sample.Approved(t, sample.Files(t, "signals: { gpc: {}, dnt: {}, own",
		"signals: { mirror: {}, gpc: {}, dnt: {}, own"))
	n, _ := noticeOf(t, loaded, "", "en")
	var all []string
	for _, c := range n.Own.Cookies {
		all = append(all, c.Name+" "+c.Kept)
	}
	want := "__Host-tagwarden-objections 395 days, __Host-tagwarden-undo 395 days, tagwarden-choices 393 days"
	if got := strings.Join(all, ", "); got != want {
		t.Errorf("cookies: %s, want %s", got, want)
	}
}

// TestALogWithoutAPeriod: the default is nobody's word, so that there is no notice.
func TestALogWithoutAPeriod(t *testing.T) {
	t.Parallel()
	loaded := sample.Approved(t, sample.Files(t, "ledger: { retain: 90d }\n", ""))
	n, _ := noticeOf(t, loaded, "", "en")
	if missing := n.Missing(); len(missing) != 1 || !strings.Contains(missing[0].Msg, "add ledger: { retain: 90d }") {
		t.Errorf("%+v", missing)
	}
	r, err := Art30(loaded, RecordOf{Lang: "en", At: sample.Day})
	if err != nil || !slices.Contains(r.Entries[len(r.Entries)-1].Retention, "Forwarding log: not stated") {
		t.Error(r.Entries[len(r.Entries)-1].Retention, err)
	}
}

// TestRecordOfOtherSystems: where other systems are told of objections, identifiers are kept otherwise than as hashes,
// until they are sent, and leave the server. The record says so in place of the contrary.
func TestRecordOfOtherSystems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ events, recipients, transfer, measure string }{
		{"[assessment_due]", "none but whoever runs the server", "none by this server", "as keyed hashes alone"},
		{"[objection]", "crm.example", "of what is sent to crm.example:", "wait encrypted"},
		{"[withdrawal]", "crm.example", "of what is sent to crm.example:", "wait encrypted"},
		{"[decision]", "crm.example", "of what is sent to crm.example:", "wait encrypted"},
	} {
		hooks := "webhooks: [{ url: \"https://crm.example/a\", events: " + c.events + ", secret_file: a }]\nledger:"
		loaded := sample.Approved(t, sample.Files(t, "ledger:", hooks))
		r, err := Art30(loaded, RecordOf{Lang: "en", At: sample.Day})
		if err != nil {
			t.Fatal(err)
		}
		own := r.Entries[len(r.Entries)-1]
		for part, want := range map[string]string{
			strings.Join(own.Recipients, "; "): c.recipients, own.Transfer: c.transfer, own.Measures[0].Name: c.measure,
		} {
			if !strings.Contains(part, want) {
				t.Errorf("%s: %q, want %q in it", c.events, part, want)
			}
		}
	}
}

// TestChoicesAreTold: where what visitors choose is recorded, notice and record of processing say so in each language,
// and for how long; where it counts as a signal, that as well; and neither where it is not so.
func TestChoicesAreTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ signals, parts string }{
		{"signals: { gpc: {}", ""}, {"signals: { mirror: {}, gpc: {}", "choices"},
		{"signals: { receipts: {}, gpc: {}", "choices receipts"},
	} {
		loaded := sample.Approved(t, sample.Files(t, "signals: { gpc: {}", c.signals))
		for _, lang := range []string{"de", "en", "fr"} {
			n, _ := noticeOf(t, loaded, "", lang)
			var parts []string
			for _, part := range n.Own.Parts {
				if part.ID == "choices" && !strings.Contains(part.Kept, "90") {
					t.Errorf("%s: %+v", lang, part)
				}
				if part.ID == "choices" || part.ID == "receipts" {
					parts = append(parts, part.ID)
				}
				if part.Title == "" || part.Purpose == "" || part.Data == "" || part.Basis == "" || part.Kept == "" ||
					strings.Contains(part.Kept+part.Data, "{") {
					t.Errorf("%s: %+v", lang, part)
				}
			}
			if got := strings.Join(parts, " "); got != c.parts {
				t.Errorf("%s: %s: %q is told", c.signals, lang, got)
			}
			r, err := Art30(loaded, RecordOf{Lang: lang, At: sample.Day})
			if err != nil {
				t.Fatal(err)
			}
			words, err := json.Marshal(r.Entries[len(r.Entries)-1])
			title := map[string]string{"de": "Auswahl der Besucher", "en": "Choices of visitors",
				"fr": "Choix des visiteurs"}[lang]
			if told := strings.Contains(string(words), title); err != nil || told != (c.parts != "") {
				t.Errorf("%s: %s: the record of processing tells of %q: %v (%v)", c.signals, lang, title, told, err)
			}
		}
	}
}

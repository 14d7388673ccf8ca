package notice

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
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

var update = flag.Bool("update", false, "write what is found into the files that say what is wanted")

func noticeOf(t testing.TB, l *config.Loaded, site, lang string) (*Notice, []string) {
	t.Helper()
	n, warnings, err := New(l, site, lang, sample.Day)
	if err != nil {
		t.Fatal(err)
	}
	return n, warnings
}

// golden compares with a file of testdata. `go test -update` writes it anew.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.Clean(name))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs:\n%s", name, got)
	}
}

func TestNoticeGolden(t *testing.T) {
	t.Parallel()
	loaded := sample.Approved(t, sample.Files(t))
	for _, lang := range Languages() {
		n, warnings := noticeOf(t, loaded, "", lang)
		golden(t, "testdata/"+lang+".warnings", []byte(strings.Join(warnings, "\n")+"\n"))
		for _, format := range Formats() {
			text, err := n.Render(format)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+lang+"."+format, text)
		}
	}
}

// TestNoticeWords: whatever a policy can say can be said in every language.
func TestNoticeWords(t *testing.T) {
	t.Parallel()
	english, _ := wordsIn("en")
	same := func(lang, what string, want, got map[string]string) {
		for key := range want {
			if strings.TrimSpace(got[key]) == "" {
				t.Errorf("%s: %s has no %s", lang, what, key)
			}
			for _, hole := range []string{"{hosts}", "{how}", "{period}", "{names}", "{n}", "{v4}", "{v6}", "{values}",
				"{value}", "{contact}", "{fields}", "{grounds}", "{country}", "{language}", "{regions}", "{sites}", "{purposes}",
				"{events}", "{text}", "{recipient}", "{readers}", "{law}"} {
				if strings.Contains(want[key], hole) != strings.Contains(got[key], hole) {
					t.Errorf("%s: %s.%s and %s", lang, what, key, hole)
				}
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %s has %d keys, want %d", lang, what, len(got), len(want))
		}
	}
	for _, lang := range Languages() {
		w, _ := wordsIn(lang)
		same(lang, "texts", english.Texts, w.Texts)
		same(lang, "classes", english.Classes, w.Classes)
		same(lang, "safeguards", english.Safeguards, w.Safeguards)
		same(lang, "recipients", english.Recipients, w.Recipients)
		same(lang, "device", english.Device, w.Device)
		same(lang, "decision", english.Decision, w.Decision)
		same(lang, "own_texts", english.OwnTexts, w.OwnTexts)
		same(lang, "collection", english.Collection, w.Collection)
		if len(w.Rights) != len(english.Rights) {
			t.Errorf("%s: rights are missing", lang)
		}
		for _, name := range append(basis.Names(), "explicit_consent") {
			if of := w.Bases[name]; of.Name == "" || of.Article == "" || of.Refuse == "" {
				t.Errorf("%s: basis %s lacks words", lang, name)
			}
		}
		for c := hit.Unknown + 1; c < hit.NumClasses; c++ {
			class := c.String()
			if w.Classes[class] == "" {
				t.Errorf("%s: class %s lacks words", lang, class)
			}
		}
		for kind := range minimise.NumKinds {
			for key, said := range minimise.WordsOf(kind) {
				same(lang, kind.String()+" "+key, map[string]string{"": said["en"]}, map[string]string{"": said[lang]})
			}
			for _, spec := range variants(kind) {
				for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
					action, err := minimise.Compile(spec, class)
					if err == nil && action.Effect(lang) == "" {
						t.Errorf("%s: %v of %v lacks words", lang, spec, class)
					}
				}
			}
		}
	}
}

// variants are ways to use a minimiser: one for each value of its parameters that are words.
func variants(kind minimise.Kind) []minimise.Spec {
	all := []minimise.Spec{{Kind: kind, Only: []string{"a"}, Replace: "a", Hash: "sha256", Derive: "daily_visitor"}}
	for _, p := range minimise.Params[kind] {
		for _, value := range p.Values {
			s := minimise.Spec{Kind: kind}
			if s.Set(p.Name, value) == nil {
				all = append(all, s)
			}
		}
		if p.Type == minimise.Int {
			s := minimise.Spec{Kind: kind}
			if s.Set(p.Name, p.Min) == nil {
				all = append(all, s)
			}
		}
	}
	return all
}

// TestNoticeDigest: whatever a visitor is told is in the digest, and how the files are written is not.
func TestNoticeDigest(t *testing.T) {
	t.Parallel()
	before, _ := noticeOf(t, sample.Approved(t, sample.Files(t)), "", "en")
	for what, change := range map[string][2]string{
		"the host of a recipient": {"https://region1.google-analytics.com", "https://region2.google-analytics.com"},
		"a recipient":             {"vendor: posthog\n    purposes: [fraud]", "vendor: matomo\n    purposes: [fraud]"},
		"a title":                 {"en: Measure the audience of our pages", "en: Measure the audience of all our pages"},
		"a description":           {"Counts of pages and visits, to find errors.", "Counts of pages, to find errors."},
		"a basis":                 {"basis: legal_obligation", "basis: contract"},
		"an explicit consent":     {"basis: consent", "basis: consent\n    explicit: true"},
		"a class":                 {"referrer: { generalise: origin }", "referrer: drop"},
		"what is done to a class": {"client_id: { pseudonymise: { rotate: month, bits: 24 } }", "client_id: keep"},
		"a list of parameters":    {`query: [utm_source, "utm_*"]`, "query: [utm_source]"},
		"one field":               {"only: [card, invoice]", "only: [card, invoice, other]"},
		"a purpose":               {"purposes: [fraud]", "purposes: [fraud, measure]"},
		"a retention":             {"retention: 90 days", "retention: 91 days"},
		"a transfer":              {"EEA: SCC", "EEA: BCR"},
		"a legal person":          {"Google Ireland Limited, Dublin, IE", "Google Ireland Limited, Gordon House, Dublin, IE"},
		"a role":                  {"role: processor", "role: controller"},
		"a policy's address":      {"role: processor", "role: processor, policy_url: \"https://shop.example/google\""},
		"a representative":        {"dpo: dpo@", "representative: { name: R, contact: r@r.example }, dpo: dpo@"},
		"a preference centre": {"hosts: [shop.example, www",
			"base: /t\n    origins: [\"https://shop.example\"]\n    hosts: [shop.example, www"},
		"an interest":        {"Knowing which of our pages fail.", "Knowing which pages fail."},
		"an objection":       {"Preference centre in the footer", "Link in the footer"},
		"compelling grounds": {"every page, compelling_grounds: none", "every page, compelling_grounds: there are some"},
		"a reference":        {"section 55", "section 56"},
		"what goes on": {"    events: [page_view, link]",
			"    after_refusal: { because: x }\n    events: [page_view, link]"},
		"a site":   {"hosts: [blog.example]", "hosts: [blog.example, news.example]"},
		"a region": {"regions: [US-CA]", "regions: [US-VA]"},
		"a promise": {"class: phone, basis: legitimate_interest }\n    publish: true",
			"class: phone, basis: legitimate_interest }"},
		"a promise's words":      {"No <e-mail> address leaves", "No <e-mail> address goes"},
		"an excepted event":      {`except_events: ["checkout_*", page_view]`, "except_events: [page_view]"},
		"an event":               {"events: [page_view, link]", "events: [page_view]"},
		"the controller":         {"dpo@shop.example", "dpo2@shop.example"},
		"what is on the device":  {"period: 90 days, readers: [Google Ads]", "period: 91 days, readers: [Google Ads]"},
		"who reads it":           {"readers: [Google Ads]", "readers: [Google]"},
		"a decision":             {"effect: It is looked at", "effect: It is looked over"},
		"a duty":                 {"en: We send nothing", "en: Nothing is sent"},
		"how long the log lasts": {"retain: 90d", "retain: 91d"},
		"what the server does":   {"screen: { rare: { k: 20 } }", "screen: drop"},
		"what is sold":           {"us: [targeted_advertising]", "us: [targeted_advertising, sale]"},
		"an activity":            {"sites: [shop]", "sites: [blog]"}, // then no site has it
		"a signal":               {"gpc: ignore", "gpc: object"},
		"a comment":              {"profiles:", "profiles: # these"},
		"the layout":             {"regions: [US-CA]", "regions:\n      - US-CA"},
		"a text's white space":   {"Knowing which of our pages fail.", "Knowing which  of our pages fail."},
		"another language":       {"de: Die Nutzung", "de: Nutzung"},
	} {
		same := slices.Contains([]string{"a comment", "the layout", "a text's white space", "another language"}, what)
		after, _ := noticeOf(t, sample.Approved(t, sample.Files(t, change[0], change[1])), "", "en")
		if same != (after.Digest == before.Digest) {
			t.Errorf("%s: the digest is the same: %t", what, !same)
		}
		if same != slices.Equal(after.facts(), before.facts()) {
			t.Errorf("%s: the facts are the same: %t", what, !same)
		}
	}
}

// TestNoticeSaysWhereGPCIsAnOptOut: of what rests on an opt-out, where it closes that and
// every site reads it, and nowhere else.
func TestNoticeSaysWhereGPCIsAnOptOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what    string
		changes []string
		said    bool
	}{
		{"a purpose that is sold, shared or used for advertising", []string{"gpc: object", "gpc: ignore"}, true},
		{"one that is not", []string{"gpc: object", "gpc: ignore", "    us: [targeted_advertising]\n", ""}, false},
		{"one that says that the signal counts", []string{"    us: [targeted_advertising]\n", ""}, true},
	} {
		n, _ := noticeOf(t, sample.Approved(t, sample.Files(t, c.changes...)), "", "en")
		found := false
		for _, a := range n.Activities {
			if a.Basis != "opt_out" {
				continue
			}
			found = true
			all := a.Refuse + " " + strings.Join(a.Signals, " ")
			if said := strings.Contains(all, "Global Privacy Control"); said != c.said {
				t.Errorf("%s: %q", c.what, all)
			}
		}
		if !found {
			t.Errorf("%s: nothing rests on an opt-out", c.what)
		}
	}
}

// TestNoticeIsOfItsTime: what does not take place now is not in it.
func TestNoticeIsOfItsTime(t *testing.T) {
	t.Parallel()
	unsigned, err := sample.Compiled(sample.Files(t))
	if err != nil {
		t.Fatal(err)
	}
	loaded := sample.Approved(t, sample.Files(t))
	has := func(n *Notice, id string) bool {
		return slices.ContainsFunc(n.Activities, func(a Activity) bool { return a.ID == id })
	}
	for _, c := range []struct {
		what  string
		of    *config.Loaded
		at    time.Time
		there bool
	}{
		{"approved and current", loaded, sample.Day, true},
		{"past its review", loaded, time.Date(2027, 5, 5, 0, 0, 0, 0, time.UTC), false},
		{"on the last good day", loaded, time.Date(2027, 5, 4, 23, 59, 59, 0, time.UTC), true},
		{"unapproved", unsigned, sample.Day, false},
	} {
		n, warnings, err := New(c.of, "", "en", c.at)
		if err != nil {
			t.Fatal(err)
		}
		if has(n, "matomo-cookieless") != c.there {
			t.Errorf("%s: it is there: %t", c.what, !c.there)
		}
		if said := strings.Contains(strings.Join(warnings, "\n"), "activity matomo-cookieless is left out"); said == c.there {
			t.Errorf("%s: warnings: %q", c.what, warnings)
		}
	}
	if n, _ := noticeOf(t, loaded, "blog", "en"); len(n.Activities) != 1 || n.Activities[0].ID != "matomo-cookieless" ||
		n.Activities[0].Sites != nil {
		t.Errorf("blog: %+v", n.Activities)
	}
	if _, _, err := New(loaded, "blgo", "en", sample.Day); err == nil || !strings.Contains(err.Error(),
		`did you mean "blog"`) {
		t.Error(err)
	}
	if _, _, err := New(loaded, "", "it", sample.Day); err == nil {
		t.Error("there is a notice in Italian")
	}
}

// TestNoticeSaysThatAConsentIsExplicit: with its article, in every language and form, in the record of processing too;
// and of no other activity.
func TestNoticeSaysThatAConsentIsExplicit(t *testing.T) {
	t.Parallel()
	loaded := sample.Approved(t, sample.Files(t, "basis: consent", "basis: consent\n    explicit: true"))
	for lang, words := range map[string][2]string{
		"en": {"explicit consent", "Art. 9(2)(a) GDPR"}, "de": {"ausdrückliche Einwilligung", "Art. 9 Abs. 2 lit. a DSGVO"},
		"fr": {"consentement explicite", "art. 9, par. 2, point a), RGPD"},
	} {
		n, _ := noticeOf(t, loaded, "", lang)
		said := 0
		for i := range n.Activities {
			a := &n.Activities[i]
			if explicit := strings.Contains(a.BasisName, words[0]) &&
				strings.Contains(a.Article, words[1]); explicit != a.Explicit {
				t.Errorf("%s: %s: %s, %s", lang, a.ID, a.BasisName, a.Article)
			}
			if a.Explicit {
				said++
			}
		}
		if said != 1 {
			t.Errorf("%s: it is said of %d activities", lang, said)
		}
		for _, format := range []string{"md", "html"} {
			text, err := n.Render(format)
			if err != nil || !bytes.Contains(text, []byte(words[0])) {
				t.Errorf("%s, %s: it is not said: %v", lang, format, err)
			}
		}
	}
	r, err := Art30(loaded, RecordOf{Lang: "en", At: sample.Day})
	if err != nil || !slices.ContainsFunc(r.Entries, func(e Entry) bool {
		return strings.Contains(e.Article, "Art. 9(2)(a)")
	}) {
		t.Errorf("the record of processing does not say it: %v", err)
	}
}

package cnil

import (
	"bytes"
	"cmp"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/sample"
	"github.com/tagwarden/tagwarden/config/notice"
)

var update = flag.Bool("update", false, "write what is found into the files that say what is wanted")

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

func reportOf(t *testing.T, l *config.Loaded, lang string) *Report {
	t.Helper()
	r, err := New(l, lang, sample.Day)
	if err != nil {
		t.Fatal(err)
	}
	r.Policy = "digest" // it covers an approver's signature
	return r
}

// TestReportOfPresets: what the report says of what `init` and the examples make that claim the exemption; of the
// others it says that there is nothing to assess.
func TestReportOfPresets(t *testing.T) {
	t.Parallel()
	assessed := []string{}
	for _, preset := range append(config.Examples(), "") {
		loaded, preset := sample.Preset(t, preset), cmp.Or(preset, "init")
		if r := reportOf(t, loaded, "en"); len(r.Assessments) == 0 {
			if text, err := r.Render("text"); !r.Holds() || err != nil || !strings.Contains(string(text),
				r.words.Texts["nothing"]) {
				t.Errorf("%s: %s %v", preset, text, err)
			}
			continue
		}
		assessed = append(assessed, preset)
		dir := filepath.ToSlash(filepath.Dir(loaded.Source.Path)) + "/"
		for _, lang := range notice.Languages() {
			r := reportOf(t, loaded, lang)
			for _, format := range Formats() {
				text, err := r.Render(format)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, "testdata/"+preset+"."+lang+"."+format, bytes.ReplaceAll(text, []byte(dir), nil))
			}
		}
	}
	if !slices.Equal(assessed, []string{"first-party-analytics", "init"}) {
		t.Errorf("assessed are %v", assessed)
	}
}

// attestedAll is an attestation of every line that people can answer for.
var attestedAll = "attested: [{ lines: [" + strings.Join(config.AttestedLines(), ", ") +
	"], by: Jane Doe, on: 2026-11-20, evidence: contract of 2026-10-01 }]"

// exempt is the sample, with a text in the activity that claims the exemption, and other texts changed.
func exempt(t *testing.T, text string, changes ...string) *config.Loaded {
	t.Helper()
	const claim = "    exemption: audience_measurement\n"
	return sample.Approved(t, sample.Files(t, append(changes, claim, claim+"    "+text+"\n")...))
}

func find(t *testing.T, r *Report, id string) *Line {
	t.Helper()
	for i := range r.Assessments[0].Lines {
		if l := &r.Assessments[0].Lines[i]; l.ID == id {
			return l
		}
	}
	t.Fatalf("there is no line %s", id)
	return nil
}

// TestAllHolds: a policy that holds to the lines, and somebody who answers for the rest, leave nothing open.
func TestAllHolds(t *testing.T) {
	t.Parallel()
	r := reportOf(t, exempt(t, attestedAll), "en")
	if !r.Holds() || r.Assessments[0].Write != "" {
		text, _ := r.Render("text")
		t.Fatalf("%s", text)
	}
	if l := find(t, r, "contract"); l.State != Attested || l.StateText != "attested by Jane Doe on 20 November 2026" ||
		l.Attestation.Until != "2027-11-20" || l.Attestation.Evidence != "contract of 2026-10-01" {
		t.Errorf("%+v", l)
	}
}

// TestLinesThatDoNotHold: each line that a policy can fail is failed by one, at the place that says so, whoever attests
// it.
func TestLinesThatDoNotHold(t *testing.T) {
	t.Parallel()
	const cookieless = "  cookieless:\n    classes:\n      event_name: keep\n"
	class := func(line string) []string { return []string{cookieless, cookieless + "      " + line + "\n"} }
	events := []string{"events: [page_view, link]", `events: ["*"]`}
	for _, c := range []struct {
		id, place, says string
		changes         []string
	}{
		{"minimised", "activities.yaml", "all events are", events},
		{"minimised", "activities.yaml", "all events but these are passed on: checkout_*, purchase",
			[]string{"events: [page_view, link]",
				"events: [\"*\"]\n    except_events: [\"checkout_*\", purchase]"}},
		{"minimised", "activities.yaml", "whatever begins so is passed on: page_*", []string{"events: [page_view, link]",
			"events: [\"page_*\", link]\n    except_events: [link]"}},
		{"minimised", "profiles.yaml", "browser and operating system (user_agent)", class("user_agent: keep")},
		{"minimised", "profiles.yaml", "screen size (screen)", class("screen: keep")},
		{"no_import", "profiles.yaml", "campaign of origin (campaign)", class("campaign: keep")},
		{"no_import", "profiles.yaml", "utm_*", []string{"url: url\n      ip: { truncate: { v4: 16, v6: 32 } }",
			"url: { url: { query: [\"utm_*\"] } }\n      ip: { truncate: { v4: 16, v6: 32 } }"}},
		{"no_import", "profiles.yaml", "class:campaign", []string{"url: url\n      ip: { truncate: { v4: 16, v6: 32 } }",
			"url: { url: { query: [\"class:campaign\"] } }\n      ip: { truncate: { v4: 16, v6: 32 } }"}},
		{"no_import", "profiles.yaml", "address of the referring page", class("referrer: url")},
		{"tracker_lifetime", "activities.yaml", "_pk_id is kept on the device for 14 months",
			[]string{"device: none\n    regions: [FR]",
				"device: [{ name: _pk_id, kind: cookie, period: 14 months }]\n    regions: [FR]"}},
		{"tracker_lifetime", "activities.yaml", "_pk_id stays on the device", []string{"device: none\n    regions: [FR]",
			"device: [{ name: _pk_id, kind: cookie, period: until_deleted }]\n    regions: [FR]"}},
		{"no_person", "profiles.yaml", "page title (page_title)", class("page_title: keep")},
	} {
		changes := c.changes
		if line, more := strings.CutPrefix(c.changes[1], cookieless); more { // the assessment lists what it passes
			name, _, _ := strings.Cut(strings.TrimSpace(line), ":")
			kind := strings.TrimSpace(c.changes[1][strings.LastIndex(c.changes[1], ":")+1:])
			changes = append(changes, "data: { event_name: keep, client_id: derive, url", "data: { "+name+": "+kind+
				", event_name: keep, client_id: derive, url")
		}
		r := reportOf(t, exempt(t, attestedAll, changes...), "en")
		l := find(t, r, c.id)
		against := slices.ContainsFunc(l.Reasons, func(of Reason) bool {
			return of.Against && strings.Contains(of.Text, c.says) && strings.Contains(of.Place, c.place+":")
		})
		if l.State != NotMet || !against || r.Holds() {
			t.Errorf("%s %v: %s %+v", c.id, c.changes, l.State, l.Reasons)
		}
	}
}

// TestAttestations: an attestation counts from its day until its last, a year at most; of several the latest that
// counts.
func TestAttestations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"attested: [{ lines: [contract], by: A, on: 2026-11-24 }]":                                               "attested by A on 24 November 2026",
		"attested: [{ lines: [contract], by: A, on: 2025-11-24 }]":                                               "attested by A on 24 November 2025",
		"attested: [{ lines: [contract], by: A, on: 2025-11-23 }]":                                               "attestation by A expired on 23 November 2026",
		"attested: [{ lines: [contract], by: A, on: 2026-01-01, until: 2026-06-30 }]":                            "attestation by A expired on 30 June 2026",
		"attested: [{ lines: [contract], by: A, on: 2026-11-25 }]":                                               "attested by A from 25 November 2026 on only",
		"attested: [{ lines: [no_reuse], by: A, on: 2026-11-20 }]":                                               "not attested",
		"attested: [{ lines: [contract], by: A, on: 2024-01-01 }, { lines: [contract], by: B, on: 2026-11-01 }]": "attested by B on 1 November 2026",
		"attested: [{ lines: [contract], by: B, on: 2026-11-01 }, { lines: [contract], by: A, on: 2026-12-24 }]": "attested by B on 1 November 2026",
		"attested: [{ lines: [contract], by: \"{on}\", on: 2026-11-01 }]":                                        "attested by {on} on 1 November 2026",
	} {
		r := reportOf(t, exempt(t, text), "en")
		holds := strings.HasPrefix(want, "attested by") && !strings.Contains(want, " from ")
		if l := find(t, r, "contract"); l.StateText != want || l.Holds() != holds {
			t.Errorf("%s: %s", text, l.StateText)
		}
	}
}

// TestWhatToWrite: what the report says to write is read, and leaves nothing to look up.
func TestWhatToWrite(t *testing.T) {
	t.Parallel()
	r := reportOf(t, exempt(t, "regions: [FR]", "    regions: [FR]\n", ""), "en")
	text := strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(r.Assessments[0].Write), "\n", "\n    "),
		"by: ...", "by: Jane Doe")
	r = reportOf(t, exempt(t, text), "en")
	if !r.Holds() {
		out, _ := r.Render("text")
		t.Errorf("%s\n%s", text, out)
	}
}

// TestLinesHaveWords: fourteen lines and three recommendations, in every language with the same holes, in French with
// its spaces; those that people can answer for are those that the policy knows.
func TestLinesHaveWords(t *testing.T) {
	t.Parallel()
	fourteen := slices.IndexFunc(lines, func(l line) bool { return l.recommended })
	if fourteen != 14 || len(lines) != 17 {
		t.Errorf("%d lines, and %d in all", fourteen, len(lines))
	}
	hole := regexp.MustCompile(`\{[a-z]+\}`)
	code := regexp.MustCompile(
		`https?:|\b[a-z_]+: \{ .* \}|\b(query|description|generalise|derive|truncate|rotate|direct_marketing):`)
	french := regexp.MustCompile(`[^\x{a0}\x{202f}][:;?!](\s|$)`)
	english := wordsIn("en")
	for _, lang := range notice.Languages() {
		w := wordsIn(lang)
		check := func(key, want, got string) {
			a, b := slices.Sorted(slices.Values(hole.FindAllString(want, -1))),
				slices.Sorted(slices.Values(hole.FindAllString(got, -1)))
			if got == "" || !slices.Equal(a, b) {
				t.Errorf("%s: %s: %q", lang, key, got)
			}
			if lang == "fr" && french.MatchString(code.ReplaceAllString(got, "")) {
				t.Errorf("%s: %s: a space is missing: %q", lang, key, got)
			}
		}
		for what, of := range map[string][2]map[string]string{
			"texts": {english.Texts, w.Texts}, "states": {english.States, w.States}, "reasons": {english.Reasons, w.Reasons},
		} {
			if len(of[0]) != len(of[1]) {
				t.Errorf("%s: %s has %d keys", lang, what, len(of[1]))
			}
			for key := range of[0] {
				check(what+"."+key, of[0][key], of[1][key])
			}
		}
		if len(w.Lines) != len(lines) {
			t.Errorf("%s: %d lines have words", lang, len(w.Lines))
		}
		for i := range lines {
			l, said := &lines[i], w.Lines[lines[i].id]
			if check(l.id, "", said.Title); said.Asks == "" {
				t.Errorf("%s: %s does not say what is asked", lang, l.id)
			}
			if known := slices.Contains(config.AttestedLines(), l.id); known != (said.Look != "") || l.asks && !known {
				t.Errorf("%s: %s: the policy knows it: %t, and what to look up is %q", lang, l.id, known, said.Look)
			}
		}
	}
}

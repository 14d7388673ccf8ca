package assess

import (
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestDossier: every answer, the hosts, the activities, who approved when, and the digest stand in both forms.
func TestDossier(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.edit(t, assessmentFile, "en: Counting visits without cookies", "en: <b>Counting</b> *visits* without cookies")
	f.edit(t, assessmentFile, "version: 1", "version: 2")
	f.edit(t, "tagwarden.yaml", "country: FR ", "country: ES ")
	if _, err := Approve(f.load(t), lia, f.private, noon, ""); err != nil {
		t.Fatal(err)
	}
	loaded := f.load(t)
	d, err := NewDossier(loaded, lia, Of{At: noon})
	if err != nil {
		t.Fatal(err)
	}
	page, err := d.HTML()
	if err != nil {
		t.Fatal(err)
	}
	markdown, err := d.Markdown()
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.NewReplacer(`\`, "")
	for name, text := range map[string]string{"html": html.UnescapeString(string(page)),
		"md": plain.Replace(string(markdown))} {
		for _, want := range []string{
			"Signed and unchanged. Whether the reasoning holds is not checked.", "web-analytics@shop.example",
			"Shop SARL, Paris, France", "Matomo, Spain", "matomo.shop.example", "matomo-cookieless",
			"1 December 2026 (by the signer's clock)", "privacy+",
			loaded.Assessments[lia].Digest.String(), "3 months", "privacy settings", "Shop SARL", "Version 1",
			"the signature is genuine", "1 December 2027 (in 365 days)", "browser identifier",
			"replaced by a number of the day", "taken at its word", "The interest prevails.",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
		if strings.Contains(string(page)+string(markdown), "<b>") {
			t.Errorf("%s lets markup through", name)
		}
	}
	if regexp.MustCompile(`(?i)(src|href)=|url\(|@import|<script`).Match(page) {
		t.Error("the page needs something else")
	}
	if !strings.Contains(string(markdown), `# &lt;b&gt;Counting&lt;/b&gt; \*visits\* without cookies`) {
		t.Errorf("%s", markdown)
	}
	if _, err := NewDossier(loaded, "LIA-9", Of{}); err == nil {
		t.Error("there is a dossier of nothing")
	}
}

// TestDossierExcepts: where an activity leaves events out, all are not said without them.
func TestDossierExcepts(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.edit(t, "policy/activities.yaml", "events: [page_view, link, download]",
		"events: [page_view, \"do*\"]\n    except_events: [download, \"checkout_*\", \"down_*\"]")
	loaded := f.load(t)
	for lang, want := range map[string][]string{
		"en": {"events: page view, names that begin with “do”",
			"except these events: download, names that begin with “checkout_”, "},
		"de": {"Ereignisse: Seitenaufruf, Namen, die mit „do“ beginnen",
			"ausgenommen diese Ereignisse: Download, Namen, die mit „checkout_“ beginnen, "},
		"fr": {"événements\u00a0: page vue, noms commençant par «\u00a0do\u00a0»",
			"sauf ces événements\u00a0: téléchargement, noms commençant par «\u00a0checkout_\u00a0», "},
	} {
		d, err := NewDossier(loaded, lia, Of{At: noon, Lang: lang})
		if err != nil {
			t.Fatal(err)
		}
		text, err := d.Markdown()
		if err != nil {
			t.Fatal(err)
		}
		for _, said := range want {
			if !strings.Contains(strings.ReplaceAll(string(text), `\`, ""), said) {
				t.Errorf("%s lacks %q:\n%s", lang, said, text)
			}
		}
	}
}

// TestDossierPromises: what is promised in public, and may be about what rests on an assessment, stands in it.
func TestDossierPromises(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	text := `promises:
  - { id: public, says: { en: No mail leaves., de: Keine Post. }, never: { class: email, looser_than: hash }, publish: true }
  - { id: other, says: Nothing for others., never: { class: email, looser_than: hash, vendor: ga4 }, publish: true }
  - { id: private, says: Between ourselves., never: { class: phone, looser_than: hash } }
`
	if err := os.WriteFile(filepath.Join(f.dir, "policy", "promises.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string]string{"en": "No mail leaves.", "de": "Keine Post.",
		"fr": "No mail leaves. {only}"} {
		d, err := NewDossier(f.load(t), lia, Of{At: noon, Lang: lang})
		if err != nil {
			t.Fatal(err)
		}
		words, _ := wordsIn(lang)
		want = strings.ReplaceAll(want, "{only}", words.say("only_in", "language", words.tongue("en")))
		at := slices.IndexFunc(d.Sections, func(s Section) bool { return s.Title == words.say("promises") })
		if at < 0 || len(d.Sections[at].Rows) != 1 || d.Sections[at].Rows[0].Name != "public" ||
			d.Sections[at].Rows[0].Values[0].Text != want {
			t.Errorf("%s: %+v", lang, d.Sections)
		}
	}
}

// TestDossierOfAnOldVersion says what a record's version said.
func TestDossierOfAnOldVersion(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.edit(t, assessmentFile, "impact: low", "impact: medium")
	f.edit(t, assessmentFile, "version: 1", "version: 2")
	f.edit(t, "tagwarden.yaml", "matomo.shop.example", "matomo.other.example")
	if _, err := Approve(f.load(t), lia, f.private, noon.Add(time.Hour), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := Revoke(f.load(t), basis.Revocation{Assessment: lia, Version: 1, At: noon, Because: "the host moved"},
		""); err != nil {
		t.Fatal(err)
	}
	loaded := f.load(t)
	v, err := ReadVersion(loaded, lia, 1)
	if err != nil {
		t.Fatal(err)
	}
	d, err := DossierOf(loaded, v, Of{At: noon})
	if err != nil {
		t.Fatal(err)
	}
	text, err := d.Markdown()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Impact as a whole: low", "matomo.shop.example", "Was approved, and no longer counts",
		"the host moved", "is not signed"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("it lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "matomo.other.example") {
		t.Error("today's host stands in the old version")
	}
}

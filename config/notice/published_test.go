package notice

import (
	"os"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/internal/sample"
)

func rendered(t testing.TB, n *Notice, format string) string {
	t.Helper()
	text, err := n.Render(format)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// differences holds a published text against today's notice.
func differences(t *testing.T, published string, today *Notice) string {
	t.Helper()
	p, err := ReadPublished([]byte(published))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(p.Differences(today), "\n")
}

func TestPublishedNotice(t *testing.T) {
	t.Parallel()
	before, _ := noticeOf(t, sample.Approved(t, sample.Files(t)), "", "en")
	after, _ := noticeOf(t, sample.Approved(t, sample.Files(t, "EEA: SCC", "EEA: BCR", "basis: legal_obligation",
		"basis: contract")), "", "en")
	for _, format := range Formats() {
		text := rendered(t, before, format)
		if got := differences(t, text, before); got != "" {
			t.Errorf("%s differs from itself: %s", format, got)
		}
		got := differences(t, text, after)
		for _, want := range []string{
			"no longer true: activity posthog-fraud: basis legal_obligation by",
			"missing in it:  activity posthog-fraud: basis contract by",
			"no longer true: activity posthog-fraud: transfer to US, standard",
			"missing in it:  activity posthog-fraud: transfer to US, binding",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is missing in\n%s", format, want, got)
			}
		}
		edited := strings.Replace(text, "Your consent", "Your silence", 1)
		if got := differences(t, edited, before); !strings.Contains(got, "changed after it was written") {
			t.Errorf("%s: an edit is not seen: %s", format, got)
		}
	}
}

// TestPublishedBeforeDirectMarketing: whether a purpose is direct marketing decides which right to object people have.
func TestPublishedBeforeDirectMarketing(t *testing.T) {
	t.Parallel()
	before := sample.Preset(t, "us-opt-out")
	n, _ := noticeOf(t, before, "", "en")
	text := rendered(t, n, "html")
	purpose := before.Purposes["cross-context-ads"]
	purpose.DirectMarketing = false
	before.Purposes["cross-context-ads"] = purpose
	after, _ := noticeOf(t, before, "", "en")
	if got := differences(t, text, after); !strings.Contains(got, "no longer true: direct marketing: cross-context-ads") {
		t.Error(got)
	}
}

// TestPublishedNoticeInAPage: another page may stand around it, and may lay it out in
// its own way; its words are looked at.
func TestPublishedNoticeInAPage(t *testing.T) {
	t.Parallel()
	n, _ := noticeOf(t, sample.Approved(t, sample.Files(t)), "", "de")
	text := rendered(t, n, "html")
	page := "<html><body><nav>Start</nav>" + strings.NewReplacer("<p>", "<p class=\"x\">", "\n", "\r\n  ", "<h2>",
		"<h2 id='a'><a href='#a'>", "</h2>", "</a></h2>").Replace(text) + "</body></html>"
	if got := differences(t, page, n); got != "" {
		t.Error(got)
	}
	markdown := rendered(t, n, "md")
	if got := differences(t, strings.NewReplacer("\n- **", "\n<li><b>", "**: ", "</b>: ").Replace(markdown),
		n); got != "" {
		t.Error(got)
	}
}

// TestPublishedBefore: a notice of an earlier version is read, and is told what it lacks.
func TestPublishedBefore(t *testing.T) {
	t.Parallel()
	today, _ := noticeOf(t, sample.Approved(t, sample.Files(t)), "", "en")
	before := strings.NewReplacer(`"own_processing"`, `"x"`, `"device"`, `"y"`).Replace(rendered(t, today, "json"))
	got := differences(t, before, today)
	for _, want := range []string{"missing in it:  activity ga4-with-consent: device _ga (cookie",
		"missing in it:  own processing log:"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

func TestNoNotice(t *testing.T) {
	t.Parallel()
	n, _ := noticeOf(t, sample.Approved(t, sample.Files(t)), "", "en")
	text := rendered(t, n, "md")
	for _, c := range [][2]string{
		{"", "no notice is in it"},
		{"{}", "this is JSON, but no notice"},
		{"{", "this is JSON, but no notice"},
		{strings.Replace(text, endMark, "", 1), "has no end"},
		{strings.Replace(text, `{"form"`, `{"form`, 1), "cannot be read"},
		{strings.Replace(text, `"format":"md"`, `"format":"pdf"`, 1), "cannot be read"},
		{text + text, "more than one notice"},
	} {
		if _, err := ReadPublished([]byte(c[0])); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%.40q: %v, want %s", c[0], err, c[1])
		}
	}
}

// TestNoticeEscapes: what a policy says cannot end a comment, a tag or a cell.
func TestNoticeEscapes(t *testing.T) {
	t.Parallel()
	const nasty = `x --> <script>alert(1)</script> | <!-- /tagwarden-notice --> [a](javascript:b)`
	n, _ := noticeOf(t, sample.Approved(t, sample.Files(t, "Keep orders <safe> | from *fraud*", nasty)), "", "en")
	for _, format := range []string{"html", "md"} {
		text := rendered(t, n, format)
		_, body, _ := strings.Cut(text, " -->\n")
		if strings.Contains(text, "<script>") || strings.Count(text, endMark) != 1 || strings.Contains(body, "[a](java") &&
			format == "md" {
			t.Errorf("%s:\n%s", format, text)
		}
		if got := differences(t, text, n); got != "" {
			t.Error(got)
		}
	}
}

func FuzzReadPublished(f *testing.F) {
	for _, name := range []string{"en.html", "de.md", "fr.json"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(beginMark + `{"digest":"sha256:","lang":"en","format":"md","facts":[]} -->&lt;<!-` + endMark))
	loaded := sample.Approved(f, sample.Files(f))
	today, _ := noticeOf(f, loaded, "", "en")
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ReadPublished(text)
		if err != nil {
			return
		}
		if same := len(p.Differences(today)) == 0; same && p.Digest != today.Digest {
			t.Error("a notice of another digest passes")
		}
	})
}

// TestPublishedInAnOlderForm: what is no longer true is said as far as both forms say it alike, and that it says less.
func TestPublishedInAnOlderForm(t *testing.T) {
	t.Parallel()
	today, _ := noticeOf(t, sample.Approved(t, sample.Files(t)), "", "en")
	const old = beginMark +
		`{"digest":"sha256:1","lang":"en","format":"md","facts":["controller: Shop; Berlin; a@shop.example; ",` +
		`"activity matomo-cookieless: basis legitimate_interest","activity gone: basis consent","activity posthog-fraud: saying no x"]} -->` +
		endMark
	got := differences(t, old, today)
	for want, there := range map[string]bool{
		"no longer true: controller: Shop; Berlin": true, "no longer true: activity gone: basis consent": true,
		"missing in it:  activity ga4-with-consent: basis consent": true, "it is of an older form": true,
		"matomo-cookieless: basis": false, "saying no": false, "data client_id": false,
	} {
		if strings.Contains(got, want) != there {
			t.Errorf("%q: %t in\n%s", want, !there, got)
		}
	}
	for _, form := range []string{`{"digest":"sha256:1","lang":"en"}`, `{"digest":"sha256:1","activities":[{"id":"a"}]}`} {
		if got := differences(t, form, today); !strings.Contains(got, "it is of an older form") {
			t.Errorf("%s: %s", form, got)
		}
	}
}

// TestPublishedKeepsItsDay: a notice is as true as it was, days later; another day in it is an edit.
func TestPublishedKeepsItsDay(t *testing.T) {
	t.Parallel()
	loaded := sample.Approved(t, sample.Files(t))
	n, _ := noticeOf(t, loaded, "", "fr")
	later, _, err := New(loaded, "", "fr", sample.Day.AddDate(0, 0, 7))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range Formats() {
		text := rendered(t, n, format)
		if got := differences(t, text, later); got != "" {
			t.Errorf("%s: %s", format, got)
		}
		edited := strings.Replace(text, "24 novembre 2026", "25 novembre 2026", 1)
		if got := differences(t, edited, later); (got == "") != (format == "json") {
			t.Errorf("%s: another day: %q", format, got)
		}
	}
}

// TestPublishedWithFactsMissing: a page that was served while facts were missing is what it says it is; only an edit is
// called one.
func TestPublishedWithFactsMissing(t *testing.T) {
	t.Parallel()
	const ga4 = "catalog: ga4, upstream: \"https://region1.google-analytics.com\""
	for missing, files := range map[string][]string{
		"how long the log is kept":     {"ledger: { retain: 90d }\n", ""},
		"in which role it receives":    {ga4 + ", role: processor", ga4},
		"whether people need to do so": {"    required: no\n", ""},
	} {
		for _, lang := range Languages() {
			n, _ := noticeOf(t, sample.Approved(t, sample.Files(t, files...)), "", lang)
			if len(n.Missing()) == 0 {
				t.Fatalf("%s: nothing is missing", missing)
			}
			for _, format := range []string{"html", "md"} {
				text, err := n.Publish(format, Around{Incomplete: true})
				if err != nil {
					t.Fatal(err)
				}
				if got := differences(t, string(text), n); got != "" {
					t.Errorf("%s, %s, %s: %s", missing, lang, format, got)
				}
				edited := strings.Replace(string(text), endMark, "More."+endMark, 1)
				if got := differences(t, edited, n); !strings.Contains(got, "changed after it was written") {
					t.Errorf("%s, %s, %s: an edit is not seen: %q", missing, lang, format, got)
				}
			}
		}
	}
}

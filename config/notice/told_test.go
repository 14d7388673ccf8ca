package notice

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/sample"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestToldOfEachPreset: the notice of each preset says, in every language and form, what is kept on devices and why, of
// decisions and duties, and what the server itself does; nothing is missing in it.
func TestToldOfEachPreset(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for _, name := range append(config.Examples(), "") {
		made, err := config.Init(t.TempDir(), nil, now)
		if name != "" {
			made, err = config.InitExample(name, t.TempDir(), nil, now)
		}
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Load(made.Server)
		if err != nil {
			t.Fatal(err)
		}
		if len(loaded.Missing) > 0 {
			t.Errorf("%s: %v", name, loaded.Missing)
		}
		for _, lang := range Languages() {
			n, _ := noticeOf(t, loaded, "", lang)
			for _, format := range []string{"md", "html"} {
				text := strings.ReplaceAll(rendered(t, n, format), `\`, "")
				for _, want := range []string{n.words.OwnTexts["title"], n.words.Own["log"].Title,
					"__Host-tagwarden-objections", "90 "} {
					if !strings.Contains(text, want) {
						t.Errorf("%s, %s, %s: %q is missing", name, lang, format, want)
					}
				}
				if said := strings.Contains(text, "Do Not Sell or Share My Personal Information"); said != (name == "us-opt-out") {
					t.Errorf("%s, %s, %s: the link of opt-out regions is there: %t", name, lang, format, said)
				}
			}
			for i := range n.Activities {
				a := &n.Activities[i]
				if (len(a.Device.Stored) > 0 || a.Device.Derived != "") && len(a.Device.Basis) == 0 && a.Basis != "opt_out" {
					t.Errorf("%s, %s: %s: nothing says why the device is touched", name, lang, a.ID)
				}
				if a.Retention == "" || a.Decision.None == "" && a.Decision.Logic.Text == "" || a.Duty.None == "" &&
					a.Duty.Otherwise.Text == "" {
					t.Errorf("%s, %s: %s: %+v", name, lang, a.ID, a)
				}
				if a.Decision.Logic.Lang+a.Decision.Effect.Lang+a.Decision.Human.Lang+a.Duty.Otherwise.Lang != "" {
					t.Errorf("%s: %s says something in another language than %s", name, a.ID, lang)
				}
			}
		}
	}
}

// TestToldOfEachVendor: each thing that a vendor's script keeps is told by its name, with kind, period and reader, in
// every language and form.
func TestToldOfEachVendor(t *testing.T) {
	t.Parallel()
	for _, file := range catalog.Builtins() {
		var device []string
		for _, s := range file.Stores {
			device = append(device, fmt.Sprintf("{ name: %q, kind: %s, period: %s }", s.Name, s.Kind, s.Period))
		}
		if len(device) == 0 {
			continue // it is no script: nothing is told
		}
		with := "device: [" + strings.Join(device, ", ") + "]"
		loaded := sample.Approved(
			t, sample.Files(t, "device: [{ name: _gcl_au, kind: cookie, period: 90 days, readers: [Google Ads] }]", with))
		for _, lang := range Languages() {
			n, _ := noticeOf(t, loaded, "", lang)
			items := map[string]StoredItem{}
			for _, s := range n.Activities[0].Device.Stored {
				items[s.Kind+" "+s.Name] = s
			}
			for _, s := range file.Stores {
				item := items[s.Kind+" "+s.Name]
				if item.KindName == "" || item.Kept == "" || item.Read == "" || item.Kept == s.Period &&
					!strings.HasSuffix(s.Period, "minutes") && lang != "en" {
					t.Errorf("%s, %s: %s: %+v", file.ID, lang, s.Name, item)
				}
				if text := strings.ReplaceAll(rendered(t, n, "md"), `\`, ""); !strings.Contains(text,
					strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(s.Name)) {
					t.Errorf("%s, %s: %s is not in the text", file.ID, lang, s.Name)
				}
			}
		}
	}
}

// TestToldInEveryLanguage: each reason, kind and exemption has words, and each law a name, in every language.
func TestToldInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, lang := range Languages() {
		w, _ := wordsIn(lang)
		for _, kind := range catalog.StoreKinds() {
			if w.Device["kind_"+kind] == "" {
				t.Errorf("%s: kind %s lacks words", lang, kind)
			}
		}
		field, _ := config.FieldsOf(reflect.TypeFor[config.Activity]()).ByName("exemption")
		for _, why := range append(slices.Clone(field.Rule.Enum), config.ByConsent, config.ForStatistics,
			config.ByOwnInterests) {
			if w.Device["why_"+why] == "" {
				t.Errorf("%s: %s lacks words", lang, why)
			}
		}
		for _, law := range rules.AccessLaws() {
			if law.Consent[lang] == "" || law.Exempt[lang] == "" {
				t.Errorf("%s: the law of %v has no name", lang, law.Regions)
			}
		}
	}
}

// TestStateIsTold: what the catalog has a recipient be told of choices leaves whatever the profile says, and not
// unchanged.
func TestStateIsTold(t *testing.T) {
	t.Parallel()
	loaded := sample.Approved(t, sample.Files(t))
	n, _ := noticeOf(t, loaded, "", "en")
	r, err := Art30(loaded, RecordOf{Lang: "en", At: sample.Day})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n.Activities {
		a := &n.Activities[i]
		if a.Recipient.ID != "ga4" {
			continue
		}
		in := r.Entries[slices.IndexFunc(r.Entries, func(e Entry) bool { return e.ID == a.ID })]
		said := slices.IndexFunc(a.Data, func(d Data) bool { return d.Class == "consent_signal" })
		recorded := slices.IndexFunc(in.Data, func(d RecordData) bool { return d.Class == "consent_signal" })
		if said < 0 || recorded < 0 || !strings.HasPrefix(a.Data[said].Done, "stated or corrected by our") ||
			!strings.HasPrefix(in.Data[recorded].Done, "stated or corrected by the") {
			t.Errorf("%s: %+v, %+v", a.ID, a.Data, in.Data)
		}
	}
}

// TestAServedNoticeSaysNoPhrase: where facts are missing a notice that is served all the same leaves their rows out.
func TestAServedNoticeSaysNoPhrase(t *testing.T) {
	t.Parallel()
	for _, lang := range Languages() {
		n, _ := noticeOf(t, sample.Approved(t, sample.Files(t, "ledger: { retain: 90d }\n", "")), "", lang)
		for _, format := range []string{"html", "md"} {
			text, err := n.Publish(format, Around{Incomplete: true})
			if err != nil {
				t.Fatal(err)
			}
			if phrase := n.words.Device["not_stated"]; strings.Contains(string(text), phrase) {
				t.Errorf("%s, %s: it says %q", lang, format, phrase)
			}
		}
	}
}

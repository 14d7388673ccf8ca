package main

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/replay"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// supposedAt is when hits are judged.
var supposedAt = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// explainingShop is init's configuration with a site's signals, as if its assessments were approved.
func explainingShop(t *testing.T, signals string) *explainer {
	t.Helper()
	made, err := config.Init(filepath.Join(t.TempDir(), "shop"), nil, supposedAt)
	if err != nil {
		t.Fatal(err)
	}
	if signals != "" {
		text, err := os.ReadFile(made.Server)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, _ := strings.Cut(string(text), "    signals:")
		_, after, _ := strings.Cut(rest, "    privacy:")
		if err := os.WriteFile(made.Server, []byte(before+"    signals:\n"+signals+"    privacy:"+after), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	purposes := filepath.Join(filepath.Dir(made.Server), "policy", "purposes.yaml")
	text, err := os.ReadFile(purposes)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(purposes, bytes.ReplaceAll(text, []byte("gpc: ignore"), []byte("gpc: object")),
		0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(made.Server)
	if err != nil {
		t.Fatal(err)
	}
	loaded = loaded.AsApproved()
	return &explainer{
		loaded: loaded, policy: loaded.Policy, from: netip.MustParseAddr("192.0.2.1"), raw: true,
		question: rules.Question{At: supposedAt, Keys: rules.NewKeys(pseudonym.TestRoot, loaded.Policy, supposedAt)},
	}
}

// everySource lists every kind of source.
const everySource = `      gpc: {}
      dnt: {}
      tcf: {}
      gpp: {}
      usp: {}
      ac: {}
      consent_mode: { categories: { analytics_storage: analytics } }
      payload: {}
      receipts: {}
      onetrust: { categories: { C0002: analytics } }
      own:
        - { cookie: a, category: analytics, granted: ["yes"], refused: ["no"] }
`

// TestSignalsAreSupposed: what is supposed stands in place of what the hit says by
// the same source, and of nothing else.
func TestSignalsAreSupposed(t *testing.T) {
	t.Parallel()
	const says = "Cookie: a=no\r\n"
	for name, c := range map[string]struct {
		headers string
		choice  string
		signals []string
		want    string // what becomes of an event of Google Analytics; behind "matomo ", of Matomo
	}{
		"nothing":           {"", "", nil, "no_consent"},
		"what the hit says": {says, "", nil, "consent_refused"},
		"in its place":      {says, "", []string{"own:analytics=granted"}, "permitted"},
		"by another source": {says, "", []string{"consent_mode:analytics=granted"}, "consent_refused"},
		"a storage type":    {"", "", []string{"consent_mode:analytics_storage=granted"}, "permitted"},
		"a platform":        {"", "", []string{"onetrust:analytics=granted"}, "permitted"},
		"an SDK's object":   {"", "", []string{"payload:analytics=granted"}, "permitted"},
		"a no of another source": {"", "", []string{"own:analytics=granted", "onetrust:analytics=refused"},
			"consent_refused"},
		"yes and no": {"", "", []string{"own:analytics=granted", "own:analytics=refused"},
			"consent_refused"},
		"no and yes": {"", "", []string{"own:analytics=refused", "own:analytics=granted"},
			"consent_refused"},
		"a header":                       {"", "", []string{"gpc=on"}, "matomo gpc"},
		"no header":                      {"Sec-GPC: 1\r\n", "", []string{"gpc=off"}, "matomo permitted"},
		"the other one":                  {"Sec-GPC: 1\r\n", "", []string{"dnt=off"}, "matomo gpc"},
		"not the choice, interest":       {"", "none", nil, "matomo permitted"},
		"a no to all, interest":          {"", "refused", nil, "matomo consent_refused"},
		"yes to all":                     {says, "all", nil, "permitted"},
		"yes to all, but":                {"", "all", []string{"own:analytics=refused"}, "consent_refused"},
		"no choice":                      {"Cookie: a=yes\r\n", "none", nil, "no_consent"},
		"no choice, but":                 {"", "none", []string{"own:analytics=granted"}, "permitted"},
		"no to all":                      {"Cookie: a=yes\r\n", "refused", nil, "consent_refused"},
		"as recorded":                    {"Cookie: a=yes\r\n", "as-recorded", nil, "permitted"},
		"a string that cannot be read":   {"", "all", []string{"tcf=?"}, "permitted"}, // no purpose of it is one of the TCF
		"an opt-out of what is no sale":  {"", "all", []string{"usp=1YYN"}, "permitted"},
		"receipts are left out of a yes": {"", "all", nil, "permitted"},
	} {
		a := explainingShop(t, everySource)
		var said bytes.Buffer
		flags := &supposeFlags{signals: c.signals, choice: &c.choice}
		supposed, ok := flags.asked(&terminal{err: &said}, a.policy)
		if !ok {
			t.Errorf("%s: %s", name, said.String())
			continue
		}
		a.question.Supposed = supposed[0]
		want, matomo := strings.CutPrefix(c.want, "matomo ")
		target := "/g/collect?v=2&tid=G-1&cid=1.2&en=page_view"
		if matomo {
			target = "/matomo.php?idsite=1&rec=1&_id=0123456789abcdef&url=https%3A%2F%2Fshop.example%2F"
		}
		x, err := a.explain([]byte("GET " + target + " HTTP/1.1\r\nHost: shop.example\r\n" + c.headers + "\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Events[0].Reason; got != want {
			t.Errorf("%s: %s, want %s; signals %v", name, got, c.want, x.Signals)
		}
	}
}

// TestWrongSignals: a signal that nobody here reads is refused, with what would be right.
func TestWrongSignals(t *testing.T) {
	t.Parallel()
	a := explainingShop(t, everySource)
	few := explainingShop(t, "")
	for text, want := range map[string]string{
		"own":                                "own:CATEGORY=granted",
		"own:analytics":                      "own:CATEGORY=granted",
		"own:analytics=yes":                  "own:CATEGORY=granted",
		"own:analytic=granted":               `did you mean "analytics"?`,
		"owm:analytics=granted":              `did you mean "own"?`,
		"consent_mode:ad_storag=granted":     `did you mean "ad_storage"?`,
		"own:ad_storage=granted":             `no purpose is in category "ad_storage"`,
		"gpc":                                "gpc=on or gpc=off",
		"dnt:analytics=granted":              "dnt=on or dnt=off",
		"tcf=":                               "tcf=STRING",
		"tcf:analytics=granted":              "tcf=STRING",
		"receipts:analytics=granted":         "--receipt",
		"none:analytics=granted":             "no site lists a source",
		"cookiebot:analytics=granted":        `no site lists a source "cookiebot"`,
		"":                                   "no site lists a source",
		"\x1b[31mown:analytics=granted":      "no site lists a source",
		"own:analytics=granted=granted":      "own:CATEGORY=granted",
		"own:analytics:marketing=granted":    "no purpose is in category",
		"consent_mode:analytics_storage=yes": "consent_mode:CATEGORY=granted",
	} {
		var said bytes.Buffer
		flags := &supposeFlags{signals: []string{text}, choice: new(string)}
		if _, ok := flags.asked(&terminal{err: &said}, a.policy); ok || !strings.Contains(said.String(), want) {
			t.Errorf("%q: %v, %s", text, ok, said.String())
		}
	}
	// Of two policies one has to know it; to the other it says nothing.
	flags := &supposeFlags{signals: []string{"onetrust:analytics=granted"}, choice: new(string)}
	all, ok := flags.asked(&terminal{err: new(bytes.Buffer)}, few.policy, a.policy)
	if !ok || len(all[0].Signals) != 0 || len(all[1].Signals) != 1 {
		t.Errorf("%v, %v", all, ok)
	}
}

// TestOtherwise: what explain says of fields of a denied event, on an activity that denied it, is what becomes of them
// once that activity permits.
func TestOtherwise(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../rules/testdata/captures/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	denied := explainingShop(t, "")
	same := *denied
	permitted := &same
	denied.question.Supposed.Choice, denied.question.Otherwise = signal.AllRefused, true
	permitted.question.Supposed.Choice = signal.AllGranted
	compared := 0
	for _, file := range files {
		_, err := recording(file, "shop.example", func(r *replay.Request) error {
			x, err := denied.explain(r.Text)
			if err != nil {
				return err
			}
			y, err := permitted.explain(r.Text)
			if err != nil {
				return err
			}
			if x.Forward == nil && y.Forward != nil && len(y.Events) == 1 {
				compared += sameFields(t, r, y.Events[0].Activity, x.Shared, y.Shared)
			}
			for e := range y.Events {
				if x.Events[e].Decision == "deny" && y.Events[e].Decision == "permit" {
					compared += sameFields(t, r, y.Events[e].Activity, x.Events[e].Fields, y.Events[e].Fields)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if compared < 500 {
		t.Errorf("%d fields are compared", compared)
	}
}

// sameFields compares what would become of fields with what became of them.
func sameFields(t *testing.T, r *replay.Request, activity string, would, did []rules.ExplainedField) (compared int) {
	t.Helper()
	type fate struct{ action, after, why, rule string }
	count := map[string]int{}
	of := map[string][]fate{}
	for _, f := range did {
		of[f.Path] = append(of[f.Path], fate{f.Action, f.After, f.Why, f.Rule})
	}
	for _, f := range would {
		at := count[f.Path]
		count[f.Path]++
		for _, o := range f.Otherwise {
			if o.Activity != activity {
				continue
			}
			if got := (fate{o.Action, o.After, o.Why, o.Rule}); at >= len(of[f.Path]) || got != of[f.Path][at] {
				t.Errorf("%s:%d: %s on %s: %+v, and it became %+v", r.File, r.Line, f.Path, activity, got, of[f.Path])
			}
			compared++
		}
		if len(f.Otherwise) == 0 {
			t.Errorf("%s:%d: %s: nothing is said", r.File, r.Line, f.Path)
		}
	}
	return compared
}

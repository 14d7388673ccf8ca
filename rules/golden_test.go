package rules_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// golden is what is expected of a hit: the verdict and the bytes at the vendor, with a yes in the
// site's banner, and without any choice.
type golden struct {
	Consented answer `json:"consented"`
	Silent    answer `json:"silent"`
}

type answer struct {
	Refused string                  `json:"refused,omitempty"`
	Events  []verdict               `json:"events"`
	Forward *rules.ExplainedRequest `json:"forward"`
	Respond rules.ExplainedResponse `json:"respond"`
}

type verdict struct {
	Name     string `json:"name"`
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
	Activity string `json:"activity"`
}

// goldenDraft has two rungs for every vendor: consent, then a contract that keeps nothing that
// tells visitors apart, for page views.
func goldenDraft() *rules.Draft {
	d := draft()
	for _, id := range catalog.BuiltinIDs() {
		d.Activities = append(d.Activities, rules.DraftActivity{
			ID: id + "-anonymous", Vendor: id, Purposes: []string{"audience"}, Basis: basis.Contract, Reference: "terms of use",
			Profile: "anonymous", Events: []string{"page_view", "$pageview", "page", "pageview", "PageView"},
		})
	}
	d.Profiles = append(d.Profiles, rules.DraftProfile{ID: "anonymous", Classes: cookieless})
	return d
}

func answerOf(x *rules.Explanation) answer {
	a := answer{Refused: x.Reason, Events: []verdict{}, Forward: x.Forward, Respond: x.Respond}
	for _, e := range x.Events {
		a.Events = append(a.Events, verdict{e.Name, e.Decision, e.Reason, e.Activity})
	}
	return a
}

// TestGoldenVerdicts: UPDATE_GOLDEN=1 writes the files anew; what changed is then to be read line by line.
func TestGoldenVerdicts(t *testing.T) {
	t.Parallel()
	p := compile(t, goldenDraft())
	eachGolden(t, func(t *testing.T, vendor, text string) {
		silent := strings.NewReplacer("gcs=G111", "gcs=G1--", "gcd=13r3r3r3r5l1", "gcd=13l3l3l3l5l1").Replace(text)
		got := golden{
			Consented: answerOf(explain(t, p, request(t, text, vendor, yes))),
			Silent:    answerOf(explain(t, p, request(t, silent, vendor))),
		}
		if got.Consented.Refused != "" || got.Silent.Refused != "" {
			t.Errorf("refused: %q, %q", got.Consented.Refused, got.Silent.Refused)
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(got); err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(t.Name(), "/")
		file := "catalog/testdata/" + strings.TrimSuffix(name, ".http") + ".golden.json"
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if want := read(t, file); want != b.String() {
			t.Errorf("%s differs; got\n%s", file, b.String())
		}
	})
}

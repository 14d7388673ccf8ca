package rules_test

import (
	"maps"
	"net/url"
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// counts are how many networks shared values.
type counts map[string]int

func (c counts) Common(_ hit.Class, value []byte, k, _ int) bool { return c[string(value)] >= k }

// rarely is a profile that asks how rare values are, alone and together with others.
func rarely() map[string]minimise.Spec {
	classes := maps.Clone(twelve)
	classes["screen"] = minimise.Spec{Kind: minimise.Rare, Rare: minimise.RareSpec{K: 20}}
	classes["language"] = minimise.Spec{Kind: minimise.Rare, Rare: minimise.RareSpec{K: 30,
		With: []string{"screen", "timezone"}}}
	return classes
}

func TestCounts(t *testing.T) {
	g := newJudging(t)
	d := draft()
	d.Profiles[0].Classes = rarely()
	g.policy = compile(t, d)
	if k := g.policy.Rarest(); k != 30 {
		t.Errorf("up to %d networks matter", k)
	}
	together := "\x00\x00\x00\x05de-de" + string(rune(hit.Screen)) + "\x00\x00\x00\x09" + "1920x1080" +
		string(rune(hit.Timezone))
	g.in.Rare = counts{"1920x1080": 20, together: 30}
	ask := func(params, consent string) (url.Values, []string) {
		r := request(t, "GET /g/collect?v=2&tid=G-1&cid=1.1700000000&en=page_view"+params+" HTTP/1.1\n\n", "ga4", consent)
		if reason := g.judge(&r); reason != rules.Unjudged {
			t.Fatal(reason)
		}
		var all []string
		for _, c := range g.j.Counts() {
			all = append(all, c.Class.String()+" "+string(c.Value))
		}
		query, err := url.ParseQuery(string(g.j.Out.Query))
		if err != nil {
			t.Fatal(err)
		}
		return query, all
	}
	sent, all := ask("&sr=1920x1080&ul=de-de", yes)
	if sent.Get("sr") != "1920x1080" || sent.Get("ul") != "de-de" {
		t.Errorf("common values became %q", sent)
	}
	if want := []string{"screen 1920x1080", "language " + together}; !slices.Equal(all, want) {
		t.Errorf("counted %q, want %q", all, want)
	}
	for _, query := range []string{"&sr=1920x1081&ul=de-de", "&ul=de-de", "&sr=1920x1080&ul=de-at"} {
		if sent, _ := ask(query, yes); sent.Get("ul") != "other" {
			t.Errorf("%s: language %q", query, sent.Get("ul"))
		}
	}
	if _, all := ask("&sr=1920x1080&ul=de-de", "X: none"); len(all) > 0 {
		t.Errorf("of an event that does not travel %q is counted", all)
	}
}

func TestCountingDoesNotAllocate(t *testing.T) {
	g := newJudging(t)
	d := draft()
	d.Profiles[0].Classes = rarely()
	g.policy = compile(t, d)
	g.in.Rare = counts{"1920x1080": 20}
	r := bigGA4(t)
	work := func() {
		if reason := g.judge(&r); reason != rules.Unjudged || len(g.j.Counts()) == 0 {
			t.Fatalf("%v, %d counted", reason, len(g.j.Counts()))
		}
	}
	work()
	if n := testing.AllocsPerRun(100, work); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

package minimise

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestNothingWithoutSurroundings: what is dropped is dropped whatever the value says, and without an Env everything is.
func TestNothingWithoutSurroundings(t *testing.T) {
	t.Parallel()
	values := []Value{{}, {Bytes: []byte("a")}, {Kind: NullValue, Bytes: []byte("null")}, {Kind: BoolValue,
		Bytes: []byte("true")}, {Kind: NumberValue, Bytes: []byte("1")}}
	env := testEnv()
	for _, v := range values {
		for _, a := range []*Action{nil, {}, must(t, Spec{}, hit.Custom), {kind: NumKinds}} {
			if out, is := a.Append(nil, v, env); a.Kind() == Drop && (is != Dropped || len(out) > 0) {
				t.Errorf("%v %q is %v", a.Kind(), v.Bytes, is)
			}
		}
		for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
			for _, spec := range passers {
				if a, err := Compile(spec, class); err == nil {
					if out, is := a.Append([]byte("^"), v, nil); is != Dropped || string(out) != "^" {
						t.Errorf("%v %v: %q is %v without an Env", class, spec.Kind, v.Bytes, is)
					}
				}
			}
		}
	}
	if _, is := (&Action{kind: NumKinds}).Append(nil, values[1], env); is != Dropped {
		t.Errorf("a minimiser that is none: %v", is)
	}
	site := testEnv()
	site.Site = ""
	if got := text(t, must(t, Spec{Kind: Derive, Derive: "daily_visitor"}, hit.ClientID), "a", site); got != dropped {
		t.Errorf("derived without a site: %q", got)
	}
}

// TestOutcomes: what comes out as it came in was kept, unless it is another kind of value, or was put there.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	env := testEnv()
	for _, c := range []struct {
		spec  Spec
		class hit.Class
		in    string
		kind  ValueKind
		want  string
		is    Outcome
	}{
		{Spec{Kind: Replace, Replace: "x"}, hit.Custom, "x", TextValue, "x", Rewritten},
		{Spec{Kind: Replace, Replace: "7"}, hit.Custom, "7", NumberValue, "7", RewrittenNumber},
		{Spec{Kind: Replace, Replace: "-7.50"}, hit.Custom, "8", NumberValue, "-7.50", RewrittenNumber},
		{Spec{Kind: Replace, Replace: "7"}, hit.Custom, "8", TextValue, "7", Rewritten},
		{Spec{Kind: Replace, Replace: "07"}, hit.Custom, "8", NumberValue, "07", Rewritten},
		{Spec{Kind: Replace}, hit.Custom, "8", NumberValue, "", Rewritten},
		{Spec{Kind: Replace, Replace: "x"}, hit.Custom, "null", NullValue, "x", Rewritten},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Revenue, "50", NumberValue, "50", Kept},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Revenue, "50", TextValue, "50", Kept},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Screen, "1920", NumberValue, "1920", Kept},
		{Spec{Kind: Generalise, Generalise: "bucket"}, hit.Screen, "1921", NumberValue, "1920", RewrittenNumber},
		{Spec{Kind: Generalise, Generalise: "region"}, hit.Timezone, "-120", NumberValue, "-120", Kept},
		{Spec{Kind: Generalise, Generalise: "region"}, hit.Timezone, "-120", TextValue, "-120", Kept},
		{Spec{Kind: Generalise, Generalise: "year"}, hit.BirthDate, "19840307", NumberValue, "1984", RewrittenNumber},
		{Spec{Kind: Generalise, Generalise: "year"}, hit.BirthDate, " 1984 ", TextValue, "1984", Rewritten},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(1)}}, hit.PreciseGeo, "52.52", NumberValue, "52.5",
			RewrittenNumber},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(1)}}, hit.PreciseGeo, "52.5", NumberValue, "52.5",
			Kept},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Chars: new(2)}}, hit.Custom, "12", NumberValue, "12", Kept},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{Chars: new(2)}}, hit.Custom, "123", NumberValue, "12", Rewritten},
		{Spec{Kind: Only, Only: []string{"null", ""}}, hit.Custom, "null", NullValue, "null", Kept},
		{Spec{Kind: Only, Only: []string{"a"}}, hit.Custom, "null", NullValue, "", Dropped},
		{Spec{Kind: Only, Only: []string{"a", ""}}, hit.Custom, "", TextValue, "", Kept},
		{Spec{Kind: Rare}, hit.Custom, "other", TextValue, "other", Kept},
		{Spec{Kind: URL}, hit.URL, "https://x.example/a", TextValue, "https://x.example/a", Kept},
		{Spec{Kind: URL}, hit.URL, "FILE://host/home/jane", TextValue, "", Dropped},
		{Spec{Kind: URL}, hit.URL, "File://host/home", TextValue, "", Dropped},
		{Spec{Kind: Generalise, Generalise: "origin"}, hit.URL, "FILE://host/home", TextValue, "", Dropped},
	} {
		if got, is := apply(t, must(t, c.spec, c.class), Value{Bytes: []byte(c.in), Kind: c.kind}, env); is != c.is ||
			got != c.want {
			t.Errorf("%v of %v: %q is %v %q, want %v %q", c.spec.Kind, c.class, c.in, is, got, c.is, c.want)
		}
	}
}

// TestHashedForms: what is hashed of each class, as vendors ask for it.
func TestHashedForms(t *testing.T) {
	t.Parallel()
	for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
		a, err := Compile(Spec{Kind: Hash, Hash: "sha256"}, class)
		if err != nil {
			continue
		}
		for in, want := range map[string]string{" Female ": "female", "M": "m", "+49 (0)30 12": "+49 (0)30 12",
			"7.3.1984": "7.3.1984", "ÄB": "äb"} {
			switch class {
			case hit.Gender:
				want = want[:1]
			case hit.Phone:
				want = map[string]string{"+49 (0)30 12": "493012", "7.3.1984": "731984"}[in]
			case hit.BirthDate:
				want = map[string]string{"+49 (0)30 12": "4903012", "7.3.1984": "731984"}[in]
			default:
			}
			sum := sha256.Sum256([]byte(want))
			hashed := hex.EncodeToString(sum[:])
			if want == "" {
				hashed = dropped
			}
			if got := text(t, a, in, testEnv()); got != hashed {
				t.Errorf("%v: %q is %q, want the hash of %q", class, in, got, want)
			}
		}
	}
}

// asked is a Rarity that says yes and tells what it was asked.
type asked struct{ said []string }

func (r *asked) Common(class hit.Class, value []byte, k, days int) bool {
	r.said = append(r.said, fmt.Sprintf("%v %q %d %d", class, value, k, days))
	return true
}

// TestWhatRareAsks: the value, or the combination, of the class, with the profile's numbers; without a combination it
// is rare.
func TestWhatRareAsks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		spec            RareSpec
		together        string
		want, left, out string
	}{
		{RareSpec{}, "", `screen "1x2" 50 7`, "1x2", ""}, {RareSpec{K: 3, Days: 2}, "x", `screen "1x2" 3 2`, "1x2", ""},
		{RareSpec{With: []string{"language"}}, "1x2 de", `screen "1x2 de" 50 7`, "1x2", ""},
		{RareSpec{With: []string{"language"}}, "", "", "other", ""},
	} {
		env, r := testEnv(), new(asked)
		env.Rare, env.Together = r, []byte(c.together)
		if got := text(t, must(t, Spec{Kind: Rare, Rare: c.spec}, hit.Screen), "1x2", env); got != c.left ||
			strings.Join(r.said, "; ") != c.want {
			t.Errorf("%+v: %q, asked %q", c.spec, got, r.said)
		}
	}
}

// TestNilActions: nil drops, and is the stricter of any two.
func TestNilActions(t *testing.T) {
	t.Parallel()
	keep, none := must(t, Spec{Kind: Keep}, hit.Custom), must(t, Spec{}, hit.Custom)
	if Both(nil, keep) != nil || Both(keep, nil) != nil || Both(nil, nil) != nil || Both(none, keep) != nil ||
		Strictest(nil, keep) != nil || Strictest(keep, nil) != nil || Strictest(keep, none) != none || Strictest(none,
		keep) != none {
		t.Error("nil is not the stricter")
	}
	var a *Action
	s := a.Spec()
	if k, with := a.Rarity(); k != 0 || with != nil || a.Kind() != Drop || a.Rank() != Drop.Rank() ||
		s.canon() != (&Spec{}).canon() || a.TooLong(make([]byte, 1<<20)) ||
		a.Found(Value{Bytes: []byte("jane@example.com")}, false,
			nil) != nil {
		t.Error("nil is more than a drop")
	}
	if scope, ok := a.Scope("v", "p"); ok || scope.Vendor != "" {
		t.Error("nil has a scope")
	}
	a.Inside(keep)
	if _, ok := ParamOf(NumKinds, "to"); ok {
		t.Error("a minimiser that is none has a parameter")
	}
	if kind, ok := ParseKind("Keep"); ok || kind != Drop {
		t.Errorf("%v", kind)
	}
	for query, want := range map[string]bool{"class:click_id": true, "class:campaign": false, "click_id": false,
		"class:x": false, "a": false} {
		if got := (&URLSpec{Query: []string{"b", query}}).NeedsConsent(); got != want {
			t.Errorf("%s needs consent: %v", query, got)
		}
	}
	for k := range NumKinds + 1 {
		for l := range NumKinds + 1 {
			if got := k.Within(l); got != (k < NumKinds && (k == Drop || k == l)) {
				t.Errorf("%v within %v: %v", k, l, got)
			}
		}
	}
}

// TestSetSays: what each parameter takes, and what is said of what it does not.
func TestSetSays(t *testing.T) {
	t.Parallel()
	var lines []string
	for k := range NumKinds + 1 {
		params := []Param{{Name: "colour"}}
		if k < NumKinds {
			params = append(params, Params[k]...)
		}
		for _, p := range params {
			for _, value := range []any{p.Min - 1, p.Min, p.Max, p.Max + 1, "x", "day", "purpose", "origin", "keep",
				"first", "route", "sha256", "daily_visitor", []string{"x"}, []string(nil), 3.5, nil} {
				s := Spec{Kind: k}
				if err := s.Set(p.Name, value); err != nil {
					lines = append(lines, fmt.Sprintf("%v %s: %v: %v", k, p.Name, value, err))
				} else {
					lines = append(lines, fmt.Sprintf("%v %s: %v makes %s", k, p.Name, value, s.canon()))
				}
			}
		}
	}
	golden(t, "set.golden.txt", slices.Compact(lines))
}

// TestInside: addresses in texts are treated as the profile treats addresses, and the text around them is looked over.
func TestInside(t *testing.T) {
	t.Parallel()
	var lines []string
	address := map[string]*Action{
		"url": must(t, Spec{Kind: URL, URL: URLSpec{Query: []string{"q"}}}, hit.URL), "origin": must(t,
			Spec{Kind: Generalise, Generalise: "origin"}, hit.URL), "keep": must(t, Spec{Kind: Keep}, hit.URL),
		"drop":    nil,
		"replace": must(t, Spec{Kind: Replace, Replace: "[x]"}, hit.URL),
	}
	for _, kind := range []Kind{Keep, Scrub, Only} {
		for name, within := range address {
			for _, class := range []hit.Class{hit.FreeText, hit.PageTitle, hit.Campaign, hit.UserTrait} {
				a, err := Compile(Spec{Kind: kind, Only: []string{"x"}}, class)
				if err != nil {
					continue
				}
				before := a.canon
				a.Inside(within)
				lines = append(lines, fmt.Sprintf("%v of %v, %s inside: another %v", kind, class, name,
					strings.Replace(a.canon, before, "", 1)))
				for _, in := range []string{
					"no address", "https://x.example/a", "https://x.example/12345",
					"see https://x.example/12345?q=a&b=c, and http://y.example:80/b.js:10:5 (jane@example.com)",
					"javascript://x", "https:// https://x.example", "a@b.example https://c.example/?q=d@e.example",
				} {
					lines = append(lines, fmt.Sprintf("%v of %v, %s inside: %q is %q", kind, class, name, in, text(t, a,
						in, testEnv())))
				}
			}
		}
	}
	slices.Sort(lines)
	golden(t, "inside.golden.txt", lines)
}

package minimise

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// TestCompiled: which minimiser is for which class, with what defaults, what is said where it is not, and which of two
// holds.
func TestCompiled(t *testing.T) {
	t.Parallel()
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	short := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, `""`, "")), " ") }
	wide := []Spec{
		{Kind: Truncate}, {Kind: Truncate, Truncate: TruncateSpec{To: "week"}}, {Kind: Truncate,
			Truncate: TruncateSpec{To: "day"}}, {Kind: Truncate, Truncate: TruncateSpec{To: "hour", Chars: new(1)}},
		{Kind: Truncate, Truncate: TruncateSpec{V4: new(25)}},
		{Kind: Truncate, Truncate: TruncateSpec{V4: new(24), Decimals: new(1)}}, {Kind: Truncate,
			Truncate: TruncateSpec{V6: new(65)}}, {Kind: Truncate, Truncate: TruncateSpec{V6: new(64)}},
		{Kind: Truncate, Truncate: TruncateSpec{V4: new(0)}},
		{Kind: Truncate, Truncate: TruncateSpec{Decimals: new(7)}}, {Kind: Truncate,
			Truncate: TruncateSpec{Chars: new(0)}}, {Kind: Generalise}, {Kind: Derive}, {Kind: Derive,
			Derive: "weekly"}, {Kind: Hash}, {Kind: Only},
		{Kind: Pseudonymise, Pseudonymise: PseudonymiseSpec{Scope: "x"}}, {Kind: Pseudonymise,
			Pseudonymise: PseudonymiseSpec{Rotate: "x"}}, {Kind: Pseudonymise, Pseudonymise: PseudonymiseSpec{Bits: 7}},
		{Kind: Pseudonymise, Pseudonymise: PseudonymiseSpec{Bits: 129}},
		{Kind: Pseudonymise, Pseudonymise: PseudonymiseSpec{Bits: 8}}, {Kind: Pseudonymise,
			Pseudonymise: PseudonymiseSpec{Bits: 128, Scope: "purpose", Rotate: "never"}}, {Kind: URL}, {Kind: URL,
			URL: URLSpec{IDs: "x"}}, {Kind: URL, URL: URLSpec{Path: "x"}}, {Kind: URL, URL: URLSpec{Fragment: "x"}},
		{Kind: Rare, Rare: RareSpec{K: 2, Days: 30}}, {Kind: Rare, Rare: RareSpec{K: 1000, Days: 1,
			With: []string{"screen", "language", "screen"}}}, {Kind: Rare, Rare: RareSpec{With: []string{"x"}}},
		{Kind: Rare, Rare: RareSpec{Days: -1}}, {Kind: NumKinds},
	}
	for _, name := range []string{
		"a", "A*", "*", "a*b", "**", "a**", "", "class:campaign", "CLASS:search_term", "class:click_id",
		"class:subscriber", "class:secret", "class:visitor", "class:", "class:x", "class:campaign*", "gclid",
		"GCLID", "gclid*", "g*", "utm_userid", "utm_source", "q", "oft_x", "oft_",
	} {
		wide = append(wide, Spec{Kind: URL, URL: URLSpec{Query: []string{name}}})
	}
	for _, path := range []string{"/", "a", "", "/a/b", "/a?b", "/a#b", "/a;b", "//", "/:id/*"} {
		wide = append(wide, Spec{Kind: URL, URL: URLSpec{Templates: []string{path}}})
	}
	for _, spec := range append(wide, passers...) {
		said := map[string][]string{}
		name := short(spec.canon())
		for class := range hit.NumClasses + 1 {
			a, err := Compile(spec, class)
			var pe *ParamError
			result := ""
			switch {
			case errors.As(err, &pe):
				if !strings.Contains(err.Error(), "does not apply to class") {
					result = "refused: " + err.Error() + " / " + pe.Param
					break
				}
				result = "not for"
				if spec.Kind == Derive || spec.Kind == Truncate && spec.Truncate.To == "minute" {
					say("%s, for %v: %v", name, class, err)
				}
			case err != nil || a == nil:
				t.Fatalf("%v: %v", spec.Kind, err)
			default:
				s := a.Spec()
				result = "compiles to " + short(s.canon())
				if scope, ok := a.Scope("v", "p"); ok {
					result += fmt.Sprintf(", scope %v", scope)
				}
				if k, with := a.Rarity(); k != 0 || with != nil {
					result += fmt.Sprintf(", rarity %d with %v", k, with)
				}
				result += fmt.Sprintf(", rank %d, kind %v, consent %v", a.Rank(), a.Kind(), s.URL.NeedsConsent())
			}
			said[result] = append(said[result], class.String())
		}
		for result, classes := range said {
			say("%s: %s: %s", name, result, strings.Join(classes, " "))
		}
	}
	for class := range hit.NumClasses {
		for name, set := range map[string]scrub.Set{"keep": detectors[class], "scrub": scrubbing(class),
			"report": Scanned(class)} {
			found := map[string]bool{}
			for _, c := range detectedCases(t) {
				for _, f := range (*scrub.Detectors)(nil).Locate([]byte(c.In), set) {
					found[f.Label] = true
				}
			}
			kinds := make([]string, 0, len(found))
			for kind := range found {
				kinds = append(kinds, kind)
			}
			slices.Sort(kinds)
			say("%s of %v looks for %s (%b)", name, class, strings.Join(kinds, " "), set)
		}
		say("%v: an id %v, of form %v, holds addresses %v", class, isID(class), NormOf(class), inText.has(class))
	}
	for name, class := range parameters {
		for p := range class.names {
			say("parameter %s is of %s (%d): never by name %v", p, name, class.passing, never.has([]byte(p)))
		}
		for _, p := range class.prefixes {
			say("parameters %s... are of %s: %v %v, without more %v", p, name, class.has([]byte(p+"x")),
				never.has([]byte(p+"x")), class.has([]byte(p)))
		}
	}
	say("classes of parameters: %v", ParameterClasses())
	for k := range NumKinds + 1 {
		say("%v has rank %d and parameters %v", k, k.Rank(), paramNames(k))
		if k < NumKinds {
			for _, p := range Params[k] {
				say("%v %+v", k, p)
			}
		}
	}
	for o := range RewrittenNumber + 2 {
		say("outcome %d is %v", o, o)
	}
	slices.Sort(lines)
	golden(t, "compiled.golden.txt", lines)
}

// TestWhichOfTwo: which of two actions for one field holds, for each two of a class, in both orders.
func TestWhichOfTwo(t *testing.T) {
	t.Parallel()
	var lines []string
	truncated := func(s TruncateSpec) Spec { return Spec{Kind: Truncate, Truncate: s} }
	pseudo := func(scope, rotate string, bits int) Spec {
		return Spec{Kind: Pseudonymise, Pseudonymise: PseudonymiseSpec{Scope: scope, Rotate: rotate, Bits: bits}}
	}
	rare := func(k, days int, with ...string) Spec {
		return Spec{Kind: Rare, Rare: RareSpec{K: k, Days: days, With: with}}
	}
	only := Spec{Kind: Only, Only: []string{"b", "a"}}
	for class, specs := range map[hit.Class][]Spec{
		hit.UserID: {{}, {Kind: Keep}, {Kind: Hash, Hash: "sha256"}, {Kind: Derive, Derive: "daily_visitor"},
			{Kind: Replace, Replace: "x"}, {Kind: Replace, Replace: "y"}, only, pseudo("", "day", 0), pseudo("", "week",
				0), pseudo("", "month", 0), pseudo("", "never", 0),
			pseudo("purpose", "day", 0), pseudo("purpose", "week", 8), pseudo("", "week", 8), pseudo("", "week", 9),
			pseudo("", "week", 128)},
		hit.IP: {{Kind: Keep}, truncated(TruncateSpec{V4: new(16)}), truncated(TruncateSpec{V6: new(32)}),
			truncated(TruncateSpec{V4: new(16), V6: new(32)}), truncated(TruncateSpec{V4: new(17), V6: new(32)}),
			truncated(TruncateSpec{V4: new(16), V6: new(33)}),
			truncated(TruncateSpec{V4: new(15), V6: new(33)})},
		hit.Timestamp: {{Kind: Keep}, truncated(TruncateSpec{To: "minute"}), truncated(TruncateSpec{To: "hour"}),
			truncated(TruncateSpec{To: "day"})},
		hit.Custom: {{}, {Kind: Keep}, {Kind: Scrub}, {Kind: URL}, only, {Kind: Only, Only: []string{"a", "b"}},
			{Kind: Only, Only: []string{"a"}}, truncated(TruncateSpec{Chars: new(5)}),
			truncated(TruncateSpec{Chars: new(6)}), truncated(TruncateSpec{Decimals: new(1)}),
			truncated(TruncateSpec{Decimals: new(2)}), {Kind: Generalise, Generalise: "bucket"}, {Kind: Replace,
				Replace: "x"}, rare(50, 7), rare(51, 7), rare(50, 8), rare(51, 6), rare(50, 7, "screen"), rare(50, 7,
				"screen", "language"), rare(60, 7, "language")},
		hit.URL: {{Kind: Keep}, {Kind: Scrub}, {Kind: URL}, {Kind: URL, URL: URLSpec{Path: "none"}}, {Kind: Generalise,
			Generalise: "origin"}, truncated(TruncateSpec{Chars: new(5)})},
	} {
		for i := range specs {
			for j := range specs {
				a, b, other := must(t, specs[i], class), must(t, specs[j], class), must(t, specs[j], class)
				other.class = hit.ExternalID
				if got := Strictest(a, other); i != j && a.kind != Drop && b.kind != Drop && got.Kind() != Drop {
					t.Errorf("%v and %v of two classes: %v", a.kind, b.kind, got.Kind())
				}
				name := func(x *Action) string {
					switch x {
					case a:
						return "the first"
					case b:
						return "the second"
					}
					return x.Kind().String()
				}
				lines = append(lines, strings.Join(strings.Fields(strings.NewReplacer(`""`, "", "[]", "", " - ", " ",
					" 0 ", " ").Replace(
					fmt.Sprintf("%v: %s | %s: shared %s, both %s", class, a.canon, b.canon, name(Strictest(a, b)),
						name(Both(a, b))))), " "))
			}
		}
	}
	slices.Sort(lines)
	golden(t, "two.golden.txt", lines)
}

// TestDataThatIsWrong: a key that is misspelt, and a word that means nothing, are found when the program starts.
func TestDataThatIsWrong(t *testing.T) {
	t.Parallel()
	read := func(text string) (said string) {
		defer func() { said = fmt.Sprint(recover()) }()
		readParameters([]byte(text))
		return ""
	}
	for text, want := range map[string]string{
		"a:\n  names: [b]\n": "<nil>", "a:\n  name: [b]\n": "not found",
		"a:\n  passable: false\n": `BUG: parameters.yaml: a: passable "false"`, "a: [": "BUG: parameters.yaml: ",
		"": "BUG: parameters.yaml: EOF",
	} {
		if got := read(text); !strings.Contains(got, want) {
			t.Errorf("%q: %s", text, got)
		}
	}
	coarsely := func(text string) (said string) {
		defer func() { said = fmt.Sprint(recover()) }()
		readCoarse([]byte(text))
		return ""
	}
	for text, want := range map[string]string{"bots: [b]\n": "<nil>", "bot: [b]\n": "not found",
		"bots: [": "BUG: coarse.yaml: "} {
		if got := coarsely(text); !strings.Contains(got, want) {
			t.Errorf("%q: %s", text, got)
		}
	}
	for _, text := range [][]byte{CoarseText(), ParametersText()} {
		if len(text) < 1000 {
			t.Errorf("%d bytes", len(text))
		}
	}
}

package scrub

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
)

// TestTokensToTheLastByte: a bare token is found where a caller expects one, whichever of its bytes is the one digit
// or the one letter; and what is nearly one is left alone: without either, too short, an id of RFC 9562, with two
// hyphens in a row.
func TestTokensToTheLastByte(t *testing.T) {
	want := Of(Token).Expecting(Token)
	found := func(text string) bool {
		_, found := Append(nil, []byte(text), want)
		return found != 0
	}
	for _, of := range []struct{ most, one string }{{"k", "7"}, {"7", "k"}, {"K", "0"}, {"9", "Z"}} {
		for n := minToken - 2; n < minToken+30; n++ {
			if text := strings.Repeat(of.most, n); found(text) {
				t.Errorf("%q is a token", text)
			}
			for at := range n {
				text := strings.Repeat(of.most, at) + of.one + strings.Repeat(of.most, n-at-1)
				if got := found(text); got != (n >= minToken) {
					t.Errorf("%q: %t", text, got)
				}
			}
		}
		for at := 1; at < minToken+9; at++ { // where two hyphens stand
			text := of.one + strings.Repeat(of.most, minToken+9)
			if text = text[:at] + "--" + text[at:minToken+9]; found(text) {
				t.Errorf("%q is a token", text)
			}
			if text = strings.Replace(text, "--", "-"+of.most, 1); !found(text) {
				t.Errorf("%q is no token", text)
			}
		}
		if text := of.one + strings.Repeat(of.most, minToken); found(text + "--") {
			t.Errorf("%q is a token", text+"--")
		}
	}
	const id = "836f82db-9912-4b34-8101-1f16b49dfa5f"
	for text, token := range map[string]bool{
		id: false, id + "a": true, id + "-": true, id[:35]: true, "a" + id: true, id[1:]: true,
		strings.Replace(id, "-", "a", 1): true, strings.Replace(id, "f", "g", 1): true,
	} {
		if got := found(text); got != token {
			t.Errorf("%q: %t", text, got)
		}
	}
}

// TestStreetsOfAnyLength: a street's name of up to 40 bytes is one, with its number behind it, in each of the forms
// that begin with a name; what is longer is no name.
func TestStreetsOfAnyLength(t *testing.T) {
	for _, form := range []struct{ begin, end, behind string }{
		{"L", "weg", " 5"}, {"B", "straße", " 10/12"}, {"W", "wood", " Street 12"},
	} {
		for n := 12; n < 60; n++ {
			name := form.begin + strings.Repeat("o", n-len(form.begin)-len(form.end)) + form.end
			if _, found := Append(nil, []byte(name+form.behind), Of(Address)); found.Has(Address) != (n <= 40) {
				t.Errorf("%s%s, %d bytes: found %v", name, form.behind, n, found)
			}
		}
	}
}

// operators are what a site may write of each operator that a pattern has, and the fewest characters that it matches.
var operators = map[string]int{
	`a`: 1, `abc`: 3, `(?i)abc`: 3, `[ab]`: 1, `\d`: 1, `.`: 1, `(?s).`: 1, `(?s).a`: 2, `..`: 2, `(?s)..`: 2,
	`(ab)`: 2, `(?P<x>ab)`: 2, `a+`: 1, `(ab)+`: 2, `a+?`: 1, `a{3}`: 3, `a{2,}`: 2, `a{2,5}`: 2, `(?:ab){2,3}`: 4,
	`a|bc`: 1, `abc|de`: 2, `(?:ab|cd)e`: 3, `^a$`: 1, `\ba\b`: 1, `a?b`: 1, `(?s).*a`: 1, `(?s).+`: 1, `^(?s).$`: 1,
	`a*`: 0, `a?`: 0, `a*?`: 0, `a{0,2}`: 0, `^`: 0, `$`: 0, `\A`: 0, `\z`: 0, `(?m)^`: 0, `(?m)$`: 0, `\b`: 0, `\B`: 0,
	``: 0, `a|`: 0, `()`: 0,
}

// TestPatternsOfEachOperator: how much a pattern matches at least is known of each operator; only one that may match
// nothing is refused for that.
func TestPatternsOfEachOperator(t *testing.T) {
	for text, want := range operators {
		tree, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if got := shortestMatch(tree); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
		if _, _, err := compilePattern(text); (err == nil) != (want > 0) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestLoopsReachWhatTheyTake: of each byte that a loop without a bound may take, in either case, it is known that it
// does: or a text that is read again and again would not be counted.
func TestLoopsReachWhatTheyTake(t *testing.T) {
	takes := []string{`[a-z]`, `[A-Z]`, `[^a]`, `[0-9_]`, `\w`, `\s`, `\d`, `.`, `(?:ab|[xyz])`, `[a-f]{2}`, `(z)`, `é`}
	for c := ' '; c < 0x7f; c++ {
		takes = append(takes, regexp.QuoteMeta(string(c)))
	}
	for _, flags := range []string{"", "(?i)", "(?s)", "(?is)"} {
		for _, take := range takes {
			for _, loop := range []string{"+", "*", "{3,}", "+?"} {
				pattern := flags + "(?:" + take + ")" + loop
				tree, err := syntax.Parse(pattern, syntax.Perl)
				if err != nil {
					t.Fatal(err)
				}
				r := reachOf(tree)
				taken := regexp.MustCompile("^" + flags + "(?:" + take + "){1,3}")
				for c := range 0x80 {
					text := strings.Repeat(string(rune(c)), 3)
					if taken.MatchString(text) && !r.loops[c] {
						t.Errorf("%s: %q is taken", pattern, text)
					}
				}
			}
		}
	}
}

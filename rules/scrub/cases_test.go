package scrub

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// found is a line of testdata/cases.jsonl: a text, and what becomes of it where all kinds are looked for. Want is
// empty where nothing is found. The tests of other packages read the file too, so that whatever stands in front
// of the detectors is held to the same.
type found struct{ In, Want string }

func foundCases(t testing.TB) (all []found) {
	t.Helper()
	for _, line := range lines(t, filepath.Join("testdata", "cases.jsonl")) {
		var c found
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, c)
	}
	return all
}

// marked lists the kinds whose markers stand in a text.
func marked(text string) (kinds []Kind) {
	for k := range NumKinds {
		if strings.Contains(text, "["+k.String()+"]") {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// TestAppendFinds: what is found where all kinds are looked for.
func TestAppendFinds(t *testing.T) {
	t.Parallel()
	seen := map[Kind]int{}
	for _, c := range foundCases(t) {
		want := c.Want
		if want == "" {
			want = c.In
		}
		got, found := Append([]byte("^"), []byte(c.In), All)
		if string(got) != "^"+want || (found != 0) != (c.Want != "") {
			t.Errorf("Append(%q) = %q, want %q; found %b", c.In, got[1:], want, found)
		}
		for _, k := range marked(c.Want) {
			seen[k]++
		}
	}
	for k := range NumKinds {
		if k != Own && k != Name && seen[k] == 0 {
			t.Errorf("nothing shows how %v is found", k)
		}
	}
}

// TestEachKindAlone: what is of one kind is found where that kind alone is looked
// for, and is left where all others are.
func TestEachKindAlone(t *testing.T) {
	t.Parallel()
	for _, c := range foundCases(t) {
		kinds := marked(c.Want)
		if len(kinds) != 1 {
			continue
		}
		k := kinds[0]
		if got, _ := Append(nil, []byte(c.In), Of(k)); string(got) != c.Want {
			t.Errorf("%v alone: Append(%q) = %q, want %q", k, c.In, got, c.Want)
		}
		if got, found := Append(nil, []byte(c.In), All.Without(k)); found.Has(k) || slices.Contains(marked(string(got)), k) {
			t.Errorf("all but %v: Append(%q) = %q", k, c.In, got)
		}
	}
}

// parts are what the markers of a case stand for.
func parts(t *testing.T, c found) (all []string) {
	t.Helper()
	rest := c.In
	for i, literal := range marker.Split(c.Want, -1) {
		at := strings.Index(rest, literal)
		if literal == "" {
			at = len(rest)
		}
		if at < 0 {
			t.Fatalf("%q does not become %q", c.In, c.Want)
		}
		if i > 0 {
			all = append(all, rest[:at])
			rest = rest[at:]
		}
		rest = strings.TrimPrefix(rest, literal)
	}
	return all
}

var marker = regexp.MustCompile(`\[[a-z]+\]`)

// TestAPlusIsASpace: what is found in a text is found in it as forms write it, with a plus for each space.
func TestAPlusIsASpace(t *testing.T) {
	t.Parallel()
	plus := strings.NewReplacer(" ", "+")
	n := 0
	for _, c := range foundCases(t) {
		if c.Want == "" || !strings.Contains(c.In, " ") || strings.Contains(c.In, "+") {
			continue
		}
		n++
		got, found := Append(nil, []byte(plus.Replace(c.In)), All)
		for _, part := range parts(t, c) {
			if part = plus.Replace(part); found == 0 || strings.Contains(string(got), part[len(part)/2:]) {
				t.Errorf("Append(%q) = %q: %q is left", plus.Replace(c.In), got, part)
			}
		}
	}
	if n < 30 {
		t.Errorf("%d texts: too few to show anything", n)
	}
}

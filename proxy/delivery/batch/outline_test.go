package batch

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// checkOutline holds an outline of a text against what others read in it: nil where it is not one value of JSON.
func checkOutline(o *outline, text []byte, levels int) error {
	got, want := o.read(text, levels), json.Valid(text)
	if want && deeperThan(text, deepest) {
		want = false
	}
	if got != want {
		return fmt.Errorf("%q: it is one value of JSON: %v, want %v", text, got, want)
	}
	if !got {
		return nil
	}
	next := 0
	if err := checkPart(o, &next, gjson.ParseBytes(text), "", 0); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	if next != len(o.parts) {
		return fmt.Errorf("%q: %d parts, want %d", text, len(o.parts), next)
	}
	return nil
}

// deeperThan tells whether brackets outside of strings are nested deeper, in a text that is JSON.
func deeperThan(text []byte, most int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// checkPart holds the next part, and those in it, against a value.
func checkPart(o *outline, next *int, value gjson.Result, name string, level int) (err error) {
	if level > o.levels {
		return nil
	}
	if *next == len(o.parts) {
		return fmt.Errorf("no part is noted of %q", value.Raw)
	}
	at := *next
	p := o.parts[at]
	*next++
	if got, want := string(o.of(at)), strings.Trim(value.Raw, " \t\r\n"); got != want {
		return fmt.Errorf("part %d is %q, want %q", at, got, want)
	}
	if got := string(o.text[p.nameFrom:p.nameTo]); got != name {
		return fmt.Errorf("part %d is called %q, want %q", at, got, name)
	}
	escapes, inside := false, 0
	if value.IsObject() || value.IsArray() {
		value.ForEach(func(key, inner gjson.Result) bool {
			name := ""
			if value.IsObject() {
				name = key.Raw[1 : len(key.Raw)-1]
				escapes = escapes || level <= o.levels && strings.Contains(name, `\`)
			}
			err = checkPart(o, next, inner, name, level+1)
			inside++
			return err == nil
		})
	}
	if err != nil {
		return err
	}
	if p.escapes != escapes || int(p.after) != *next {
		return fmt.Errorf("part %d, %q: escapes %v, after %d; want %v, %d", at, o.of(at), p.escapes, p.after, escapes, *next)
	}
	if value.IsArray() && level < o.levels {
		if only := o.only(at); (inside == 1) != (only == at+1) || inside != 1 && only != nowhere {
			return fmt.Errorf("part %d, %q: its one element is %d", at, o.of(at), only)
		}
	}
	return nil
}

// TestOutline: a text is outlined where others take it for JSON, and its parts are what they read, for
// all short texts of what matters there.
func TestOutline(t *testing.T) {
	t.Parallel()
	letters := []string{`{`, `}`, `[`, `]`, `"`, `:`, `,`, `\`, ` `, `1`, `"a":`, `{"b":[`, `null`}
	const longest = 5
	var o outline
	var of func(text []byte, n int)
	of = func(text []byte, n int) {
		if err := checkOutline(&o, text, 2); err != nil {
			t.Fatal(err)
		}
		if n < longest {
			for _, l := range letters {
				of(append(slices.Clip(text), l...), n+1)
			}
		}
	}
	of(nil, 0)
}

// TestOutlineOf texts that are close to others which JSON does not know.
func TestOutlineOf(t *testing.T) {
	var o outline
	for _, text := range []string{
		`0`, `-0`, `01`, `-`, `+1`, `1.`, `.1`, `1.5`, `1e`, `1e5`, `1E+5`, `1e-`, `1e+`, `1.5e-07`, `1.e5`, `--1`, `1-`,
		`0x1`, `Infinity`, `NaN`,
		`true`, `tru`, `truee`, `false`, `nul`, `null `, "\t\r\n null\n", "\vnull", "\u00a0null", "\ufeffnull", `'a'`, `"a`,
		`"\u12"`, `"\u123g"`, `"\u00fc\\\"\/\b\f\n\r\t"`,
		`"\x41"`, "\"\x00\"", "\"\x1f\"", "\"\x20\x7f\"", "\"12345678\n\"", "\"\xff\"", `{"a":1,}`, `[1,]`, `[,1]`,
		`{"a" : [ 1 , {"\u0062" : "]}"} ] , "c":{}}`, `{a:1}`,
		`{"a"}`, `{"a":}`, `[] []`, ``, ` `, `{"a":1}x`, `[[[[1],2],3],4]`, `{"a":{"b":{"c":{"d":1}}},"e":[{"f":[]}]}`,
		strings.Repeat("[", 100) + strings.Repeat("]", 100), strings.Repeat("[", 101) + strings.Repeat("]", 101),
		strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100),
		strings.Repeat(`{"a":`, 101) + "1" + strings.Repeat("}", 101), strings.Repeat("[", 1<<20),
	} {
		for levels := range 5 {
			if err := checkOutline(&o, []byte(text), levels); err != nil {
				t.Error(err)
			}
		}
	}
}

// FuzzOutline: whatever a text holds, it is outlined as others read it.
func FuzzOutline(f *testing.F) {
	for _, id := range []string{"segment", "posthog", "amplitude", "snowplow"} {
		text, err := os.ReadFile("testdata/golden/" + id + ".txt")
		if err != nil {
			f.Fatal(err)
		}
		for one := range strings.SplitSeq(string(text), "\n") {
			if strings.HasPrefix(one, "{") || strings.HasPrefix(one, "[") {
				f.Add([]byte(one), byte(3))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, levels byte) {
		if err := checkOutline(new(outline), text, int(levels%8)); err != nil {
			t.Error(err)
		}
	})
}

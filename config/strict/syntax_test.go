package strict

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write what is found into the files that say what is wanted")

// broken are texts that are no YAML, or not the YAML that was meant, each with the kind of mistake.
var broken = []struct{ name, text string }{
	{"an unclosed bracket", "a:\n  - id: x\n    events: [one, two\n    vendor: ga4\n"},
	{"an unclosed bracket at the end", "a: [one, two"},
	{"an unclosed bracket over lines", "a: [\n  one,\n  two\nb: c\n"},
	{"an unclosed brace", "a: { b: c\nd: e\n"},
	{"an unclosed brace in brackets", "a: [{ b: c ]\n"},
	{"a bracket closed by a brace", "a: [b, c}\nd: e\n"},
	{"a bracket too many", "a: [b, c]]\n"},
	{"a brace too many", "a: { b: c }}\n"},
	{"an unclosed quote", "title: \"Measure\ncategories: [analytics]\n"},
	{"an unclosed quote before another", "title: \"Measure\nother: \"x\"\n"},
	{"an unclosed quote in brackets", "a: [b, \"c, d]\ne: f\n"},
	{"an unclosed single quote", "a: 'b\nc: d\n"},
	{"a quote inside single quotes", "title: 'it's here'\n"},
	{"text behind a quote", "title: \"A\" and B\n"},
	{"text behind brackets", "a: [b] c\n"},
	{"an escape that is none", "a: \"b\\d\"\n"},
	{"a tab", "a:\n\tb: c\n"},
	{"a tab behind spaces", "a:\n  b: c\n  \td: e\n"},
	{"no space behind a colon", "a:\n  email:keep\n  b: c\n"},
	{"no space behind the last colon", "a: b\nemail:keep\n"},
	{"no space behind a quoted key's colon", "\"a\":b\nc: d\n"},
	{"no space behind any colon", "colour:red\n"},
	{"no space behind a colon in braces", "{ colour:red }\n"},
	{"no colon", "a: b\nemail keep\nc: d\n"},
	{"no colon behind what has keys below", "sites\n  shop: x\n"},
	{"a colon too many", "description: We count: pages\n"},
	{"indented too far", "a:\n  b: c\n   d: e\n"},
	{"indented below a value", "a: b\n  c: d\n"},
	{"indented like nothing above", "a:\n    b: c\n  d: e\n"},
	{"a key twice", "colour: red\ncolour: red\n"},
	{"an alias", "a: &b c\nd: *b\n"},
	{"an alias of nothing", "a: *b\n"},
	{"an anchor", "colour: &b red\n"},
	{"a star", "events: [*]\n"},
	{"a star alone", "events: *\n"},
	{"an at sign", "a: @b\n"},
	{"a per cent sign", "a: %b\n"},
	{"a backtick", "a: `b`\n"},
	{"an ampersand", "a: & b\n"},
	{"a comma first", "a: , b\n"},
	{"text behind a bar", "a: | b\n"},
	{"two documents", "colour: red\n---\ncolour: red\n"},
	{"two documents, by dots", "colour: red\n...\ncolour: red\n"},
	{"a byte order mark", "\ufeffcolour: rde\n"},
	{"a byte order mark, unclosed", "\ufeffa: [b\n"},
	{"line ends of Windows", "a: b\r\nc: [d\r\n"},
	{"line ends of old Macs", "a: b\rc: [d\r"},
	{"no UTF-8", "a: b\ntitle: Gr\xfc\xdfe\n"},
	{"letters of two bytes", "title: Grüße, \"A\"\nb: ü: c\n"},
	{"a control character", "a: b\x07\n"},
	{"no dash", "a:\n  - id: x\n    b: c\n  id: y\n    b: d\n"},
	{"no dash before a text", "a:\n  - b\n  c\n"},
	{"no space behind a dash", "a:\n  -id: x\n   b: c\n"},
	{"a dash among keys", "a: b\n- c\n"},
	{"no comma", "{\"a\": \"b\" \"c\": \"d\"}\n"},
	{"a list in the line of its key", "a: - b\n"},
	{"a text in lines of its own, then what is indented further", "a:\n b: |\n    - c: d: e\n\n  f: g\n"},
	{"no comma before a key", "a: { b: c d: e }\n"},
	{"no comma before brackets", "a: [b [c]]\n"},
	{"no colon in braces", "a: { b: c, d [e] }\n"},
	{"a colon before a bracket", "a: [:]\nb: [\n"},
	{"an address of IPv6 in brackets", "a: b\nc: [::1]\nd: e\n"},
	{"an address of IPv6 in braces", "a: { b: ::1 }\n"},
	{"nothing usual", "? [a]\n: b\n? {\n"},
}

// TestMistakes compares what is said of each text, word for word, with its place. `go test -update` writes it anew.
func TestMistakes(t *testing.T) {
	var got strings.Builder
	for _, c := range broken {
		var into shelf
		var faults Faults
		doc := Parse("f", []byte(c.text), &faults)
		if doc != nil {
			of("red", "blue").Decode(doc, &into, &faults)
		}
		fmt.Fprintf(&got, "%s\n    %q\n    %v\n", c.name, c.text,
			strings.ReplaceAll(fmt.Sprint(faults.Err()), "\n", "\n    "))
	}
	const name = "testdata/mistakes.txt"
	if *update {
		if err := os.WriteFile(name, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got.String(), want)
	}
}

// yamlTexts are the YAML files of this repository, in archives of tests as well.
func yamlTexts(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir("../..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if err == nil && name != "../.." && strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return err
		}
		switch filepath.Ext(name) {
		case ".yaml":
			text, err := os.ReadFile(name)
			all[name] = text
			return err
		case ".txtar":
			a, err := txtar.ParseFile(name)
			if err != nil {
				return err
			}
			for _, f := range a.Files {
				if strings.HasSuffix(f.Name, ".yaml") {
					all[name+" "+f.Name] = f.Data
				}
			}
		}
		return nil
	})
	if err != nil || len(all) < 50 {
		t.Fatal(len(all), err)
	}
	return all
}

// TestNoMistakeInYAML: in what the library reads no mistake is found that it does not see.
func TestNoMistakeInYAML(t *testing.T) {
	for name, text := range yamlTexts(t) {
		var any yaml.Node
		if yaml.Unmarshal(text, &any) != nil {
			continue
		}
		if m := mistakeIn(text); m != nil && !strings.HasPrefix(m.msg, "aliases ") {
			t.Errorf("%s:%d:%d: %s", name, m.line, m.column, m.msg)
		}
	}
}

// FuzzMistake: whatever a text holds, what is said of it has a place in it.
func FuzzMistake(f *testing.F) {
	for _, c := range broken {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m := mistakeIn(text)
		if m == nil {
			return
		}
		lines := strings.Split(lineEnds.Replace(string(text)), "\n")
		if m.line < 1 || m.line > len(lines) || m.column < 1 || m.column > len([]rune(lines[m.line-1]))+1 || m.msg == "" {
			t.Errorf("%q: %+v", text, m)
		}
	})
}

// TestMistakesInTime: a text as long as may be, of what nests, takes no longer than its length.
func TestMistakesInTime(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"- ", "!a ", "&a ", "[", "{a: ", "? ", "\"", "'a\n", "a:\n ", "a: [\n", "- a: \"b\n",
		"| ", "a: |\n"} {
		text := strings.Repeat(part, MaxFileBytes/len(part)) + "\t@"
		_ = mistakeIn([]byte(text))
	}
}

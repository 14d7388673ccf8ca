package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/ledger/words"
)

// kinds are the kinds of records that the ledger's source names.
func kinds(t *testing.T) (all []string) {
	t.Helper()
	files, err := filepath.Glob("../*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, is := n.(*ast.ValueSpec)
			if !is {
				return true
			}
			for i, name := range spec.Names {
				if !strings.HasPrefix(name.Name, "Kind") || i >= len(spec.Values) {
					continue
				}
				if value, is := spec.Values[i].(*ast.BasicLit); is && value.Kind == token.STRING {
					kind, err := strconv.Unquote(value.Value)
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, kind)
				}
			}
			return true
		})
	}
	return all
}

// TestEveryKindHasWords: each kind that the ledger writes is said in words of its own, and can be asked about.
func TestEveryKindHasWords(t *testing.T) {
	t.Parallel()
	all := kinds(t)
	if len(all) < 25 {
		t.Fatalf("only %d kinds are found: %v", len(all), all)
	}
	known := strings.Join(query.Kinds(), " ") + " "
	for _, kind := range all {
		if !words.Has(kind) {
			t.Errorf("there are no words for records of kind %s: they are a line of `of`", kind)
		}
		if !strings.Contains(" "+known, " "+kind+" ") {
			t.Errorf("nobody can ask about records of kind %s: they are a line of members in proxy/ledger/query/members.go",
				kind)
		}
	}
}

// TestLines holds what is said of each kind against what was.
func TestLines(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, file := range []string{"../testdata/kinds.jsonl", "testdata/records.jsonl"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			b.WriteString(words.Line([]byte(strings.TrimSpace(line)), words.Names{}) + "\n")
		}
	}
	shape := &ledger.Shape{Kept: []string{"en", "dl"}, Dropped: []string{"uid"}}
	rungs := []byte(`{"kind":"rungs","region":"DE","ladder":[{"activity":"a","decision":"skip","reason":"no_consent"}],"signals":[]}`)
	event := []byte(`{"time":"2026-05-04T12:00:00.1Z","kind":"event","hit":7,"event":0,"site":"shop","vendor":"ga4","name":"purchase",` +
		`"decision":"deny","reason":"no_consent","objections":["analytics"],"bytes_in":9,"bytes_out":0}`)
	for _, wide := range []bool{false, true} {
		b.WriteString(words.Line(event, words.Names{Shape: shape, Rungs: rungs, Wide: wide}) + "\n")
	}
	const golden = "testdata/lines.txt"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != b.String() {
		t.Errorf("what is said changed (%v). It is\n%s", err, b.String())
	}
}

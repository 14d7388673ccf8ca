package signaltest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// Vectors reads a file of test vectors, a JSON object a line: the copy of the package under test, or that of the folder
// TAGWARDEN_VECTORS.
func Vectors[T any](tb testing.TB, name string) []T {
	tb.Helper()
	if folder := os.Getenv("TAGWARDEN_VECTORS"); folder != "" {
		return lines[T](tb, filepath.Join(folder, name))
	}
	return Seeds[T](tb, name)
}

// Seeds reads the copy of the package under test.
func Seeds[T any](tb testing.TB, name string) []T {
	tb.Helper()
	return lines[T](tb, filepath.Join("testdata", "vectors", name))
}

func lines[T any](tb testing.TB, name string) (all []T) {
	tb.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var one T
		if err := json.Unmarshal(line, &one); err != nil {
			tb.Fatalf("%s, line %d: %v", name, len(all)+1, err)
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		tb.Fatalf("%s is empty", name)
	}
	return all
}

// Agreed reports how many vectors agreed, and fails where not all did.
func Agreed(t *testing.T, name string, ok, total int) {
	t.Helper()
	t.Logf("%s: %d/%d agreed", name, ok, total)
	if ok != total {
		t.Errorf("%s: %d of %d do not agree", name, total-ok, total)
	}
}

// AsJSON takes facts through JSON, so that they compare with those of a file.
func AsJSON(tb testing.TB, facts any) (out map[string]any) {
	tb.Helper()
	text, err := json.Marshal(facts)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// Same compares facts and reports each that differs.
func Same(t *testing.T, id string, got, want map[string]any) bool {
	t.Helper()
	ok := len(got) == len(want)
	if !ok {
		t.Errorf("%s: %d facts, want %d", id, len(got), len(want))
	}
	for name, value := range want {
		if !reflect.DeepEqual(got[name], value) {
			t.Errorf("%s: %s: got %v, want %v", id, name, got[name], value)
			ok = false
		}
	}
	return ok
}

// Sections are the numbers of a gpp_sid, as JSON has them; nil where it holds anything else.
func Sections(text string) []any {
	var all []any
	for _, one := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '_' }) {
		n, err := strconv.Atoi(one)
		if err != nil {
			return nil
		}
		all = append(all, float64(n))
	}
	return all
}

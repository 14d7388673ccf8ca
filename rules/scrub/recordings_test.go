package scrub

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// recordings counts on the values of recorded traffic, each once: what is found in those that hold nothing of the
// invented visitor, whom planted says how to know, is false.
func recordings(t *testing.T, table figures) {
	folder := os.Getenv("TAGWARDEN_CAPTURES")
	if folder == "" {
		folder = filepath.Join("..", "testdata", "captures")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings in %s (%v)", folder, err)
	}
	values := map[string]bool{}
	for _, file := range files {
		for _, line := range lines(t, file) {
			var c struct {
				Target string      `json:"target"`
				Header [][2]string `json:"headers"`
				Body   []byte      `json:"body_base64"`
			}
			if err := json.Unmarshal([]byte(line), &c); err != nil {
				t.Fatal(err)
			}
			if _, query, ok := strings.Cut(c.Target, "?"); ok {
				collect(values, query)
			}
			for _, h := range c.Header {
				collect(values, h[1])
			}
			collect(values, string(c.Body))
		}
	}
	clean := 0
	for value := range values {
		if slices.ContainsFunc(planted, func(p string) bool { return strings.Contains(strings.ToLower(value), p) }) {
			continue
		}
		clean++
		for _, x := range (*Detectors)(nil).Locate([]byte(value), All) {
			table.at("recordings", x.Kind.String(), "-").wrong++
			t.Logf("false: %s %q in %q", x.Kind, value[x.Start:x.End], value)
		}
	}
	t.Logf("%d values of recordings, %d without anything of the visitor's", len(values), clean)
	if clean < 900 {
		t.Errorf("%d values: too few to show anything", clean)
	}
}

// planted are parts of the invented visitor's data, in lower case, as they stand in the recordings.
var planted = []string{"jane", "901820", "1984-03-07", "example street", "203.0.113.77", "eyjhbgcioijiuzi1nij9",
	"@example", "s3cr3t", "9f8e7d6c5b4a3928"}

// collect takes a text apart as far as it is a form, JSON or base64 of those, and gathers what is left.
func collect(into map[string]bool, text string) {
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		if raw, err := e.DecodeString(text); err == nil && json.Valid(raw) && len(raw) > 8 {
			text = string(raw)
			break
		}
	}
	var v any
	if len(text) > 1 && (text[0] == '{' || text[0] == '[') && json.Unmarshal([]byte(text), &v) == nil {
		leaves(into, v)
		return
	}
	if form, err := url.ParseQuery(text); err == nil && strings.Contains(text, "=") && strings.Contains(text, "&") &&
		!strings.Contains(text, "://") {
		for _, list := range form {
			for _, value := range list {
				collect(into, value)
			}
		}
		return
	}
	into[text] = true
}

func leaves(into map[string]bool, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			leaves(into, inner)
		}
	case []any:
		for _, inner := range v {
			leaves(into, inner)
		}
	case string:
		collect(into, v)
	default:
		text, err := json.Marshal(v)
		if err == nil {
			into[string(text)] = true
		}
	}
}

package codec_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestJSONTestSuite reads what is JSON and nothing else (RFC 8259). What is read comes out as it came
// in, and every string in it has a text.
func TestJSONTestSuite(t *testing.T) {
	f, err := os.Open("testdata/json/parsing.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	cases := 0
	for lines := bufio.NewScanner(f); lines.Scan(); cases++ {
		var c struct {
			Name string
			Text []byte
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		hold(t, "json", string(c.Text))
		hold(t, "ndjson", string(c.Text))
		h, o, a := new(hit.Hit), new(codec.Opener), new(codec.Assembler)
		root, err := open(t, h, o, string(c.Text), "json")
		switch {
		case err != nil && strings.HasPrefix(c.Name, "y_"):
			t.Errorf("%s: %q is refused: %v", c.Name, c.Text, err)
		case err == nil && strings.HasPrefix(c.Name, "n_"):
			t.Errorf("%s: %q is read", c.Name, c.Text)
		case err != nil:
			continue
		}
		for i := range h.Nodes {
			h.Text(int32(i))
			h.KeySpan(int32(i))
		}
		keepAll(h)
		h.Settle(always)
		if got := a.Append(nil, h, root); !bytes.Equal(got, c.Text) {
			t.Errorf("%s: %q comes out as %q", c.Name, c.Text, got)
		}
	}
	if cases < 300 {
		t.Errorf("only %d cases", cases)
	}
}

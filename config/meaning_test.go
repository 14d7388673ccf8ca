package config

import (
	"bytes"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/config/strict"
)

// sameNodes tells where two documents do not have the same kinds, tags and values; "" where they do.
func sameNodes(a, b *yaml.Node, at string) string {
	null := strict.IsNull(a) && strict.IsNull(b)
	if a.Kind != b.Kind || a.ShortTag() != b.ShortTag() || !null && a.Value != b.Value ||
		len(a.Content) != len(b.Content) {
		return at + ": " + strict.Describe(a) + " became " + strict.Describe(b)
	}
	for i := range a.Content {
		if where := sameNodes(a.Content[i], b.Content[i], at+"/"+a.Content[i].Value); where != "" {
			return where
		}
	}
	return ""
}

// FuzzMeaning: whatever a file says, its meaning says the same and is its own meaning, and fits where it is read again.
func FuzzMeaning(f *testing.F) {
	for _, text := range []string{
		"a: b", "a: [1, 0x10, 1_000, 0o7, 1e3, .inf, -.INF, .nan, ~, null, , yes, true]",
		"a: [2026-01-02, 2001-12-14 21:59:43.10 -5]", "{a,b: ,? c}", "? [a, b]\n: {c: d}",
		"a: |\n  x\n   y\n\nb: >-\n  x\n  y\n\n  z\n", `"\u2028\x85\t\0\e\U0001F600\ufeff": "\\\""`,
		"'a b': 'it''s'", "- - - - - - x\n- {}\n- []\n", "a: ümläut\nb: \"\u00a0\u2028\"", "just text", "1",
		strings.Repeat("k", 2000) + "x: 1", "? " + strings.Repeat("k", 2000) + "\n: 1",
		"a: !!str 1", "a: '1'", "a: \"=\"\nb: =\n<: x",
		"a: \"\U000e0001\ufffd\ufffe\"", "a: 12:30:45\nb: 0b11\nc: 1:2", "a: -\nb: +1\nc: .5\nd: 0x_1", "[a,b,[c,{d,e}]]",
	} {
		f.Add([]byte(text))
	}
	for _, text := range base(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var faults strict.Faults
		doc := strict.Parse("x", text, &faults)
		if doc == nil {
			return
		}
		meant := meaningOf(doc.Root)
		if len(meant) > 16*len(text) {
			t.Fatalf("%d bytes of %d", len(meant), len(text))
		}
		again := strict.ParseBounded("x", meant, len(meant), &faults)
		if again == nil {
			t.Fatalf("%s\nof\n%s", faults.Error(), meant)
		}
		if where := sameNodes(doc.Root, again.Root, ""); where != "" {
			t.Fatalf("%s, in\n%s", where, meant)
		}
		if twice := meaningOf(again.Root); !bytes.Equal(twice, meant) {
			t.Fatalf("the meaning of\n%s is\n%s", meant, twice)
		}
	})
}

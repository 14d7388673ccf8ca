package strict

import (
	"reflect"
	"testing"
)

type shelf struct {
	Colour string         `yaml:"colour" is:"required,one=colour" doc:"What it is painted with."`
	Height int            `yaml:"height" is:"min=1,max=9" default:"4" doc:"In metres."`
	Books  map[string]int `yaml:"books" is:"keys=colour" doc:"How many, by colour."`
	Label  label          `yaml:"label" doc:"What is written on it."`

	Named map[string]string `yaml:"named" is:"text,keys=colour" doc:"What it is called, by colour."`
}

// label is of somebody else, and has no tags of ours.
type label struct {
	Text string `yaml:"text"`
}

// of makes the grammar of shelves.
func of(words ...string) *Grammar {
	return &Grammar{
		Words: func(vocabulary string) []string {
			if vocabulary != "colour" {
				panic("BUG: unknown vocabulary " + vocabulary)
			}
			return words
		},
		Foreign: func(of reflect.Type, key string) (is, doc string) {
			if of == reflect.TypeFor[label]() && key == "text" {
				return "id", "A word."
			}
			return "", ""
		},
	}
}

// TestGrammar: what a struct leaves to others is asked of the grammar, and every fault of a
// file is told in one go, in its order.
func TestGrammar(t *testing.T) {
	for text, want := range map[string]string{
		"colour: red\nbooks: { blue: 3 }\nlabel: { text: a-1 }\n": "",
		"colour: rde\n":    `shelf:1:9: colour "rde" is not known: did you mean "red"?`,
		"{ height: 12 }\n": "shelf:1:1: missing key \"colour\": What it is painted with.\nshelf:1:11: 12 is too much: at most 9",
		"colour: blue\nbooks: { red: 1, green: 2 }\nlabel: { text: \"a b\" }\nwidth: 1\n": `shelf:2:18: colour "green" is not known: known here: red, blue` +
			"\n" +
			`shelf:3:16: "a b" is no identifier: use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first` +
			"\n" +
			`shelf:4:1: unknown key "width": known here: colour, height, books, label, named`,
		"colour: red\ncolour: red\n": `shelf:2:1: the key "colour" stands here for the second time: remove one`,
	} {
		var got shelf
		var faults Faults
		if doc := Parse("shelf", []byte(text), &faults); doc != nil {
			of("red", "blue").Decode(doc, &got, &faults)
		}
		said := ""
		if err := faults.Err(); err != nil {
			said = err.Error()
		}
		if said != want {
			t.Errorf("%q:\n%s\nwant:\n%s", text, said, want)
		}
		if want == "" && !reflect.DeepEqual(got, shelf{"red", 4, map[string]int{"blue": 3}, label{"a-1"}, nil}) {
			t.Errorf("read as %v", got)
		}
	}
}

// TestGrammarsAreTheirOwn: two grammars of one type do not share what they found out about it.
func TestGrammarsAreTheirOwn(t *testing.T) {
	for _, words := range [][]string{{"red"}, {"green"}} {
		f, known := of(words...).Fields(reflect.TypeFor[shelf]()).ByName("colour")
		if !known || !reflect.DeepEqual(f.Rule.Enum, words) {
			t.Errorf("%v, want %v", f.Rule.Enum, words)
		}
	}
}

// TestPlaces: a path leads to a value, or to the nearest one above it that is there.
func TestPlaces(t *testing.T) {
	var faults Faults
	doc := Parse("f", []byte("a:\n  - id: x\n    b: 1\n  - id: y\n"), &faults)
	for _, c := range []struct {
		path         []any
		line, column int
	}{
		{Path(), 1, 1},
		{Path("a", 0, "b"), 3, 8},
		{Path("a", 1, "b"), 4, 5},
		{Path("a", 7), 2, 3},
		{Path("none", 0), 1, 1},
	} {
		if n := doc.Find(c.path); n.Line != c.line || n.Column != c.column {
			t.Errorf("%v: %d:%d, want %d:%d", c.path, n.Line, n.Column, c.line, c.column)
		}
	}
	if key := doc.FindKey(Path("a", 0, "b")); key.Line != 3 || key.Column != 5 {
		t.Errorf("the key is at %d:%d", key.Line, key.Column)
	}
	if got := doc.Children(Path("a")); !reflect.DeepEqual(got, []string{"x", "y"}) {
		t.Errorf("children %v", got)
	}
}

// TestTextOrMapping: where a text may stand for a mapping, it is the value of no key; a
// mapping is one by the words of its keys.
func TestTextOrMapping(t *testing.T) {
	for text, want := range map[string]struct {
		read  map[string]string
		fault string
	}{
		"named: a":                    {map[string]string{"": "a"}, ""},
		"named: { red: a, blue: b }":  {map[string]string{"red": "a", "blue": "b"}, ""},
		"named: { red: a, green: b }": {nil, `shelf:2:18: colour "green" is not known: known here: red, blue`},
		"named: 5":                    {nil, `shelf:2:8: the number 5 stands where text is wanted: put it in quotes, as "5"`},
		"named: [a]":                  {nil, "shelf:2:8: a list stands where a mapping of keys to values is wanted"},
		"named: \"\"":                 {nil, `shelf:2:8: "named" is empty: write a value, or remove the line`},
		"named: { red: { blue: c } }": {nil, "shelf:2:15: a mapping stands where text is wanted"},
	} {
		var got shelf
		var faults Faults
		doc := Parse("shelf", []byte("colour: red\n"+text+"\n"), &faults)
		of("red", "blue").Decode(doc, &got, &faults)
		switch err := faults.Err(); {
		case want.fault == "" && (err != nil || !reflect.DeepEqual(got.Named, want.read)):
			t.Errorf("%q: %v, %v", text, got.Named, err)
		case want.fault != "" && (err == nil || err.Error() != want.fault):
			t.Errorf("%q: %v", text, err)
		}
	}
}

package codec

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestFormats: each format of the table has a name by which vendors' files find it, and reads its case as a value of
// its kind.
func TestFormats(t *testing.T) {
	cases := [numFormats]struct {
		text string
		kind hit.Kind
	}{
		Form: {"a=1&b=2", hit.Form}, Lines: {"a=1\nb=2", hit.Lines},
		JSON: {`{"a":1}`, hit.Object}, Records: {"{}\n[]", hit.Records},
		Item: {"idSKU~nmName", hit.Item}, Chain: {`a:href="/x";div`, hit.Chain},
	}
	for f := NoFormat + 1; f < numFormats; f++ {
		s, err := ParseStack(formats[f].name)
		if err != nil || s.Format != f {
			t.Fatalf("%q is read as %d: %v", formats[f].name, s.Format, err)
		}
		h, o := opening(cases[f].text)
		root := o.Root()
		if err := o.Open(root, []Stack{s}); err != nil || h.Nodes[h.Nodes[root].First].Kind != cases[f].kind {
			t.Errorf("%s: %q is not read: %v", formats[f].name, cases[f].text, err)
		}
	}
}

// TestContainers: each container of the table has a name, and each step a layer that is taken off and put back as it
// was.
func TestContainers(t *testing.T) {
	for step := hit.NoStep + 1; step < numSteps; step++ {
		if layers[step].on == nil {
			t.Fatalf("step %d has no layer in the table", step)
		}
	}
	seen := map[hit.Step]string{QuestionMark: "form"}
	var a Assembler
	for i, c := range containers {
		if s, err := ParseStack(c.name + "+json"); err != nil || s.n != 1 || int(s.wrappers[0]) != i {
			t.Fatalf("%q is no container: %v", c.name, err)
		}
		for step := hit.NoStep + 1; step < numSteps; step++ {
			for spaces := range 4 {
				inner := []byte(`{"a":"???>>>~~~"}` + strings.Repeat(" ", spaces))
				text := layers[step].on(&a, nil, inner, step)
				if layers[step].off == nil || c.step(text) != step {
					continue
				}
				_, o := opening(string(text))
				value, err := layers[step].off(o, o.hit.Whole(hit.Body), step)
				if err != nil {
					continue // a container that has one form says so of any text
				}
				if !bytes.Equal(o.hit.Bytes(value), inner) {
					t.Errorf("%s, step %d: %q comes out of %q", c.name, step, o.hit.Bytes(value), text)
				}
				seen[step] = c.name
			}
		}
	}
	for step := hit.NoStep + 1; step < numSteps; step++ {
		if seen[step] == "" {
			t.Errorf("no container of the table has step %d", step)
		}
	}
}

// opening returns a hit of a body, and what opens it.
func opening(body string) (*hit.Hit, *Opener) {
	h := new(hit.Hit)
	h.Request.Body = []byte(body)
	h.Begin()
	o := &Opener{Limits: Limits{Depth: 9, Nodes: 99, Decompressed: 1 << 20}}
	o.Begin(h)
	return h, o
}

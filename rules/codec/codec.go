// Package codec reads and writes the wire formats of analytics hits as stacks of wrappers around one format: "lines", "gzip+json",
// "base64+json". Opening labels spans and copies nothing that is not wrapped; assembling writes the kept and rewritten spans in one
// pass. With everything kept, the bytes come out as they came in.
package codec

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// ErrMalformed means that bytes are not what the format says.
var ErrMalformed = errors.New("malformed")

// ErrLimit means that a hit holds more than the limits allow.
var ErrLimit = errors.New("over a limit")

// Limits bound what Open does.
type Limits struct {
	Depth        int // levels of nesting in one JSON value
	Nodes        int // nodes in one hit
	Decompressed int // bytes of everything unwrapped in one hit
}

// Format is the innermost layer of a Stack.
type Format uint8

// The formats.
const (
	NoFormat Format = iota
	Form            // a=1&b=2
	Lines           // forms, one a line
	JSON            // one JSON value
	Records         // JSON values, one a line
)

type wrapper uint8

const (
	noWrapper wrapper = iota
	wrapBase64
	wrapGzip
	wrapDeflate
)

// Stack is a way to read bytes: wrappers to take off, outermost first, then a format.
type Stack struct {
	wrappers [3]wrapper
	n        uint8
	Format   Format
}

var formatNames = map[string]Format{"form": Form, "lines": Lines, "json": JSON, "ndjson": Records}

var wrapperNames = map[string]wrapper{"base64": wrapBase64, "gzip": wrapGzip, "deflate": wrapDeflate}

// ParseStack reads "json", "gzip+json", "base64+json" and the like.
func ParseStack(text string) (Stack, error) {
	var s Stack
	layers := strings.Split(text, "+")
	f, ok := formatNames[layers[len(layers)-1]]
	if !ok {
		return s, fmt.Errorf("%q is no format: form, lines, json and ndjson are", layers[len(layers)-1])
	}
	s.Format = f
	for _, name := range layers[:len(layers)-1] {
		w, ok := wrapperNames[name]
		if !ok {
			return s, fmt.Errorf("%q is no wrapper: base64, gzip and deflate are", name)
		}
		if int(s.n) == len(s.wrappers) {
			return s, fmt.Errorf("%q has more than %d wrappers", text, len(s.wrappers))
		}
		s.wrappers[s.n] = w
		s.n++
	}
	return s, nil
}

// Opener opens values of one hit. It keeps its decompressors from hit to hit; Begin starts the next one.
type Opener struct {
	Limits Limits

	hit      *hit.Hit
	unpacked int
	inflater inflater
}

// Begin starts on another hit.
func (o *Opener) Begin(h *hit.Hit) { o.hit, o.unpacked = h, 0 }

// Open reads the value of node n with the first stack that fits and puts what is inside below n. The node is then Opened.
// ErrMalformed means that no stack fits; nothing has been changed then.
func (o *Opener) Open(n int32, stacks []Stack) error {
	h := o.hit
	value := h.Whole(hit.Body)
	if h.Nodes[n].Kind != hit.Raw {
		value = h.TextSpan(n)
	}
	for i := range stacks {
		nodes, mark := len(h.Nodes), len(h.Grow())
		err := o.read(n, value, &stacks[i])
		if err == nil {
			h.Nodes[n].Opened = true
			return nil
		}
		h.Truncate(nodes, n)
		h.Nodes[n].Wrap = hit.Wrap{}
		h.Retain(mark)
		if errors.Is(err, ErrLimit) {
			return err
		}
	}
	return ErrMalformed
}

func (o *Opener) read(n int32, value hit.Span, s *Stack) error {
	var wrap hit.Wrap
	for _, w := range s.wrappers[:s.n] {
		step, inner, err := o.unwrap(value, w)
		if err != nil {
			return err
		}
		wrap.Steps[wrap.N] = step
		wrap.N++
		value = inner
	}
	if s.Format == Form && value.Len() > 0 && o.hit.Bytes(value)[0] == '?' {
		if int(wrap.N) == len(wrap.Steps) {
			return ErrMalformed
		}
		wrap.Steps[wrap.N] = hit.QuestionMark
		wrap.N++
		value.Start++
	}
	o.hit.Nodes[n].Wrap = wrap
	return o.format(n, value, s.Format)
}

func (o *Opener) format(parent int32, value hit.Span, f Format) error {
	switch f {
	case Form:
		return o.form(parent, value)
	case Lines:
		return o.lines(parent, value)
	case JSON:
		return o.json(parent, value)
	case Records:
		return o.records(parent, value)
	default:
		return ErrMalformed
	}
}

// Query reads the hit's query as a form and returns its root.
func (o *Opener) Query() (int32, error) {
	root := int32(len(o.hit.Nodes))
	return root, o.form(hit.None, o.hit.Whole(hit.Query))
}

// Root adds the hit's body as a node to open.
func (o *Opener) Root() int32 {
	return o.hit.Append(hit.None, hit.Node{Kind: hit.Raw, Val: o.hit.Whole(hit.Body)})
}

func (o *Opener) add(parent int32, n hit.Node) (int32, error) {
	if len(o.hit.Nodes) >= o.Limits.Nodes {
		return hit.None, ErrLimit
	}
	return o.hit.Append(parent, n), nil
}

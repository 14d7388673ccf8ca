// Package codec reads and writes the wire formats of analytics hits as stacks of wrappers around one format: "lines",
// "gzip+json", "base64+json". An [Opener] labels spans and copies nothing that is not wrapped; an [Assembler] writes
// the kept and rewritten spans in one pass. With everything kept, the bytes come out as they came in.
package codec

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// ErrMalformed means that bytes are not what the format says.
var ErrMalformed = errors.New("malformed")

// ErrLimit means that a hit holds more than the limits allow.
var ErrLimit = errors.New("over a limit")

// Over is an [ErrLimit] that names the limit, by the key of the server file.
type Over string

// Error says which limit it is.
func (o Over) Error() string { return "over limits." + string(o) }

// Is tells that it is an [ErrLimit].
func (o Over) Is(target error) bool { return target == ErrLimit }

// ErrMemory means that there is no room for what a hit holds, now.
var ErrMemory = errors.New("no memory left")

// Limits bound what [Opener.Open] does.
type Limits struct {
	Depth        int // levels of nesting in one JSON value
	Nodes        int // nodes in one hit
	Decompressed int // bytes of everything unwrapped in one hit, of every layer
}

// Stack is a way to read bytes: wrappers to take off, outermost first, then a format.
type Stack struct {
	wrappers [3]uint8 // in containers
	n        uint8
	Format   Format
}

// ParseStack reads "json", "gzip+json", "base64+json" and the like.
func ParseStack(text string) (Stack, error) {
	var s Stack
	layers := strings.Split(text, "+")
	last := len(layers) - 1
	f := slices.Index(formatNames(), layers[last])
	if f < 0 {
		return s, fmt.Errorf("%q is no format: %s are", layers[last], listed(formatNames()))
	}
	s.Format = NoFormat + 1 + Format(f)
	for _, name := range layers[:last] {
		w := slices.Index(containerNames(), name)
		if w < 0 {
			return s, fmt.Errorf("%q is no wrapper: %s are", name, listed(containerNames()))
		}
		if int(s.n) == len(s.wrappers) {
			return s, fmt.Errorf("%q has more than %s", text, plural.Of(len(s.wrappers), "wrapper"))
		}
		s.wrappers[s.n] = uint8(w)
		s.n++
	}
	return s, nil
}

// Opener opens values of one hit. It keeps its decompressors from hit to hit; [Opener.Begin] starts the next one.
type Opener struct {
	Limits Limits
	Memory hit.Memory // asked for room; nil: there is always some

	hit      *hit.Hit
	unpacked int
	taken    int // of Memory
	inflater inflater
}

// Reset forgets the hit. What was unpacked last stays in the windows of the decompressors, which are not read before
// they are written anew; nothing else does.
func (o *Opener) Reset() {
	o.hit, o.Memory, o.unpacked, o.taken = nil, nil, 0, 0
	o.inflater.reset()
}

// Begin starts on another hit.
func (o *Opener) Begin(h *hit.Hit) { o.hit, o.unpacked, o.taken = h, 0, 0 }

// take takes room, or returns [ErrMemory].
func (o *Opener) take(bytes int) error {
	if o.Memory == nil {
		return nil
	}
	if !o.Memory.Take(bytes) {
		return ErrMemory
	}
	o.taken += bytes
	return nil
}

// give gives room back.
func (o *Opener) give(bytes int) {
	if o.Memory != nil {
		o.Memory.Give(bytes)
		o.taken -= bytes
	}
}

// room takes room for so many more nodes.
func (o *Opener) room(nodes int) error {
	if len(o.hit.Nodes)+nodes > o.Limits.Nodes {
		return Over("nodes")
	}
	if err := o.take(nodes * hit.NodeSize); err != nil {
		return err
	}
	if nodes > fewNodes { // in one step: growing by and by takes several times as much
		o.hit.Nodes = slices.Grow(o.hit.Nodes, nodes)
	}
	return nil
}

// fewNodes may be added without ado.
const fewNodes = 256

// Open reads the value of node n with the first stack that fits and puts what is inside below n. The node is then
// Opened. What begins as JSON is no form, wherever forms stand among the stacks: of a body never, of a value where a
// stack is JSON. A form of it would be one long name, and what it says would go unseen, while vendors look at the first
// byte alone. [ErrMalformed] means that no stack fits; nothing has been changed then.
func (o *Opener) Open(n int32, stacks []Stack) error {
	h := o.hit
	value := h.Whole(hit.Body)
	if h.Nodes[n].Kind != hit.Raw {
		value = h.TextSpan(n)
	}
	forms := h.Nodes[n].Kind != hit.Raw && !mayBeJSON(stacks)
	for i := range stacks {
		nodes, mark, taken := len(h.Nodes), len(h.Grow()), o.taken
		err := o.read(n, value, &stacks[i], forms)
		if err == nil {
			h.Nodes[n].Opened = true
			return nil
		}
		h.Truncate(nodes, n)
		h.Nodes[n].Wrap, h.Nodes[n].Anew = hit.Wrap{}, false
		h.Retain(mark)
		o.give(o.taken - taken)
		if !errors.Is(err, ErrMalformed) {
			return err
		}
	}
	return ErrMalformed
}

func mayBeJSON(stacks []Stack) bool {
	return slices.ContainsFunc(stacks, func(s Stack) bool { return s.Format == JSON || s.Format == Records })
}

// BeginsAsJSON tells whether the first byte that is no white space opens an object or a list, also behind a mark of
// byte order.
func BeginsAsJSON(text []byte) bool {
	for _, c := range bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) {
		switch c {
		case ' ', '\t', '\n', '\v', '\f', '\r':
		case '{', '[':
			return true
		default:
			return false
		}
	}
	return false
}

// read reads a value with one stack. forms tells whether what begins as JSON may be a form.
func (o *Opener) read(n int32, value hit.Span, s *Stack, forms bool) error {
	var wrap hit.Wrap
	anew := false
	for i, w := range s.wrappers[:s.n] {
		if i == 0 && containers[w].noSpaces && o.hit.Nodes[n].Kind == hit.Text {
			value = o.plusForSpace(value)
		}
		step := containers[w].step(o.hit.Bytes(value))
		anew = anew || SaysMore(o.hit.Bytes(value), step)
		inner, err := layers[step].off(o, value, step)
		if err != nil {
			return err
		}
		wrap.Steps[wrap.N] = step
		wrap.N++
		value = inner
	}
	if !forms && (s.Format == Form || s.Format == Lines) && BeginsAsJSON(o.hit.Bytes(value)) {
		return ErrMalformed
	}
	if s.Format == Form && value.Len() > 0 && o.hit.Bytes(value)[0] == '?' {
		if int(wrap.N) == len(wrap.Steps) {
			return ErrMalformed
		}
		wrap.Steps[wrap.N] = QuestionMark
		wrap.N++
		value.Start++
	}
	o.hit.Nodes[n].Wrap, o.hit.Nodes[n].Anew = wrap, anew
	if read := formats[s.Format].read; read != nil {
		return read(o, n, value)
	}
	return ErrMalformed
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

// list adds the node of a form, of lines or of records.
func (o *Opener) list(parent int32, kind hit.Kind, value hit.Span) (int32, error) {
	if err := o.room(1); err != nil {
		return hit.None, err
	}
	return o.hit.Append(parent, hit.Node{Kind: kind, Val: value}), nil
}

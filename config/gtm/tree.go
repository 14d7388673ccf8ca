package gtm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Bounds of a container. The largest that Google publishes has 200 KB of script;
// exports with templates have some 700 KB.
const (
	mostBytes  = 16 << 20
	mostValues = 400_000 // of all kinds, members of objects included
	mostDepth  = 64
)

// node is a value of a JSON document, and where it begins.
type node struct {
	at   int
	kind byte // '{', '[', '"', '0' (number), 't' (true or false), 'n' (null)
	text string
	yes  bool
	list []node           // of "["
	of   map[string]*node // of '{'
}

// tree is a document as it was read: for the places of faults.
type tree struct {
	name string
	text []byte
	dec  *json.Decoder
	left int // values that may still come
}

// fault is an error at a place of the document: name:line:column, both counted from 1, the column in characters.
func (t *tree) fault(at int, format string, args ...any) error {
	before := t.text[:min(at, len(t.text))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Errorf("%s:%d:%d: %s", t.name, line, column, fmt.Sprintf(format, args...))
}

// parse reads a document within the bounds. A name that stands twice in an object is a fault: readers would disagree on
// which of the two holds.
func parse(name string, text []byte) (*tree, *node, error) {
	t := &tree{name: name, text: text, left: mostValues}
	if len(text) > mostBytes {
		return t, nil, fmt.Errorf("%s has more than %d MiB: no container is as large", name, mostBytes>>20)
	}
	if !utf8.Valid(text) {
		at := 0
		for at < len(text) {
			r, size := utf8.DecodeRune(text[at:])
			if r == utf8.RuneError && size < 2 {
				break
			}
			at += size
		}
		return t, nil, t.fault(at, "this is no UTF-8: exports of Tag Manager are")
	}
	if mark := []byte("\ufeff"); bytes.HasPrefix(text, mark) {
		t.text = bytes.Replace(text, mark, []byte("   "), 1) // the places stay
	}
	t.dec = json.NewDecoder(bytes.NewReader(t.text))
	t.dec.UseNumber()
	root, err := t.value(1)
	if err != nil {
		return t, nil, err
	}
	end := t.next()
	if _, err := t.dec.Token(); !errors.Is(err, io.EOF) {
		return t, nil, t.fault(end, "something follows behind the container: one document is right")
	}
	return t, root, nil
}

// next is where the next value begins.
func (t *tree) next() int {
	at := int(t.dec.InputOffset())
	for at < len(t.text) && bytes.IndexByte([]byte(" \t\r\n,:"), t.text[at]) >= 0 {
		at++
	}
	return at
}

// token reads a token, and says where it begins.
func (t *tree) token() (json.Token, int, error) {
	at := t.next()
	token, err := t.dec.Token()
	if err == nil {
		return token, at, nil
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return nil, at, t.fault(at, "this is no JSON from here on: exports of Tag Manager are")
	}
	return nil, at, t.fault(len(t.text), "the document breaks off here")
}

func (t *tree) value(depth int) (*node, error) {
	token, at, err := t.token()
	if err != nil {
		return nil, err
	}
	if t.left--; t.left < 0 {
		return nil, t.fault(at, "there are more than %d values up to here: no container has as many", mostValues)
	}
	n := &node{at: at}
	switch token := token.(type) {
	case json.Delim:
		if depth > mostDepth {
			return nil, t.fault(at, "this is nested more than %d levels deep: no container is", mostDepth)
		}
		n.kind = byte(token)
		return n, t.inside(n, depth)
	case string:
		n.kind, n.text = '"', token
	case json.Number:
		n.kind, n.text = '0', token.String()
	case bool:
		n.kind, n.yes = 't', token
	default:
		n.kind = 'n'
	}
	return n, nil
}

// inside reads what an object or a list holds, up to its end.
func (t *tree) inside(n *node, depth int) error {
	if n.kind == '{' {
		n.of = map[string]*node{}
	}
	for t.dec.More() {
		name := ""
		if n.kind == '{' {
			token, at, err := t.token()
			if err != nil {
				return err
			}
			name, _ = token.(string)
			if n.of[name] != nil {
				return t.fault(at, "%s stands twice in one object", shown(name))
			}
		}
		member, err := t.value(depth + 1)
		if err != nil {
			return err
		}
		if n.kind == '{' {
			n.of[name] = member
		} else {
			n.list = append(n.list, *member)
		}
	}
	_, _, err := t.token()
	return err
}

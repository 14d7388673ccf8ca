package codec

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// form reads "a=1&b=2" (WHATWG URL, application/x-www-form-urlencoded). Control bytes are not part of any such text.
func (o *Opener) form(parent int32, value hit.Span) error {
	root, err := o.list(parent, hit.Form, value)
	if err != nil {
		return err
	}
	text := o.hit.Bytes(value)
	if err := o.room(bytes.Count(text, []byte{'&'}) + min(len(text), 1)); err != nil {
		return err
	}
	if ascii.HasControl(text) {
		return ErrMalformed
	}
	percent, plus := ahead{'%', -1}, ahead{'+', -1}
	for at := 0; at < len(text); {
		key := at
		for key < len(text) && text[key] != '=' && text[key] != '&' {
			key++
		}
		end, val := key, key
		if key < len(text) && text[key] == '=' {
			val, end = key+1, len(text)
			if i := bytes.IndexByte(text[val:], '&'); i >= 0 {
				end = val + i
			}
		}
		if end > at {
			i := o.hit.Append(root, hit.Node{Kind: hit.Text, Key: sub(value, at, key), Val: sub(value, val, end)})
			if percent.from(text, at) >= end && plus.from(text, at) >= end {
				n := &o.hit.Nodes[i]
				n.KeyIs(n.Key)
				n.TextIs(n.Val)
			}
		}
		at = end + 1
	}
	return nil
}

// ahead knows where a byte comes next in a text that is gone over from its beginning to its end. It begins with -1.
type ahead struct {
	c    byte
	next int
}

// from is where the byte comes next, from i on: the text's length, where it does not. i never gets less.
func (a *ahead) from(text []byte, i int) int {
	if a.next < i {
		a.search(text, i)
	}
	return a.next
}

func (a *ahead) search(text []byte, i int) {
	a.next = len(text)
	if n := bytes.IndexByte(text[i:], a.c); n >= 0 {
		a.next = i + n
	}
}

// lines reads forms, one a line, ended by LF or CR LF; empty lines are nothing.
func (o *Opener) lines(parent int32, value hit.Span) error {
	root, err := o.list(parent, hit.Lines, value)
	if err != nil {
		return err
	}
	return o.eachLine(value, func(line hit.Span) error { return o.form(root, line) })
}

// records reads JSON values, one a line.
func (o *Opener) records(parent int32, value hit.Span) error {
	root, err := o.list(parent, hit.Records, value)
	if err != nil {
		return err
	}
	return o.eachLine(value, func(line hit.Span) error { return o.json(root, line) })
}

func (o *Opener) eachLine(value hit.Span, each func(hit.Span) error) error {
	text := o.hit.Bytes(value)
	for at := 0; at < len(text); {
		end, next := len(text), len(text)
		if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
			end, next = at+i, at+i+1
		}
		if end > at && text[end-1] == '\r' {
			end--
		}
		if end > at {
			if err := each(sub(value, at, end)); err != nil {
				return err
			}
		}
		at = next
	}
	return nil
}

func sub(s hit.Span, from, to int) hit.Span {
	return hit.Span{Buf: s.Buf, Start: s.Start + uint32(from), End: s.Start + uint32(to)}
}

// questionMark is what stands in front of a form that was cut out of an address with it.
var questionMark = layer{
	on: func(_ *Assembler, dst, inner []byte, _ hit.Step) []byte { return append(append(dst, '?'), inner...) },
}

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
	for at := 0; at < len(text); {
		end := len(text)
		if i := bytes.IndexByte(text[at:], '&'); i >= 0 {
			end = at + i
		}
		if end > at {
			key, val := end, end
			if i := bytes.IndexByte(text[at:end], '='); i >= 0 {
				key, val = at+i, at+i+1
			}
			o.hit.Append(root, hit.Node{Kind: hit.Text, Key: sub(value, at, key), Val: sub(value, val, end)})
		}
		at = end + 1
	}
	return nil
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

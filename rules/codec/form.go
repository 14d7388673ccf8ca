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
	all := formByte(0) // what any byte is
	for at := 0; at < len(text); {
		key, inKey := partEnd(text, at, isEqual|isAnd)
		end, val, inVal := key, key, formByte(0)
		if key < len(text) && text[key] == '=' {
			val = key + 1
			end, inVal = partEnd(text, val, isAnd)
		}
		all |= inKey | inVal
		if end > at {
			key, val := sub(value, at, key), sub(value, val, end)
			n := &o.hit.Nodes[hit.Add(o.hit, root, hit.Text, key, val)]
			if inKey&isEscape == 0 {
				n.KeyIs(key)
			}
			if inVal&isEscape == 0 {
				n.TextIs(val)
			}
			n.Atless = inVal&(isEscape|isAt) == 0
		}
		at = end + 1
	}
	if all&isControl != 0 {
		return ErrMalformed
	}
	return nil
}

// formByte is what a byte is in a form, as bits. Most are plain text, and none of them.
type formByte uint8

// What bytes of a form are. An escape is a plus, too: it stands for a space.
const (
	isEqual formByte = 1 << iota
	isAnd
	isEscape
	isControl
	isAt // an "@" may begin with it, full-width or escaped in what it is a text of
)

var formBytes = func() (all [256]formByte) {
	for c := range all {
		if ascii.HasControl([]byte{byte(c)}) {
			all[c] = isControl
		}
	}
	all['@'], all['\\'], all["\uff20"[0]] = isAt, isAt, isAt
	all['='], all['&'], all['%'], all['+'] = isEqual, isAnd, isEscape, isEscape
	return all
}()

// partEnd returns where a part of a form ends that begins at i: at a byte that ends it, or at the text's end; and what
// the bytes in it are.
func partEnd(text []byte, i int, ends formByte) (end int, are formByte) {
	for ; i < len(text); i++ {
		is := formBytes[text[i]]
		if is&ends != 0 {
			break
		}
		are |= is
	}
	return i, are
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

package catalog

import (
	"bytes"
	"errors"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// open opens a value that holds more. It tells whether that was all there is to do.
func (r *reading) open(i, field int32) (done bool, err error) {
	h, f := r.h, &r.v.Fields[field]
	n := &h.Nodes[i]
	if n.Opened || !isText[n.Kind] || n.Val.Len() == 0 {
		return false, nil
	}
	if len(f.Open) == 0 {
		return r.openJSON(i, f)
	}
	if r.v.closed.has(field) && (!mayHoldK(h.Bytes(n.Val)) || !namesOfOwn(h.Text(i))) {
		return false, nil
	}
	err = r.o.Open(i, f.Open)
	if !errors.Is(err, codec.ErrMalformed) {
		return err == nil, err
	}
	text := h.Text(i)
	if len(text) == 0 || !f.whole && !codec.BeginsAsJSON(text) {
		return false, nil
	}
	h.Nodes[i].Class = hit.Unknown // nobody can say what is in it
	return true, nil
}

// Close says of a field that nothing of it travels: an item whose values have only the vendor's own names is then left
// closed. What a site named may be an identifier, by which objections are looked up.
func (v *Vendor) Close(field int) {
	if f := &v.Fields[field]; f.said && len(f.Open) == 1 && f.Open[0].Format == codec.Item {
		v.closed.add(field, len(v.Fields))
	}
}

// fieldSet is a set of fields, by number.
type fieldSet []bool

func (s *fieldSet) add(field, of int) {
	if *s == nil {
		*s = make(fieldSet, of)
	}
	(*s)[field] = true
}

func (s fieldSet) has(field int32) bool { return s != nil && s[field] }

// mayHoldK tells whether a "k" may be in a value, escaped or not: names of a site's own begin with it, and most values
// need not be decoded to see that there are none.
func mayHoldK(raw []byte) bool {
	return bytes.IndexByte(raw, 'k') >= 0 || bytes.IndexByte(raw, '\\') >= 0 || bytes.Contains(raw, []byte("%6"))
}

// namesOfOwn tells whether there may be names of a site's own in an item.
func namesOfOwn(text []byte) bool {
	for i, c := range text {
		if c == 'k' && i+1 < len(text) && (i == 0 || text[i-1] == '~') {
			if next := text[i+1]; ascii.IsDigit(next) || next >= 'A' && next <= 'Z' {
				return true
			}
		}
	}
	return false
}

// openJSON opens what a site wrote as JSON into a text of its own.
func (r *reading) openJSON(i int32, f *FieldInfo) (done bool, err error) {
	h := r.h
	if raw := h.Bytes(h.Nodes[i].Val); len(raw) < 2 || ascii.IsAlnum(raw[0]) || raw[0] == '"' && ascii.IsAlnum(raw[1]) {
		return false, nil // escaped or not, it begins with no bracket
	}
	if !f.Names && !placed[f.Class] || h.Nodes[i].Layers&^ofSite >= mostLayers || !holdsJSON(h.Text(i)) {
		return false, nil
	}
	r.alias(i, f) // what is below is of its class, too
	switch err := r.o.Open(i, asJSON); {
	case errors.Is(err, codec.ErrMalformed):
		return false, nil
	case errors.Is(err, codec.Over("depth")):
		h.Nodes[i].Class = hit.Unknown
		return true, nil
	default:
		return err == nil, err
	}
}

// isText are the kinds of values that are texts.
var isText = [hit.Quoted + 1]bool{hit.Text: true, hit.String: true, hit.Glued: true, hit.Quoted: true}

// asJSON reads JSON.
var asJSON = []codec.Stack{{Format: codec.JSON}}

// ofSite marks, in a node's Layers, what a site wrote as JSON into a text: the names in it are the site's.
const ofSite = 0x80

// mostLayers bounds how many texts are opened inside each other without being listed, longestJSON how long one is, in
// bytes: what is longer is not looked over for personal data, and so not sent.
const (
	mostLayers  = 3
	longestJSON = 16 << 10
)

// holdsJSON tells whether a text looks like an object or a list of JSON.
func holdsJSON(text []byte) bool {
	if len(text) < 2 || len(text) > longestJSON || text[0] != '{' && text[0] != '[' && text[0] > ' ' {
		return false
	}
	text = bytes.TrimSpace(text)
	if len(text) < 2 {
		return false
	}
	last := text[len(text)-1]
	return text[0] == '{' && last == '}' || text[0] == '[' && last == ']'
}

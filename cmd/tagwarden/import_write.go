package main

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// write appends a row as the API takes it. A comma stands before each.
func (im *importing) write(b []byte, r *row) []byte {
	b = append(b, ',')
	if r.whole != "" {
		return append(b, r.whole...)
	}
	b = append(b, `{"ids":{`...)
	for i, id := range r.ids {
		if slices.ContainsFunc(r.ids[:i], func(other value) bool { return other.name == id.name }) {
			continue // it stands with the first one
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, id.name), ':', '[')
		for k, other := range r.ids[i:] {
			if other.name != id.name {
				continue
			}
			if k > 0 {
				b = append(b, ',')
			}
			b = appendText(b, other.text)
		}
		b = append(b, ']')
	}
	b = append(b, '}')
	if r.about == ([6]string{}) {
		return append(append(append(b, ','), im.common...), '}')
	}
	own := im.flags
	if r.about[0] != "" {
		own.Purposes, own.Vendors, own.All = nil, nil, false
		for _, scope := range strings.FieldsFunc(r.about[0], func(c rune) bool { return strings.ContainsRune(" ,;|", c) }) {
			if vendor, is := strings.CutPrefix(scope, "vendor:"); is {
				own.Vendors = append(own.Vendors, vendor)
			} else if scope == objection.All {
				own.All = true
			} else {
				own.Purposes = append(own.Purposes, scope)
			}
		}
	}
	for i, field := range [6]*string{nil, &own.Time, &own.Source, &own.Channel, &own.Campaign, &own.Site} {
		if field != nil && r.about[i] != "" {
			*field = r.about[i]
		}
	}
	text, err := json.Marshal(own)
	if err != nil {
		panic("BUG: an objection is no JSON: " + err.Error())
	}
	return append(append(b, ','), text[1:]...)
}

// appendText appends a text as JSON.
func appendText(b []byte, text string) []byte {
	if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' }) {
		quoted, err := json.Marshal(text)
		if err != nil {
			panic("BUG: a text is no JSON: " + err.Error())
		}
		return append(b, quoted...)
	}
	return append(append(append(b, '"'), text...), '"')
}

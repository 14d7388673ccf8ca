package lists

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// Act is an objection as the API takes it.
type Act struct {
	IDs         map[string][]string `json:"ids,omitempty"`
	Purposes    []string            `json:"purposes,omitempty"`
	Vendors     []string            `json:"vendors,omitempty"`
	All         bool                `json:"all,omitempty"`
	Restriction bool                `json:"restriction,omitempty"`
	Complaint   bool                `json:"complaint,omitempty"`
	Site        string              `json:"site,omitempty"`
	Channel     string              `json:"channel,omitempty"`
	Campaign    string              `json:"campaign,omitempty"`
	Source      string              `json:"source,omitempty"`
	Time        string              `json:"time,omitempty"`
	Because     string              `json:"because,omitempty"`
	EveryAct    bool                `json:"every_act,omitempty"`
	Country     string              `json:"country,omitempty"` // of phone numbers that do not say theirs
}

// Common is what of an objection holds for every row that says nothing else, as JSON without its braces.
func (a *Act) Common() []byte {
	text, err := json.Marshal(a)
	if err != nil {
		panic("BUG: an objection is no JSON: " + err.Error())
	}
	return text[1 : len(text)-1]
}

// Append appends a row as the API takes it, with what a holds where the row says nothing else; common is what a.Common
// gives. A comma stands before each.
func (r *Row) Append(b []byte, a *Act, common []byte) []byte {
	b = append(b, ',')
	if r.Whole != "" {
		return append(b, r.Whole...)
	}
	b = append(b, `{"ids":{`...)
	for i, id := range r.IDs {
		if slices.ContainsFunc(r.IDs[:i], func(other ID) bool { return other.Name == id.Name }) {
			continue // it stands with the first one
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, id.Name), ':', '[')
		for k, other := range r.IDs[i:] {
			if other.Name != id.Name {
				continue
			}
			if k > 0 {
				b = append(b, ',')
			}
			b = appendText(b, other.Text)
		}
		b = append(b, ']')
	}
	b = append(b, '}')
	if r.about == ([6]string{}) {
		return append(append(append(b, ','), common...), '}')
	}
	own := *a
	if r.about[0] != "" {
		own.Purposes, own.Vendors, own.All = nil, nil, false
		for _, scope := range strings.FieldsFunc(r.about[0], func(c rune) bool {
			return strings.ContainsRune(" ,;|",
				c)
		}) {
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

package iab

import (
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// USP is a US privacy string of version 1 (IAB CCPA Compliance Framework): each field is 'Y', 'N' or '-', not
// applicable. The zero value is no string.
type USP struct {
	Notice     byte // notice was given, and the opportunity to opt out
	OptOutSale byte // the visitor opted out of the sale of their data
	LSPA       byte // covered by the Limited Service Provider Agreement
}

// maxUSP bounds the JSON form.
const maxUSP = 1024

// DecodeUSP decodes a US privacy string, "1YNN", bare or in the JSON that iubenda keeps in
// the cookie: {"uspString":"1YNN",...}.
func DecodeUSP(text []byte) (USP, error) {
	if len(text) > 0 && text[0] == '{' {
		var f fault
		if text, f = uspMember(text); f != fine {
			return USP{}, f
		}
	}
	u, f := decodeUSP(text)
	if f != fine {
		return USP{}, f
	}
	return u, nil
}

func decodeUSP(text []byte) (USP, fault) {
	switch {
	case len(text) != 4:
		return USP{}, notFour
	case text[0] != '1':
		return USP{}, uspVersion
	}
	for _, c := range text[1:] {
		if c != 'Y' && c != 'N' && c != '-' {
			return USP{}, uspLetter
		}
	}
	return USP{Notice: text[1], OptOutSale: text[2], LSPA: text[3]}, fine
}

// uspMember finds the one member uspString.
func uspMember(text []byte) (found []byte, f fault) {
	if len(text) > maxUSP {
		return nil, tooLong
	}
	if !read.JSON(text) {
		return nil, badJSON
	}
	f = noUSPString
	gjson.Parse(read.String(text)).ForEach(func(key, value gjson.Result) bool {
		switch {
		case key.Str != "uspString":
		case value.Type != gjson.String:
			f = uspNoText
			return false
		case found != nil:
			f = uspTwice
			return false
		default:
			found, f = []byte(value.Str), fine
		}
		return true
	})
	return found, f
}

// Applies tells whether the string says that the CCPA applies at all.
func (u USP) Applies() bool { return u != USP{} && u != USP{'-', '-', '-'} }

// OptedOut tells whether the visitor opted out of sale. That holds even where no notice was given.
func (u USP) OptedOut() bool { return u.OptOutSale == 'Y' }

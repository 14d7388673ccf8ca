package cmp

import (
	"bytes"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// keep keeps a cookie that is a string by its name. Two that differ are none: sources of their own read them.
func (st *IABStrings) keep(t *decoded, name, value []byte) {
	into := st.named(name)
	if into == nil || len(value) == 0 || len(value) > read.MaxCookie {
		return
	}
	value = t.plain(value)
	if string(name) == "usprivacy" && value[0] == '{' {
		if value = wrappedUSP(t, value); value == nil {
			return
		}
	}
	if *into == nil {
		*into = value
	} else if !bytes.Equal(*into, value) {
		*into = value[:0]
	}
}

// named knows the cookies that many platforms write beside their own: TCF 2 (the name is in general
// use, the specification leaves it open), Google's additional consent, US privacy, and GPP as seen in
// the wild; and OneTrust's names for them.
func (st *IABStrings) named(name []byte) *[]byte {
	switch string(name) {
	case "euconsent-v2", "eupubconsent-v2":
		return &st.TC
	case "addtl_consent", "OTAdditionalConsentString":
		return &st.AC
	case "usprivacy":
		return &st.USP
	case "__gpp", "OTGPPConsent":
		return &st.GPP
	case "__gpp_sid":
		return &st.GPPSID
	default:
		return nil
	}
}

// wrappedUSP takes the string out of {"uspString":"1YN-","optOutDate":null}, as iubenda writes it.
func wrappedUSP(t *decoded, value []byte) []byte {
	object, _ := t.object(value) // what is no object has no members
	var usp []byte
	twice := false
	object.ForEach(func(key, value gjson.Result) bool {
		if key.Str == "uspString" && value.Type == gjson.String {
			usp, twice = read.Bytes(value.Str), usp != nil
		}
		return !twice
	})
	if twice {
		return nil
	}
	return usp
}

package objection

import (
	"strings"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/contact"
)

// Masked is an identifier in its normal form, with most of it left out, so that whoever gave it sees what was understood:
// j***@example.com, +49 *** 77. It may be answered to them, and stands in no log and no record.
type Masked struct {
	Name string `json:"name"`
	Is   string `json:"is"`
}

// Mask leaves most of an identifier out.
func Mask(id ID) Masked {
	const rest = "***"
	text := []byte(id.Value)
	if sum, ok := contact.AppendHash(nil, text, 32); ok {
		return Masked{id.Name, string(sum[:6]) + rest}
	}
	if sum, ok := contact.AppendHash(nil, text, 16); ok && (id.Name == "email" || id.Name == "email_md5") {
		return Masked{id.Name, string(sum[:6]) + rest}
	}
	switch id.Name {
	case "email":
		in := contact.ReadAddresses(text)
		if one, ok := in.Append(nil); ok {
			local, domain, _ := strings.Cut(string(one), "@")
			_, first := utf8.DecodeRuneInString(local)
			return Masked{id.Name, local[:first] + rest + "@" + domain}
		}
	case "phone":
		if digits, _, how := contact.AppendPhone(nil, text, nil); how != contact.NoNumber && len(digits) > 6 {
			code := contact.CallingCode(digits)
			return Masked{id.Name, "+" + string(digits[:code]) + " " + rest + " " + string(digits[len(digits)-2:])}
		}
	}
	if text := strings.TrimSpace(id.Value); len(text) > 8 {
		_, first := utf8.DecodeRuneInString(text)
		_, last := utf8.DecodeLastRuneInString(text)
		return Masked{id.Name, text[:first] + rest + text[len(text)-last:]}
	}
	return Masked{id.Name, rest}
}

// MaskAll leaves most of each identifier out.
func MaskAll(ids []ID) []Masked {
	all := make([]Masked, len(ids))
	for i, id := range ids {
		all[i] = Mask(id)
	}
	return all
}

package objection

import (
	"errors"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/ascii"
)

// ErrPlaceholder says that an identifier is a text that stands where there is none. See [rules.Placeholder].
var ErrPlaceholder = errors.New("it stands where somebody has no identifier (0, null, anonymous ...): " +
	"an objection by it would be everybody's who has none")

// Unmatchable says why an identifier is in no event, so that an objection for it would be in force for nobody; nil
// where it may be in one. The name is that of an [ID]; nothing of the value is in the error.
func Unmatchable(name, value string) error {
	value = strings.TrimSpace(value)
	switch {
	case value != "" && rules.Placeholder([]byte(value)):
		return ErrPlaceholder
	case (name == "phone" || name == "user_id") && Rounded(value):
		return errors.New("it is a number as a spreadsheet shows a long one (4.9E+11), its last digits are lost: " +
			"format the column as text, and export it again")
	case name == "phone":
		return phone(value)
	case name == "email":
		local, domain, found := strings.Cut(value, "@")
		if found && (local == "" || domain == "" || strings.ContainsFunc(value, blank)) {
			return errors.New("it is no address: jane@example.com is one")
		}
	}
	return nil
}

// Rounded tells whether a text is a number as spreadsheets show long ones: 4.9E+11, in some languages 4,9E+11.
func Rounded(text string) bool {
	mantissa, exponent, found := strings.Cut(strings.ToUpper(text), "E+")
	whole, fraction, _ := strings.Cut(strings.Replace(mantissa, ",", ".", 1), ".")
	return found && len(whole) == 1 && allDigits(whole) && allDigits(fraction) && exponent != "" && allDigits(exponent)
}

func allDigits(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > '~' || !ascii.IsDigit(byte(r)) })
}

func blank(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }

// phone says what is wrong with a phone number. Without "+" or "00" in front it begins with the country's code where it
// is longer than numbers within a country mostly are: 491713920077.
func phone(value string) error {
	var digits []byte
	for i := range len(value) {
		if ascii.IsDigit(value[i]) {
			digits = append(digits, value[i])
		}
	}
	text := string(digits)
	if strings.HasPrefix(value, "+") || strings.HasPrefix(text, "00") || len(text) > 10 && text[0] != '0' ||
		text == "" { // whether anything is in it is asked where it is normalised
		return nil
	}
	return errors.New("it has no country: +49 30 1234567 is right, with the country's code in front")
}

// Addresses are the addresses in a text that may list several, apart by comma, semicolon, bar or blank, with names
// beside them (Jane <jane@example.com>) or mailto: in front; the text itself where it is one, or none is in it.
func Addresses(text string) []string {
	text = strings.TrimSpace(text)
	if strings.Contains(text, `"`) || !strings.ContainsAny(text, ",;| \t\n\r<:") {
		return []string{text}
	}
	var all []string
	apart := func(r rune) bool { return blank(r) || strings.ContainsRune(",;|<>", r) }
	for part := range strings.FieldsFuncSeq(text, apart) {
		if len(part) > 7 && strings.EqualFold(part[:7], "mailto:") {
			part = part[7:]
		}
		if strings.Contains(part, "@") {
			all = append(all, part)
		}
	}
	if len(all) == 0 {
		return []string{text}
	}
	return all
}

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

// Unmatchable says why an identifier is in no event whatever it is of, so that an objection for it would be in force for
// nobody; nil where it may be in one. The name is that of an [ID]; nothing of the value is in the error.
func Unmatchable(name, value string) error {
	value = strings.TrimSpace(value)
	switch {
	case value != "" && rules.Placeholder([]byte(value)) && (name != "email" || value != "@"): // that is no address
		return ErrPlaceholder
	case (name == "phone" || name == "user_id") && Rounded(value):
		return errors.New("it is a number as a spreadsheet shows a long one (4.9E+11), its last digits are lost: " +
			"format the column as text, and export it again")
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

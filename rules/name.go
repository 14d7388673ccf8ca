package rules

import (
	"strings"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/scrub"
)

// MaxName is how many characters of an event's name the ledger keeps.
const MaxName = 64

// ScrubName is an event's name as the ledger keeps it: without what looks like personal data or a control character, at most MaxName
// characters of it.
func ScrubName(name string) string {
	clean, _ := scrub.Append(nil, []byte(name), scrub.All)
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(clean), "\ufffd"))
	if utf8.RuneCountInString(text) > MaxName {
		text = string([]rune(text)[:MaxName])
	}
	return text
}

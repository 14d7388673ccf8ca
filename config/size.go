package config

import (
	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// Size is a number of bytes, written as "512B", "64KiB", "1MiB" or "2GiB".
type Size = catalog.Size

// quantity takes "90d" apart; a text that does not begin with a digit has no number.
func quantity(text string) (number, unit string) {
	end := 0
	for end < len(text) && ascii.IsDigit(text[end]) {
		end++
	}
	return text[:end], text[end:]
}

package main

import (
	"strconv"
	"strings"
)

// echoed is what somebody typed, as a message shows it. What may name a person is left out of it, since scripts keep
// what a verb says to whom it fails: of NAME=VALUE the value, and all of what looks like an address, a number or a
// hash. Ok is false where nothing of it is shown.
func echoed(text string) (shown string, ok bool) {
	if name, _, found := strings.Cut(text, "="); found && name != "" {
		if shown, ok = echoed(name); ok {
			return strings.TrimSuffix(shown, `"`) + `=***"`, true
		}
		return "", false
	}
	if personal(text) {
		return "", false
	}
	return strconv.Quote(text), true
}

// fewestDigits is how many digits a text has that may be somebody's number.
const fewestDigits = 7

// personal tells whether a text may be an identifier of a person by its looks.
func personal(text string) bool {
	if strings.ContainsAny(text, "@\uff20\ufe6b") || strings.Contains(text, "%40") {
		return true
	}
	digits, hex := 0, 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
			hex++
		case r >= 'a' && r <= 'f', r >= 'A' && r <= 'F':
			hex++
		}
	}
	return digits >= fewestDigits || hex >= 16
}

// echoedOr is what somebody typed, or what stands for it where that is not shown.
func echoedOr(text, otherwise string) string {
	if shown, ok := echoed(text); ok {
		return shown
	}
	return otherwise
}

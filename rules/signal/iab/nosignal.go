package iab

import "bytes"

// NoSignal tells whether the place of a consent string holds what stands there when there is none: nothing, a macro
// that nobody replaced (${GDPR_CONSENT_755}, %%GDPR%%, {{gdpr}}), or a script's word for nothing.
func NoSignal(text []byte) bool {
	switch string(text) {
	case "", "undefined", "null", "NaN", "[object Object]":
		return true
	}
	for _, pair := range [...][2]string{{"${", "}"}, {"%%", "%%"}, {"{{", "}}"}} {
		if bytes.HasPrefix(text, []byte(pair[0])) && bytes.HasSuffix(text, []byte(pair[1])) {
			return true
		}
	}
	return false
}

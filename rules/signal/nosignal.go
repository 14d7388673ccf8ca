package signal

import "bytes"

// NoSignal tells whether the place of a consent string holds what stands there when there is none: nothing, a macro that nobody replaced
// ("${GDPR_CONSENT_755}"), or a script's word for nothing.
func NoSignal(text []byte) bool {
	switch string(text) {
	case "", "undefined", "null":
		return true
	default:
		return bytes.HasPrefix(text, []byte("${")) && bytes.HasSuffix(text, []byte("}"))
	}
}

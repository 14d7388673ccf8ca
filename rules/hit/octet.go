package hit

import "strings"

// Hex is the value of a hexadecimal digit, 16 where it is none.
func Hex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	default:
		return 16
	}
}

// IsToken tells whether a byte may stand in a token, as names of headers are (RFC 9110, section 5.6.2).
func IsToken(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

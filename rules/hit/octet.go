package hit

import "github.com/tagwarden/tagwarden/rules/ascii"

// Hex is [ascii.Hex].
func Hex(c byte) byte { return ascii.Hex(c) }

// IsToken is [ascii.IsToken].
func IsToken(c byte) bool { return ascii.IsToken(c) }

// EqualFold is [ascii.EqualFold].
func EqualFold(a []byte, b string) bool { return ascii.EqualFold(a, b) }

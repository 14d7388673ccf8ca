package minimise

import "github.com/tagwarden/tagwarden/rules/ascii"

// isNumber tells whether the text is a number of JSON without an exponent (RFC 8259, section 6).
func isNumber(b []byte) bool {
	whole, decimals := numberParts(b)
	return whole > 0 && whole+decimals == len(b)
}

// numberParts returns the length of a number's sign and whole part, and of its
// point and decimals; 0, 0 where it is none.
func numberParts(b []byte) (whole, decimals int) {
	i := 0
	if i < len(b) && b[i] == '-' {
		i++
	}
	start := i
	for i < len(b) && ascii.IsDigit(b[i]) {
		i++
	}
	if i == start || i-start > 1 && b[start] == '0' {
		return 0, 0
	}
	whole = i
	if i < len(b) && b[i] == '.' {
		i++
		for i < len(b) && ascii.IsDigit(b[i]) {
			i++
		}
		if i == whole+1 {
			return 0, 0
		}
	}
	return whole, i - whole
}

// textOrNumber is the outcome of rewriting a number as a number.
func textOrNumber(v Value) Outcome {
	if v.Kind == NumberValue {
		return RewrittenNumber
	}
	return Rewritten
}

package catalog

import (
	"fmt"
	"strconv"
	"strings"
)

// Size is a number of bytes, written as "512B", "64KiB", "1MiB" or "2GiB".
type Size int

var sizeUnits = []struct {
	name  string
	bytes Size
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(string(text), u.name)
		if !ok {
			continue
		}
		if n, err := strconv.ParseUint(number, 10, 40); err == nil && int(n) <= 1<<40/int(u.bytes) {
			*s = Size(n) * u.bytes
			return nil
		}
		break
	}
	return fmt.Errorf("%.64q is no size: write a whole number and B, KiB, MiB or GiB, as in 1MiB", text)
}

// String writes the size in the largest unit that divides it.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s >= u.bytes && s%u.bytes == 0 {
			return strconv.Itoa(int(s/u.bytes)) + u.name
		}
	}
	return strconv.Itoa(int(s)) + "B"
}

// MarshalText writes what UnmarshalText reads.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

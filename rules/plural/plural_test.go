package plural_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// TestOf: one thing is no things, whatever it is counted in.
func TestOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		said, want string
	}{
		{plural.Of(0, "warning"), "0 warnings"},
		{plural.Of(1, "warning"), "1 warning"},
		{plural.Of(2, "waiting event"), "2 waiting events"},
		{plural.Of(-1, "day"), "-1 days"},
		{plural.Of(11, "activity"), "11 activities"},
		{plural.Of(2, "key"), "2 keys"},
		{plural.Of(3, "address"), "3 addresses"},
		{plural.Of(4, "hash"), "4 hashes"},
		{plural.Of(uint8(1), "reply"), "1 reply"},
		{plural.Of(uint64(1<<64-1), "byte"), "18446744073709551615 bytes"},
		{plural.Of(int64(-1<<63), "byte"), "-9223372036854775808 bytes"},
		{plural.Are(1, "record"), "1 record is"},
		{plural.Are(0, "record"), "0 records are"},
		{plural.Verb(1, "waits", "wait"), "waits"},
		{plural.Verb(uint32(2), "waits", "wait"), "wait"},
	} {
		if c.said != c.want {
			t.Errorf("%q, want %q", c.said, c.want)
		}
	}
}

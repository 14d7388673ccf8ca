package batch

import (
	"strings"
	"testing"
)

// TestEscapedBetween: a part of an escaped value, taken as it is written, says what that part of its text does.
func TestEscapedBetween(t *testing.T) {
	for _, value := range []string{"", "a", "%41", "+", "%2541", "%25%32%35", "a%2Bb+c",
		"%5B%7B%22a%22%3A%2225%25%22%7D%5D", "%C3%BC25%25", "%0a%0A"} {
		text, ok := unescape(nil, []byte(value))
		if !ok {
			t.Fatal(value)
		}
		for before := range len(text) + 1 {
			for behind := range len(text) - before + 1 {
				part := escapedBetween([]byte(value), before, behind)
				got, ok := unescape(nil, part)
				if want := string(text[before : len(text)-behind]); !ok || string(got) != want {
					t.Errorf("%s without %d bytes and %d: %s says %q, want %q", value, before, behind, part, got, want)
				}
			}
		}
	}
}

// TestEscapedThrough: every byte that somebody may take for more than it is, is escaped before several travel together.
func TestEscapedThrough(t *testing.T) {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()%+"
	for c := range 256 {
		if got, want := escapedThrough([]byte{'a', byte(c), 'b'}), strings.IndexByte(plain, byte(c)) >= 0; got != want {
			t.Errorf("%q stands as it is: %v, want %v", byte(c), got, want)
		}
	}
}

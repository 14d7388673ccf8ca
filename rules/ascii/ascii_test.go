package ascii_test

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/ascii"
)

// TestBytes holds every byte against lists of what each kind is.
func TestBytes(t *testing.T) {
	t.Parallel()
	const (
		digits = "0123456789"
		small  = "abcdefghijklmnopqrstuvwxyz"
	)
	capitals := strings.ToUpper(small)
	for _, kind := range []struct {
		name string
		is   func(byte) bool
		all  string
	}{
		{"digit", ascii.IsDigit, digits},
		{"letter", ascii.IsLetter, small + capitals},
		{"capital", ascii.IsUpper, capitals},
		{"small letter", ascii.IsLower, small},
		{"letter or digit", ascii.IsAlnum, digits + small + capitals},
		{"hexadecimal digit", ascii.IsHex, digits + "abcdefABCDEF"},
		{"part of a token", ascii.IsToken, digits + small + capitals + "!#$%&'*+-.^_`|~"},
	} {
		for c := range 256 {
			if want := strings.IndexByte(kind.all, byte(c)) >= 0; kind.is(byte(c)) != want {
				t.Errorf("%q is a %s: %t", byte(c), kind.name, !want)
			}
		}
	}
	for c := range 256 {
		b, text := byte(c), string(rune(c))
		value := byte(16)
		if decoded, err := hex.DecodeString("0" + text); err == nil {
			value = decoded[0]
		}
		if got := ascii.Hex(b); got != value {
			t.Errorf("%q is %d, want %d", b, got, value)
		}
		low, up := b, b
		if c < 0x80 {
			low, up = strings.ToLower(text)[0], strings.ToUpper(text)[0]
		}
		if ascii.Lower(b) != low || ascii.Upper(b) != up {
			t.Errorf("%q is %q and %q", b, ascii.Lower(b), ascii.Upper(b))
		}
	}
}

var (
	decimal     = regexp.MustCompile(`^[0-9]+$`)
	hexadecimal = regexp.MustCompile(`^[0-9A-Fa-f]+$`)
)

// FuzzTexts holds what is said of texts against the standard library: a text is compared with another after bytes
// outside ASCII, whose letters strings.EqualFold folds as well, are written as characters that have no case.
func FuzzTexts(f *testing.F) {
	for _, pair := range [][2]string{
		{"", ""}, {"Content-Length", "content-length"}, {"Content-Length", "Content_Length"}, {"k", "\u212a"}, {"ü", "Ü"},
		{"@", "`"}, {"[", "{"},
		{"0123", "01"}, {"0aF", "0Af"}, {"0g", "0"}, {"Bearer x", "bearer "}, {"\x00", " "}, {"\x80", "\xa0"}, {"Z", "\x1a"},
		{"/:", "09"},
	} {
		f.Add([]byte(pair[0]), pair[1])
	}
	f.Fuzz(func(t *testing.T, a []byte, b string) {
		plain := func(text string) string {
			var out strings.Builder
			for _, c := range []byte(text) {
				if c < 0x80 {
					out.WriteByte(c)
				} else {
					out.WriteRune(0xE000 + rune(c))
				}
			}
			return out.String()
		}
		want := strings.EqualFold(plain(string(a)), plain(b))
		if ascii.EqualFold(a, b) != want || ascii.EqualFold(b, a) != want || ascii.EqualFold(string(a), []byte(b)) != want {
			t.Errorf("%q and %q are equal: %t", a, b, !want)
		}
		if !ascii.EqualFold(a, bytes.ToUpper(asciiOf(a))) && len(asciiOf(a)) == len(a) {
			t.Errorf("%q is not its own capitals", a)
		}
		begins := len(a) >= len(b) && strings.EqualFold(plain(string(a[:len(b)])), plain(b))
		if ascii.HasPrefixFold(a, b) != begins || !ascii.HasPrefixFold(string(a)+b, a) {
			t.Errorf("%q begins with %q: %t", a, b, !begins)
		}
		for _, text := range []string{string(a), b} {
			if ascii.Digits(text) != decimal.MatchString(text) || ascii.Digits([]byte(text)) != ascii.Digits(text) {
				t.Errorf("%q is digits: %t", text, ascii.Digits(text))
			}
			if ascii.HexDigits(text) != hexadecimal.MatchString(text) || ascii.HexDigits([]byte(text)) != ascii.HexDigits(text) {
				t.Errorf("%q is hexadecimal: %t", text, ascii.HexDigits(text))
			}
		}
	})
}

// asciiOf is what of a text is ASCII.
func asciiOf(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r >= 0x80 {
			return -1
		}
		return r
	}, text)
}

// TestHasControl: each byte, at each place of texts that are shorter and longer than what is looked at in one go.
func TestHasControl(t *testing.T) {
	t.Parallel()
	for n := range 20 {
		for at := range n {
			for c := range 256 {
				text := bytes.Repeat([]byte{' '}, n)
				text[at] = byte(c)
				for _, beside := range []byte{'~', 0x80, 0xff} {
					text[n-1-at] = beside
					text[at] = byte(c)
					if got := ascii.HasControl(text); got != (c < ' ' || c == 0x7f) {
						t.Fatalf("%q: %v", text, got)
					}
				}
			}
		}
	}
	if ascii.HasControl(nil) {
		t.Error("nothing holds one")
	}
}

// TestTrimBlank: spaces and tabs alone are taken off, on both sides, as the standard library does it.
func TestTrimBlank(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", " \t ", "a", " a", "a\t", "\t a b \t", "\n a\r", "\u00a0a ", "a  ", "\x00 \x00",
	} {
		if got := ascii.TrimBlank([]byte(text)); string(got) != strings.Trim(text, " \t") {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func TestListed(t *testing.T) {
	list := []string{"", "de", "DE-BE"}
	for text, want := range map[string]bool{"": true, "de": true, "DE": false, "d": false,
		"DE-BE": true, "DE-BEX": false} {
		if ascii.Listed(list, []byte(text)) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
	if ascii.Listed(nil, nil) {
		t.Error("something is in no list")
	}
}

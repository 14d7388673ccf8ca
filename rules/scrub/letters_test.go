package scrub

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestFinnishNumbers: every sign that stands for a century (HE 70/2022: the older "-", "+" and "A", and those of 2023),
// and no other; every letter that ends one, and no other for the same digits.
func TestFinnishNumbers(t *testing.T) {
	t.Parallel()
	const letters = "0123456789ABCDEFHJKLMNPRSTUVWXY"
	found := func(text string) bool {
		_, kinds := Find(nil, []byte(text), All)
		return kinds.Has(NationalID)
	}
	for sign := byte(' '); sign < 0x7f; sign++ {
		want := strings.IndexByte("-+ABCDEFUVWXY", sign) >= 0
		text := fmt.Sprintf("131052%c308%c", sign, letters[131052308%31])
		if got := found("x " + text + " y"); got != want {
			t.Errorf("%q is found: %v, want %v", text, got, want)
		}
	}
	for n := range 31 {
		for _, letter := range letters[10:] { // digits alone may be another country's number
			text := fmt.Sprintf("010170-%03d%c", n+2, letter)
			if got, want := found("x "+text+" y"), letters[(10170000+n+2)%31] == byte(letter); got != want {
				t.Errorf("%q is found: %v, want %v", text, got, want)
			}
		}
	}
}

// TestNamesOfDetectors: what may mark what a site's own detector found.
func TestNamesOfDetectors(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	labels := []string{"", strings.Repeat("a", 32), strings.Repeat("a", 33)}
	for c := range 256 {
		one := string([]byte{byte(c)})
		labels = append(labels, one, "a"+one, "a"+one+"b")
	}
	for _, label := range labels {
		if got := isName(label); got != name.MatchString(label) {
			t.Errorf("%q is a name: %v", label, got)
		}
	}
}

// TestVerhoeff: the multiplication of the dihedral group of order ten, as Verhoeff printed it
// (Error Detecting Decimal Codes, 1969).
func TestVerhoeff(t *testing.T) {
	t.Parallel()
	for a, row := range []string{
		"0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
		"5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
	} {
		for b, want := range row {
			if got := dihedral(a, b); got != int(want-'0') {
				t.Errorf("%d times %d is %d, want %c", a, b, got, want)
			}
		}
	}
}

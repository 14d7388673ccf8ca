package iab

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

// TestBrokenUSP: only what has the form is a string, and the form tells which opt-out it holds.
func TestBrokenUSP(t *testing.T) {
	t.Parallel()
	for _, whole := range []string{"1YNN", "1---", "1NY-", "1YYY"} {
		for text := range signaltest.EachByte(whole) {
			u, err := DecodeUSP([]byte(text))
			if (err == nil) != slowUSP.MatchString(text) || u.OptedOut() != (err == nil && text[2] == 'Y') ||
				u.Applies() != (err == nil && text != "1---") {
				t.Fatalf("%q: %+v, %v", text, u, err)
			}
			u, err = DecodeUSP(fmt.Appendf(nil, `{"uspString":%q}`, text))
			if (err == nil) != slowUSP.MatchString(text) || u.OptedOut() != (err == nil && text[2] == 'Y') {
				t.Fatalf("in JSON, %q: %+v, %v", text, u, err)
			}
		}
	}
	pad := func(n int) []byte { return []byte(`{"uspString":"1YNN"` + strings.Repeat(" ", n) + `}`) }
	for n, want := range map[int]bool{maxUSP - 20: true, maxUSP - 19: false} {
		if _, err := DecodeUSP(pad(n)); (err == nil) != want {
			t.Errorf("%d bytes: %v", len(pad(n)), err)
		}
	}
	deep := func(n int) string {
		return `{"uspString":"1YNN","a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`
	}
	for n, want := range map[int]bool{16 - 1: true, 16: false} {
		if _, err := DecodeUSP([]byte(deep(n))); (err == nil) != want {
			t.Errorf("nested %d deep: %v", n+1, err)
		}
	}
}

// TestBrokenAC: only what has the form is a string, and a provider consents where its id stands in the first list.
func TestBrokenAC(t *testing.T) {
	t.Parallel()
	for _, whole := range []string{"1~1.35.41", "2~1.35.41~dv.9.21", "1~", "2~~dv.", "2~5~dv."} {
		for text := range signaltest.EachByte(whole) {
			agreeAC(t, text)
		}
	}
	for _, text := range []string{"1~12345", "1~123456", "1~99999.1", "1~0", "1~01", "1~1.", "1~.1", "1~1..2", "12~1",
		"~1", "1", "2~1", "2~1~", "2~1~dv", "2~1~d.9", "1~1~dv.2", "1~1~", "3~1~dv.2"} {
		agreeAC(t, text)
	}
	long := "1~" + strings.Repeat("1234.", (MaxAC-3)/5)
	long += strings.Repeat("1", MaxAC-len(long))
	for text, want := range map[string]bool{long: true, long + "1": false} {
		if _, err := DecodeAC([]byte(text)); (err == nil) != want {
			t.Errorf("%d bytes: %v", len(text), err)
		}
	}
	a, err := DecodeAC([]byte("2~41.1.35~dv.21.9"))
	if err != nil {
		t.Fatal(err)
	}
	for id := -1; id < 60; id++ {
		if a.Has(id) != slices.Contains([]int{1, 35, 41}, id) || a.Disclosed(id) != slices.Contains([]int{9, 21}, id) {
			t.Errorf("id %d: %t, %t", id, a.Has(id), a.Disclosed(id))
		}
	}
}

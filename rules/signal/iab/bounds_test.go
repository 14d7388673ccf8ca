package iab

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

// TestShortStrings: readers of short texts, and expressions that say the same, over all texts of some letters.
func TestShortStrings(t *testing.T) {
	t.Parallel()
	signaltest.Hold(t, "ids of sections", "0169,_-/:", 5,
		`^(-1|00?|(0?[1-9]|[1-5][0-9]|6[0-3])([,_](0?[1-9]|[1-5][0-9]|6[0-3]))*)$`,
		func(text []byte) bool {
			ids, ok := ParseSID(text)
			for i, one := range strings.FieldsFunc(string(text), func(r rune) bool { return r == ',' || r == '_' }) {
				if id, _ := strconv.Atoi(one); ok && (i >= len(ids) || ids[i] != id) {
					t.Errorf("%q: %v", text, ids)
				}
			}
			return ok
		})
	signaltest.Hold(t, "nothing", "$%{}}x", 5, `^(|\$\{.*\}|%%.*%%|%%%?|\{\{.*\}\})$`, func(text []byte) bool {
		return NoSignal(text) || string(text) == "%%%" // the marks may share a sign
	})
}

// TestFibonacciCodes: every code that ends, of up to one bit more than may be read, and one that does not.
func TestFibonacciCodes(t *testing.T) {
	t.Parallel()
	for n := 2; n <= maxFibonacci+2; n++ {
		for _, before := range []string{strings.Repeat("0", n-2), strings.Repeat("10", n)[:n-2]} {
			if strings.HasSuffix(before, "1") {
				continue
			}
			code := before + "11"
			want, a, b := 0, 1, 2
			for _, c := range code[:n-1] {
				if c == '1' {
					want += a
				}
				a, b = b, a+b
			}
			w := new(signaltest.Bits).Raw(code + "0000")
			text := w.Text()
			data, _ := appendSix(nil, []byte(text))
			r := bitReader{data: append(data, make([]byte, slack)...), end: 6 * len(text)}
			if got := r.fibonacci(); n <= maxFibonacci && (got != want || r.fault != fine || r.at != n) || n > maxFibonacci &&
				r.fault != endlessCode {
				t.Errorf("%s: %d at %d, %v, want %d", code, got, r.at, r.fault, want)
			}
		}
	}
}

// TestWordsOfNothing: what there is not has no words, and no string has it.
func TestWordsOfNothing(t *testing.T) {
	for f := range numFaults + 2 {
		if text := fault(f).Error(); (text == "unknown") != (f >= numFaults) || text == "" {
			t.Errorf("fault %d: %s", f, text)
		}
	}
	for r := range numTCFReasons + 2 {
		if code, words := r.String(), r.Words(); (code == "unknown") != (r >= numTCFReasons) ||
			(words == "unknown") != (r >= numTCFReasons) {
			t.Errorf("reason %d: %s, %s", r, code, words)
		}
	}
	for s := range numSegments + 2 {
		if (s.String() == "unknown") != (s >= numSegments) || new(TCString).Has(s) {
			t.Errorf("segment %d: %s", s, s)
		}
	}
}

// TestMostOfStrings: as many ids of sections as are read, and one more; a purpose that has no name.
func TestMostOfStrings(t *testing.T) {
	t.Parallel()
	for n := range 3 {
		text := strings.Repeat("1,", (maxSID-2)/2) + strings.Repeat("0", n) + "7"
		if _, ok := ParseSID([]byte(text)); ok != (len(text) <= maxSID) {
			t.Errorf("%d bytes of section ids: %t", len(text), ok)
		}
	}
	if lines := ExplainTC(mustTC(t, signaltest.RestrictedTC(63, NotAllowed))); !slices.Contains(lines,
		"restriction: purpose 63 (unknown) is not allowed for 1 vendor (5)") {
		t.Errorf("%q", lines)
	}
}

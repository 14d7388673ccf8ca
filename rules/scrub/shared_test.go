package scrub

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestVocabulary: each word is found in any case, alone, at the start and at the end of another, and nothing else is.
func TestVocabulary(t *testing.T) {
	t.Parallel()
	for _, v := range []*vocabulary{typeBehind, typeBetween, typeFront, typeEnd, connectors, months, nameLabels, noNames,
		particles, phoneLabels, phoneBehind, birthLabels, tokenLabels, notTLD} {
		if len(v.heads.words) < 10 || len(v.tails.words) != len(v.heads.words) {
			t.Fatalf("%d words, %d by their ends", len(v.heads.words), len(v.tails.words))
		}
		for _, w := range v.heads.words {
			if upper := strings.ToUpper(w); isASCII(w) && !v.has([]byte(upper)) || !v.has([]byte(w)) || v.has([]byte(w+"zq")) ||
				v.has([]byte("zq"+w)) {
				t.Errorf("%q is not told from others", w)
			}
			if len(w) > 1 && !v.starts([]byte(w+"zq")) {
				t.Errorf("nothing starts with %q", w)
			}
			if got := v.ending([]byte("zq"+w), len(w), 2); len(w) > 1 && !slices.Contains(v.tails.words, got) ||
				v.ending([]byte(w), 0, 1) == w {
				t.Errorf("%q is not at an end: %q", w, got)
			}
		}
	}
}

func isASCII(w string) bool { return strings.IndexFunc(w, func(r rune) bool { return r >= 0x80 }) < 0 }

// plainDigits collects a number as it is defined: digits with at most width of the
// allowed separators between two of them.
func plainDigits(text string, i int, allowed uint8, width int) (d string, gap []bool, seen uint8) {
	for i < len(text) && len(d) < maxDigits {
		if isDigit(text[i]) {
			d, gap = d+text[i:i+1], append(gap, false)
			i++
			continue
		}
		k, here := i, uint8(0)
		for k < len(text) && k-i <= width && !isDigit(text[k]) {
			sep := separator(text[k])
			if sep&allowed == 0 {
				return d, gap, seen
			}
			here |= sep
			k++
		}
		if k-i > width || k == len(text) {
			return d, gap, seen
		}
		gap[len(gap)-1] = true
		seen |= here
		i = k
	}
	return d, gap, seen
}

// TestNumbersAreShared: what places that follow each other share is what each of them would collect by itself.
func TestNumbersAreShared(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	const bytes = "0123456789012345678901234567890123456789  --..//()+x"
	for range 3000 {
		var b strings.Builder
		for range 1 + r.IntN(200) {
			b.WriteByte(bytes[r.IntN(len(bytes))])
		}
		text := b.String()
		s := view{text: []byte(text)}
		for i := range len(text) {
			if !isDigit(text[i]) || r.IntN(4) == 0 {
				continue
			}
			all := s.numberAt(i)
			for _, c := range []struct {
				allowed uint8
				width   int
				got     digits
			}{
				{sepSpace | sepDash | sepDot | sepSlash | sepParen, maxGap, all},
				{sepSpace | sepDash, 1, all.narrow(sepSpace | sepDash)},
				{sepSpace | sepDash | sepDot, 1, all.narrow(sepSpace | sepDash | sepDot)},
			} {
				want, gap, seen := plainDigits(text, i, c.allowed, c.width)
				if got := string(c.got.d[:c.got.n]); got != want || c.got.seen() != seen {
					t.Fatalf("%q at %d: %q with %b, want %q with %b", text, i, got, c.got.seen(), want, seen)
				}
				for k := range gap {
					if c.got.gapAt(k) != gap[k] && k < c.got.n-1 {
						t.Fatalf("%q at %d: gap %d is %v", text, i, k, c.got.gapAt(k))
					}
				}
			}
			if all.n >= 13 {
				rest := 0
				for _, c := range all.d[:13] {
					rest = (rest*10 + int(c-'0')) % 97
				}
				if got := all.modulo97(); got != rest {
					t.Fatalf("%q at %d: %d, want %d", text, i, got, rest)
				}
			}
		}
	}
}

// TestWordsAreShared: the words behind a place are the same whether others asked before or not.
func TestWordsAreShared(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		var b strings.Builder
		for range 1 + r.IntN(40) {
			b.WriteString(strings.Repeat("a", 1+r.IntN(3)*r.IntN(20)))
			b.WriteString([]string{" ", ", ", ". ", "  ", "    ", ";", "_"}[r.IntN(7)])
		}
		text := []byte(b.String())
		s := view{text: text}
		for i := 1; i < len(text); i++ {
			if isWord(text[i]) || !isWord(text[i-1]) || r.IntN(5) == 0 {
				continue
			}
			most := 1 + r.IntN(5)
			got, fresh := s.wordsFrom(i, most), (&view{text: text}).wordsFrom(i, most)
			if got.n != fresh.n {
				t.Fatalf("%q at %d: %d words, want %d", text, i, got.n, fresh.n)
			}
			for k := range got.n {
				if got.w[k].span != fresh.w[k].span {
					t.Fatalf("%q at %d: %v, want %v", text, i, got.w[k].span, fresh.w[k].span)
				}
			}
		}
	}
}

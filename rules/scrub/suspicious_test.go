package scrub

import (
	"strings"
	"testing"
)

// TestNothingFoundIsPassedBy: whatever a detector would find in a text is found though texts that are not suspicious
// are passed by: addresses in words, in each of them, in brackets of each kind and between spaces, and what labels
// name.
func TestNothingFoundIsPassedBy(t *testing.T) {
	var texts []string
	for _, at := range atWords {
		for _, dot := range append([]string{"."}, dotWords...) {
			for _, in := range []string{" ? ", "+?+", "(?)", "[?]", "{?}", "<?>", " (?) ", "[ ? ]", " { ? } ", " <?> "} {
				for _, of := range []string{" ? ", "(?)", "[?]", "{?}"} {
					if dot == "." {
						of = "?"
					}
					between, end := strings.ReplaceAll(in, "?", at), strings.ReplaceAll(of, "?", dot)
					texts = append(texts, "jane"+between+"example"+end+"de")
				}
			}
		}
	}
	for _, words := range []*vocabulary{tokenLabels, nameLabels, phoneLabels, birthLabels, compoundEnds} {
		for _, label := range words.heads.words {
			for _, between := range []string{":", "=", "/", " ", "+", `"`, "'", `": "`, "_", "-", ": ", "[", "("} {
				for _, value := range []string{
					"hunter", "abcdefghijklmnopqrstuvwxyz", "AbCdEfGhIjKlMnOpQrStUvWx", "Jane Doe",
				} {
					texts = append(texts, label+between+value, "api_"+label+between+value, "a "+label+between+value+" b")
				}
			}
		}
	}
	found := 0
	for _, text := range texts {
		l := look{want: All, most: unbounded}
		if _, saw := l.pass(nil, []byte(text), 0); saw.found == 0 {
			continue
		}
		if found++; !suspicious([]byte(text)) {
			t.Errorf("%q is passed by", text)
		}
	}
	if found < 1000 {
		t.Errorf("%d of %d texts hold something: too few to show anything", found, len(texts))
	}
}

package iab

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDowngradeGPP: what says that nobody opted out says that they did.
func TestDowngradeGPP(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"DBABLA~CAAQAAAAAABA.QA": "DBABLA~CAAQAAAAAABA.QA", // opted out of sale already
		"DBABTA~1YNN":            "DBABTA~1YYN",
		"DBABTA~1---":            "DBABTA~1---",
		"DBABTA~1YN":             "",
		"DBABTA":                 "",
		"":                       "",
		"x~y":                    "",
	} {
		out, ok := DowngradeGPP([]byte("k"), []byte(text))
		if got, kept := strings.CutPrefix(string(out), "k"); !kept || got != want || ok != (want != "") {
			t.Errorf("%s: %s, %t; want %s", text, got, ok, want)
		}
	}
}

// TestDowngradeGPPVectors: in each string of the vectors the opt-outs of each US section that were refused are stated,
// and notices, sensitive data and all else stay as they are.
func TestDowngradeGPPVectors(t *testing.T) {
	t.Parallel()
	vectors, err := os.ReadFile("testdata/vectors/gpp_valid.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lowered := 0
	for _, found := range regexp.MustCompile(`"gpp":"([^"]+)"`).FindAllSubmatch(vectors, -1) {
		text := found[1]
		before, err := DecodeGPP(text)
		out, ok := DowngradeGPP(nil, text)
		if err != nil && ok {
			t.Errorf("%s: %v, and it became %s", text, err, out)
		}
		if !ok {
			continue
		}
		after, err := DecodeGPP(out)
		if err != nil || len(out) != len(text) {
			t.Fatalf("%s became %s: %v", text, out, err)
		}
		for _, id := range before.Sections() {
			says := map[string][]uint8{}
			for field, values := range after.Fields(id) {
				says[field] = append([]uint8(nil), values...)
			}
			for field, values := range before.Fields(id) {
				for i, want := range values {
					optOut := field == "SaleOptOut" || field == "SharingOptOut" || field == "TargetedAdvertisingOptOut"
					if want == notOptedOut && optOut {
						want = optedOut
						lowered++
					}
					if says[field][i] != want {
						t.Errorf("%s became %s: %s of %d is %d, want %d", text, out, field, id, says[field][i], want)
					}
				}
			}
		}
	}
	if lowered < 20 {
		t.Errorf("%d opt-outs were stated: the test shows too little", lowered)
	}
}

package iab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/internal/signaltest"
)

// TestFaults: what is wrong with a string is told as it is.
func TestFaults(t *testing.T) {
	core := signaltest.FullTC()
	core, disclosed, _ := strings.Cut(core, ".")
	usnat := "DBABLA~CAAAAAAAAABA"
	decoders := map[string]func(text string) error{
		"tc": func(text string) error { _, err := DecodeTC([]byte(text)); return err },
		"gp": func(text string) error { _, err := DecodeGPP([]byte(text)); return err },
		"ac": func(text string) error { _, err := DecodeAC([]byte(text)); return err },
		"us": func(text string) error { _, err := DecodeUSP([]byte(text)); return err },
	}
	for _, c := range []struct {
		of, text string
		want     fault
	}{
		{"tc", strings.Repeat("A", MaxTC+1), tooLong}, {"tc", "", truncated}, {"tc", core[:30], truncated},
		{"tc", core + ".*", alphabet},
		{"tc", core + "_." + disclosed, padding}, {"tc", core + "." + disclosed + "." + disclosed, repeatedSegment},
		{"tc", core + ".gAAA", unknownSegment},
		{"tc", core + strings.Repeat("."+disclosed, 4), manySegments}, {"tc", "B" + core[1:], tcVersion},
		{"tc", signaltest.RestrictedTC(0, NotAllowed), restrictsNothing},
		{"tc", signaltest.RestrictedTC(1, Restriction(3)), restrictionType},
		{"tc", core + "." + new(signaltest.Bits).Put(3, 1).Put(16, 9).Put(1, 1).Put(12, 1).Put(1, 1).Put(16, 3).Put(16,
			2).Text(), backwardRange},
		{"tc", core + "." + new(signaltest.Bits).Put(3, 1).Put(16, 9).Put(1, 1).Put(12, 1).Put(1, 0).Put(16, 10).Text(),
			highRange},
		{"tc", core + "." + new(signaltest.Bits).Put(3, 1).Put(16, 9).Put(1, 1).Put(12, 4000).Put(1, 0).Put(16, 1).Text(),
			truncated},
		{"gp", strings.Repeat("A", MaxGPP+1), tooLong}, {"gp", "CBABLA~CAAAAAAAAABA", headerType},
		{"gp", "DCABLA~CAAAAAAAAABA", headerVersion},
		{"gp", usnat + "~", sectionCount}, {"gp", "DBABLA", sectionCount}, {"gp", "DBAA~", sectionCount},
		{"gp", "DBABLA~", emptySection},
		{"gp", signaltest.GPPHead(64) + "~x", sectionID}, {"gp", "DBABLA~EAAAAAAAAABA", sectionVersion},
		{"gp", "DBABLA~CAAwAAAAAABA", valueThree},
		{"gp", usnat + ".gA", unknownSubsection}, {"gp", usnat + ".*", alphabet},
		{"gp", usnat + strings.Repeat("A", maxUS), longSection},
		{"gp", signaltest.GPPHead(sectionUSP) + "~1Y", notFour}, {"gp", signaltest.GPPHead(sectionCA) +
			"~CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", caVersion},
		{"gp", new(signaltest.Bits).Put(6, 3).Put(6, 1).Put(12, 1).Put(1, 0).Put(25, 0).Text() + "~x", endlessCode},
		{"ac", "3~1", acVersion}, {"ac", "1", acVersion}, {"ac", "1~1~dv.2", acSecondPart}, {"ac", "2~1", acNoDisclosed},
		{"ac", "1~01", acID}, {"ac", "1~123456", acID},
		{"ac", "1~1,2", acCharacter}, {"ac", "1~1..2", acEmptyID}, {"ac", "2~1~dv.1.", acEmptyID},
		{"ac", strings.Repeat("1", MaxAC+1), tooLong},
		{"us", "1YN", notFour}, {"us", "2YNN", uspVersion}, {"us", "1yNN", uspLetter}, {"us", `{"a":1`, badJSON},
		{"us", `{"a":1}`, noUSPString},
		{"us", `{"uspString":1}`, uspNoText}, {"us", `{"uspString":"1YNN","uspString":"1YNN"}`, uspTwice},
		{"us", "{" + strings.Repeat(" ", maxUSP) + "}", tooLong},
	} {
		if err := decoders[c.of](c.text); !errors.Is(err, c.want) {
			t.Errorf("%s %.60s: %v, want %v", c.of, c.text, err, c.want)
		}
	}
}

// TestSpecials: there are three special purposes and two special features.
func TestSpecials(t *testing.T) {
	s := mustTC(t, signaltest.FullTC())
	for id := -1; id < 14; id++ {
		if got, want := s.SpecialPurpose(5, id, true).Allows(), id >= 1 && id <= 3; got != want {
			t.Errorf("special purpose %d: %t", id, got)
		}
		if got, want := s.SpecialFeature(5, id, true).Allows(), id >= 1 && id <= 2; got != want {
			t.Errorf("special feature %d: %t", id, got)
		}
	}
	if s.SpecialFeature(5, 1, false).Allows() || s.SpecialPurpose(5, 1, false).Allows() ||
		s.SpecialFeature(50, 1, true).Allows() {
		t.Error("allowed undeclared, or to a vendor that was not disclosed")
	}
}

// TestGoldenFaults: what is wrong with strings, in words. UPDATE_GOLDEN=1 writes the file anew; what changed is then to
// be read line by line.
func TestGoldenFaults(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	say := func(what, text string, err error) {
		if err != nil {
			fmt.Fprintf(&got, "%s %s: %v\n", what, text, err)
		} else {
			fmt.Fprintf(&got, "%s %s\n", what, text)
		}
	}
	decode := map[string]func(string) error{
		"AC":  func(text string) error { _, err := DecodeAC([]byte(text)); return err },
		"GPP": func(text string) error { _, err := DecodeGPP([]byte(text)); return err },
		"TC":  func(text string) error { _, err := DecodeTC([]byte(text)); return err },
		"USP": func(text string) error { _, err := DecodeUSP([]byte(text)); return err },
	}
	late, national := lateCore(25).Text(), new(signaltest.Bits).Put(6, 1).Put(54, 0).Text()
	for _, of := range []struct{ what, text string }{
		{"USP", "1YNN"}, {"USP", `{"uspString":"1YNN"}`}, {"AC", "2~1.35~dv.9"}, {"AC", "1~41"},
		{"GPP", "DBABLA~CAAQAAAAAABA.QA"}, {"GPP", signaltest.GPPHead(7) + "~" + national},
		{"GPP", signaltest.GPPHead(25) + "~" + late + "." + new(signaltest.Bits).Put(16, 0).Text()},
		{"GPP", signaltest.GPPHead(6, 9) + "~1YNN~BAAAAAAA.QA"}, {"GPP", "DBABDA~" + shortCA},
		{"TC", signaltest.RestrictedTC(3, RequireConsent)},
	} {
		say(of.what, of.text, decode[of.what](of.text))
		for how, text := range signaltest.Broken(of.text) {
			if how != "doubled" && (how != "outside" || len(text) < 30) {
				say(of.what, text, decode[of.what](text))
			}
		}
	}
	for _, of := range []struct{ what, text string }{
		{"USP", `{"uspString":1}`}, {"USP", `{"uspString":"1YNN","uspString":"1YNN"}`}, {"USP", "{}"}, {"USP", "{abc"},
		{"USP", "{"}, {"USP", ""}, {"AC", ""}, {"AC", "2~1~dv.0"},
		{"AC", "2~1~dv.x"}, {"AC", "2~1~dv.1."}, {"AC", "2~1~"}, {"AC", "1~1~"}, {"AC", "1~999999"}, {"GPP", ""},
		{"GPP", signaltest.GPPHead(64) + "~A"}, {"GPP", signaltest.GPPHead(7) + "~"}, {"GPP", signaltest.GPPHead(7)},
		{"GPP", signaltest.GPPHead(7) + "~" + national + "~A"}, {"GPP", signaltest.GPPHead(25) + "~" + late + "." +
			new(signaltest.Bits).Put(16, 3).Text()}, {"TC", ""}, {"TC", "C"},
	} {
		say(of.what, of.text, decode[of.what](of.text))
	}
	path := filepath.Join("testdata", "faults.golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(string(text), "\n")
	for i, line := range strings.Split(got.String(), "\n") {
		if i >= len(want) || line != want[i] {
			t.Fatalf("%s:%d is not what is said: %s", path, i+1, line)
		}
	}
	if len(want) != strings.Count(got.String(), "\n")+1 {
		t.Errorf("%s has %d lines", path, len(want))
	}
}

// shortCA is TCF Canada without vendors.
var shortCA = new(signaltest.Bits).Put(6, 1).Put(36, 17778528000).Put(36, 17778528000).Put(12, 10).Put(12, 1).Put(6,
	0).Put(6, 4).Put(6, 13).Put(12, 120).Put(6, 2).
	Put(1, 0).Put(12, 0).Put(24, 1<<23).Put(24, 1).Put(16, 0).Put(1, 0).Put(16, 0).Put(1, 1).Put(12, 0).Put(12, 0).Text()

// TestRestricted: a restriction holds for its vendor, purpose and type, and for no other.
func TestRestricted(t *testing.T) {
	for purpose := range 64 {
		for kind := range numRestrictions + 1 {
			for vendor := range 7 {
				s := mustTC(t, signaltest.RestrictedTC(max(purpose, 1), RequireLI))
				if got, want := s.Restricted(vendor, purpose, kind), vendor == 5 && kind == RequireLI && purpose > 0; got != want {
					t.Errorf("vendor %d, purpose %d, %d: %t", vendor, purpose, kind, got)
				}
				if s.Restricted(vendor, purpose+1<<14, kind) || s.Restricted(vendor, -purpose, kind) {
					t.Errorf("a purpose that there is not is restricted like %d", purpose)
				}
			}
		}
	}
}

// TestPurposesOf: what is no purpose is left out of a set.
func TestPurposesOf(t *testing.T) {
	if got := PurposesOf([]int{-1, 0, 1, 11, 12, 33}); got != 1|1<<10 {
		t.Errorf("purposes %b", got)
	}
}

// TestWordsOfFaults: every fault and every reason has words of its own.
func TestWordsOfFaults(t *testing.T) {
	for f := fine; f <= numFaults; f++ {
		if words := f.Error(); words == "" || (words == "unknown") != (f == numFaults) {
			t.Errorf("fault %d: %q", f, words)
		}
	}
	seen := map[string]bool{}
	for r := range numTCFReasons {
		if r.String() == "" || r.Words() == "" || seen[r.String()] {
			t.Errorf("reason %d: %q, %q", r, r, r.Words())
		}
		seen[r.String()] = true
	}
	if numTCFReasons.String() != "unknown" || numTCFReasons.Words() != "unknown" || numTCFReasons.Allows() {
		t.Error("a reason that there is not")
	}
}

package rules

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// codes are all texts of up to five characters, of such as stand at the bounds of what is a letter or a
// digit, and some that are whole codes.
func codes() []string {
	all, last := []string{""}, []string{""}
	for range 4 {
		var next []string
		for _, text := range last {
			for _, c := range "AEUSaz9-\x00" {
				next = append(next, text+string(c))
			}
		}
		all, last = append(all, next...), next
	}
	for c := range 256 {
		b := string([]byte{byte(c)})
		all = append(all, "D"+b, b+"E", "US-"+b, "US-A"+b, "US-AB"+b, "US"+b+"CA", "us-"+b)
	}
	return append(all, "EU", "EEA", "UK", "CH", "US", "GB", "US-CA", "GB-SCT", "DE-BE", "DE-", "DE-ABCD", "EU-DE", "eu",
		"uk", "eea", "DEU", "XX", "ZZ", "T1")
}

var (
	country      = regexp.MustCompile(`^[A-Za-z]{2}$`)
	part         = regexp.MustCompile(`^[A-Za-z0-9]{1,3}$`)
	groupNames   = []string{"EU", "EEA", "UK", "CH", "US"}
	listedNobody = regexp.MustCompile(`^(|-|XX|ZZ|T1|A1|A2|O1)$`)
)

func isCode(code string) bool {
	return country.MatchString(code) && !strings.Contains(code, "\n") && slices.Contains(countries, strings.ToUpper(code))
}

func isPart(code string) bool { return part.MatchString(code) && !strings.Contains(code, "\n") }

// TestCodesOfRegions: against the rule in words. A group as it is written, or a country in capitals or not, with or
// without a part of one to three letters and digits behind a hyphen.
func TestCodesOfRegions(t *testing.T) {
	t.Parallel()
	if got := RegionGroups(); !slices.Equal(got, groupNames) {
		t.Fatalf("groups: %v", got)
	}
	for _, code := range codes() {
		before, after, hyphen := strings.Cut(code, "-")
		right := slices.Contains(groupNames, code) || isCode(before) && (!hyphen || isPart(after))
		r, err := ParseRegion(code)
		if (err == nil) != right {
			t.Errorf("%q: %v", code, err)
			continue
		}
		if !right {
			if want := fmt.Sprintf("%q is no region: a country (DE), a subdivision (US-CA) or one of EU, EEA, UK, CH and US is",
				code); err.Error() != want || r != (Region{}) {
				t.Errorf("%v and %v, want %s", r, err, want)
			}
			continue
		}
		if want := strings.ToUpper(code); r.String() != want {
			t.Errorf("%q is %q", code, r)
		}
	}
	for a := range 256 {
		for b := range 256 {
			code := string([]byte{byte(a), byte(b)})
			if IsCountry(code) != slices.Contains(countries, code) {
				t.Fatalf("%q is a country: %t", code, IsCountry(code))
			}
			if want := listedNobody.MatchString(strings.ToUpper(code)) && code[1] != '\n'; isNowhere(code) != want &&
				a < 0x80 && b < 0x80 {
				t.Fatalf("%q is nowhere: %t", code, isNowhere(code))
			}
		}
	}
	for _, code := range []string{"D", "DEX", "", "U"} {
		if IsCountry(code) {
			t.Errorf("%q is a country", code)
		}
	}
	if !isNowhere("") || !isNowhere("-") || isNowhere("D") || isNowhere("XXX") {
		t.Error("what is nowhere")
	}
}

// TestRegionsLieWithinEachOther: every two of some, against lists of what lies in what.
func TestRegionsLieWithinEachOther(t *testing.T) {
	t.Parallel()
	within := map[string]string{ // besides itself
		"DE": "EU EEA", "DE-BE": "DE EU EEA", "EU": "EEA", "NO": "EEA", "GB": "UK", "GB-SCT": "GB UK", "US-CA": "US",
		"US-NY": "US", "US-C": "US",
		"EEA": "", "UK": "", "CH": "", "US": "", "BR": "", "BR-CA": "BR", "FR": "EU EEA",
	}
	for one, above := range within {
		for other := range within {
			a, errA := ParseRegion(one)
			b, errB := ParseRegion(other)
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			if got, want := a.In(b), one == other || slices.Contains(strings.Fields(above), other); got != want {
				t.Errorf("%s in %s: %t", one, other, got)
			}
			if a.In(Region{}) || (Region{}).In(b) {
				t.Errorf("%s and nowhere", one)
			}
		}
	}
	for _, code := range countries {
		r, err := ParseRegion(code)
		want := OptIn
		switch code {
		case "GB":
			want = StatisticalUntilObjection
		case "US":
			want = OptOut
		}
		if err != nil || r.Regime() != want {
			t.Errorf("%s: %v, %v", code, r.Regime(), err)
		}
	}
	if world().groupsOf(Region{Group: 63}) != 0 {
		t.Error("a group that there is not lies in groups")
	}
}

// said is a database of places that always says the same.
type said struct {
	country, part string
	ok            bool
}

func (s said) Place(netip.Addr) (country, part string, ok bool) { return s.country, s.part, s.ok }

// wanted is the region of a country and a part as headers and databases give them; "?" where nothing follows from them.
func wanted(code, more string) string {
	switch {
	case listedNobody.MatchString(strings.ToUpper(code)):
		return "?"
	case isCode(code):
		if isPart(more) {
			return strings.ToUpper(code + "-" + more)
		}
		return strings.ToUpper(code)
	case strings.EqualFold(code, "EU"), strings.EqualFold(code, "UK"):
		return strings.ToUpper(code)
	default:
		return ""
	}
}

// regionOf is the region of a code, as headers and databases are read: a country where there is one
// of the name, else a group; "" is none.
func regionOf(code string) (r Region) {
	if before, after, _ := strings.Cut(code, "-"); isCode(before) {
		copy(r.Country[:], before)
		copy(r.Part[:], after)
	} else if code != "" {
		r.Group = group(1 + slices.Index(groupNames, code))
	}
	return r
}

// TestRegionOfAHit: what headers and databases say, one before the other, against the rule in words.
func TestRegionOfAHit(t *testing.T) {
	t.Parallel()
	countriesSaid := []string{"", " ", "-", "XX", "t1", "A1", "A2", "O1", "ZZ", "DE", "de", " de ", "US", "EU", "uk", "CH",
		"EEA", "eea", "QX", "DEU", "D", "D1"}
	partsSaid := []string{"", "CA", "ca", " NY ", "US-CA", "us-ny", "DE-BE", "de-by", "US-", "US-CALI", "ABC", "ABCD",
		"A-B", "a_", "DE-", "99", "US-A-", "-", "XX-CA", "US_CA", "CH-ZH"}
	address := netip.MustParseAddr("198.51.100.1")
	header := func(name, value string) hit.Header { return hit.Header{Name: []byte(name), Value: []byte(value)} }
	fallback, _ := ParseRegion("BR")
	for _, code := range countriesSaid {
		for _, more := range partsSaid {
			// By headers, of which the second may be missing, given twice, or not listed.
			own := strings.TrimSpace(more)
			if len(own) > 3 && strings.EqualFold(own[:3], strings.TrimSpace(code)+"-") {
				own = own[3:]
			}
			for _, c := range []struct {
				name     string
				headers  []hit.Header
				listed   bool
				part     string
				trusted  bool
				country2 bool
			}{
				{"both", []hit.Header{header("Country", code), header("Part", more)}, true, own, true, false},
				{"no part", []hit.Header{header("country", code)}, true, "", true, false},
				{"part not listed", []hit.Header{header("Country", code), header("Part", more)}, false, "", true, false},
				{"part twice", []hit.Header{header("Country", code), header("Part", more), header("part", more)},
					true, "", true, false},
				{"country twice", []hit.Header{header("Country", code), header("Country", code), header("Part", more)},
					true, "", true, true},
				{"not from a proxy", []hit.Header{header("Country", code), header("Part", more)}, true, own, false, false},
			} {
				s := &Site{header: "Country", fallback: fallback}
				if c.listed {
					s.subdivision = "Part"
				}
				want := wanted(strings.TrimSpace(code), c.part)
				switch {
				case !c.trusted:
					want = "?"
				case c.country2:
					want = ""
				}
				r := &hit.Request{Headers: c.headers, Trusted: c.trusted, Address: address}
				without := strings.Replace(want, "?", "BR", 1)
				if got := s.Region(r); got != regionOf(without) {
					t.Errorf("%s: %q, %q: %v, want %q", c.name, code, more, got, without)
				}
				s.database = said{"FR", "IDF", true}
				with := strings.Replace(want, "?", "FR-IDF", 1)
				if got := s.Region(r); got != regionOf(with) {
					t.Errorf("%s, and a database: %q, %q: %v, want %q", c.name, code, more, got, with)
				}
			}
			// By a database, with an address and without.
			for _, ok := range []bool{true, false} {
				s := &Site{database: said{code, more, ok}, fallback: fallback}
				want := strings.Replace(wanted(code, more), "?", "BR", 1)
				if !ok {
					want = ""
				}
				if got := s.Region(&hit.Request{Address: address}); got != regionOf(want) {
					t.Errorf("a database: %q, %q, %t: %q, want %q", code, more, ok, got, want)
				}
				if got := s.Region(&hit.Request{}); got != fallback {
					t.Errorf("no address: %q", got)
				}
			}
		}
	}
}

// TestNamesOfScopes: every byte, and every text of up to two of them.
func TestNamesOfScopes(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[-_.:A-Za-z0-9]+$`)
	for a := range 256 {
		for b := range 256 {
			text := string([]byte{byte(a), byte(b)})
			if want := name.MatchString(text) && b != '\n'; scopeName([]byte(text)) != want || ScopeName(text) != want {
				t.Fatalf("%q: %t", text, !want)
			}
		}
	}
	if scopeName(nil) || ScopeName("") || !ScopeName(strings.Repeat("a", 80)) || ScopeName(strings.Repeat("a", 81)) {
		t.Error("the length of a scope's name")
	}
}

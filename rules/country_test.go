package rules_test

import (
	"net/netip"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// damaged is a database that cannot be read.
type damaged struct{}

func (damaged) Place(netip.Addr) (country, part string, ok bool) { return "US", "CA", false }

// odd is a database that says what is no country.
type odd string

func (o odd) Place(netip.Addr) (country, part string, ok bool) { return string(o), "CA", true }

// TestADatabaseThatDoesNotTell: what could not be looked up is unknown, and the strictest rule holds;
// the default is for what no source knows.
func TestADatabaseThatDoesNotTell(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		places rules.RegionDB
		want   string
		regime rules.Regime
	}{
		{damaged{}, "", rules.OptIn}, {odd("QX"), "", rules.OptIn}, {odd("\xff\x01"), "", rules.OptIn},
		{odd("USA"), "", rules.OptIn},
		{odd(""), "US", rules.OptOut}, {odd("ZZ"), "US", rules.OptOut}, {odd("US"), "US-CA", rules.OptOut},
		{odd("EU"), "EU", rules.OptIn},
	} {
		p, err := rules.Compile(&rules.Draft{
			Digest: "x", Limits: rules.Limits{Body: 1, Decompressed: 1, Events: 1, Depth: 4, Fields: 16, Nodes: 16},
			Assessments: basis.NewRegister(nil, nil, basis.Past{}),
			Sites: []rules.DraftSite{{ID: "shop", Hosts: []string{"shop.example"}, Region: rules.RegionSource{Default: "US",
				Database: c.places}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		got := p.Sites()[0].Region(&hit.Request{Address: netip.MustParseAddr("198.51.100.1")})
		if got.String() != c.want || got.Regime() != c.regime {
			t.Errorf("%v: %q, %v", c.places, got, got.Regime())
		}
	}
}

func TestCountries(t *testing.T) {
	t.Parallel()
	if n := len(rules.Countries()); n != 250 { // 249 of ISO 3166-1, and XK
		t.Errorf("%d countries", n)
	}
	for _, code := range rules.Countries() {
		if !rules.IsCountry(code) {
			t.Errorf("%s is none", code)
		}
	}
	for _, code := range []string{"", "D", "DEU", "de", "ZZ", "XX", "EU", "UK", "T1", "A1", "AP", "\xc4\xc5"} {
		if rules.IsCountry(code) {
			t.Errorf("%q is a country", code)
		}
	}
}

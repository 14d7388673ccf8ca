package rules_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules"
)

func TestRegimes(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]rules.Regime{
		"DE": rules.OptIn, "NO": rules.OptIn, "CH": rules.OptIn, "EU": rules.OptIn, "EEA": rules.OptIn,
		"BR": rules.OptIn, "": rules.OptIn,
		"GB": rules.StatisticalUntilObjection, "UK": rules.StatisticalUntilObjection,
		"GB-SCT": rules.StatisticalUntilObjection,
		"US":     rules.OptOut, "US-CA": rules.OptOut,
	} {
		var region rules.Region
		if code != "" {
			var err error
			if region, err = rules.ParseRegion(code); err != nil {
				t.Fatal(err)
			}
		}
		if got := region.Regime(); got != want {
			t.Errorf("%q: %v, want %v", code, got, want)
		}
		if code != "" && region.String() != code {
			t.Errorf("%q is written %q", code, region)
		}
	}
}

func TestRegionsWithin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		region, other string
		want          bool
	}{
		{"DE", "DE", true}, {"DE", "EU", true}, {"DE", "EEA", true}, {"EU", "EEA", true}, {"EEA", "EU", false},
		{"NO", "EEA", true}, {"NO", "EU", false},
		{"DE-BE", "DE", true}, {"DE", "DE-BE", false}, {"GB", "UK", true}, {"US-CA", "US", true}, {"US", "US-CA", false},
		{"EU", "DE", false}, {"CH", "EEA", false},
	} {
		a, err := rules.ParseRegion(c.region)
		if err != nil {
			t.Fatal(err)
		}
		b, err := rules.ParseRegion(c.other)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.In(b); got != c.want {
			t.Errorf("%s in %s: %v", c.region, c.other, got)
		}
	}
	if (rules.Region{}).In(rules.Region{}) {
		t.Error("nowhere lies in nowhere")
	}
}

// TestAudienceMeasurement: the exemption is national; a group, an unknown region and who does not say so have none.
func TestAudienceMeasurement(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{
		"FR": true, "FR-75": true, "ES": true, "IT": true, "NL": true,
		"DE": false, "AT": false, "BE": false, "LU": false, "CH": false, "GB": false, "EU": false, "EEA": false, "JP": false,
	} {
		region, err := rules.ParseRegion(code)
		if err != nil {
			t.Fatal(err)
		}
		if got := region.ExemptsAudienceMeasurement(); got != want {
			t.Errorf("%s: %v", code, got)
		}
	}
	if got := (rules.Region{}).ExemptsAudienceMeasurement(); got {
		t.Error("nowhere is exempt")
	}
}

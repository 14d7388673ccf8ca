package catalog

import (
	"errors"
	"fmt"
	"slices"
)

// TCF is how a vendor declares the purposes of IAB's Transparency and Consent Framework in the Global Vendor List.
// Where a file gives the vendor's id and no TCF, every purpose is asked about as if it were declared on consent.
type TCF struct {
	Consent  []int `yaml:"consent"`  // purposes declared on consent
	LI       []int `yaml:"li"`       // purposes declared on legitimate interest
	Flexible []int `yaml:"flexible"` // of both: those whose basis a publisher's restriction may change
	// purposes in no list: "consent" asks about them as if they were declared on it; "" never permits them
	Others string `yaml:"others"`
}

// check says what is wrong with a declaration.
func (t *TCF) check(iab int) error {
	if t == nil {
		return nil
	}
	if iab == 0 {
		return errors.New("tcf: a declaration belongs to an id in the Global Vendor List: give iab")
	}
	for _, list := range [][]int{t.Consent, t.LI, t.Flexible} {
		for _, p := range list {
			if p < 1 || p > 11 {
				return fmt.Errorf("tcf: %d is no purpose: 1 to 11 are", p)
			}
		}
	}
	for _, p := range t.LI {
		if slices.Contains(t.Consent, p) {
			return fmt.Errorf("tcf: purpose %d is declared on consent and on legitimate interest: it has one default basis", p)
		}
		if p == 1 || p >= 3 && p <= 6 {
			return fmt.Errorf("tcf: purpose %d cannot be declared on legitimate interest (TCF Policies since 2.2)", p)
		}
	}
	for _, p := range t.Flexible {
		if !slices.Contains(t.Consent, p) && !slices.Contains(t.LI, p) {
			return fmt.Errorf("tcf: purpose %d is flexible and declared on nothing", p)
		}
	}
	if t.Others != "" && t.Others != "consent" {
		return fmt.Errorf("tcf: others %q is nothing: \"consent\" or nothing is right", t.Others)
	}
	return nil
}

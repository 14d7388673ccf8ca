package rules

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// declaration is how a vendor stands in IAB's registers, and what banners commonly call it.
func declaration(id string, f *catalog.File) signal.Declaration {
	d := signal.Declaration{ID: id, Services: f.ServiceNames(id), Vendor: f.IAB, Provider: f.ATP}
	if f.IAB == 0 {
		return d
	}
	t := f.TCF
	if t == nil {
		t = &catalog.TCF{Others: "consent"}
	}
	for p := 1; p < len(d.Purposes); p++ {
		flexible := slices.Contains(t.Flexible, p)
		switch {
		case slices.Contains(t.Consent, p) && flexible:
			d.Purposes[p] = iab.DeclaredConsentFlexible
		case slices.Contains(t.Consent, p):
			d.Purposes[p] = iab.DeclaredConsent
		case slices.Contains(t.LI, p) && flexible:
			d.Purposes[p] = iab.DeclaredLIFlexible
		case slices.Contains(t.LI, p):
			d.Purposes[p] = iab.DeclaredLI
		case t.Others == "consent":
			d.Purposes[p] = iab.DeclaredConsent
		}
	}
	return d
}

// byTCF is why a TC string keeps an activity from resting on consent.
func byTCF(rule iab.TCFReason) Reason {
	switch rule {
	case iab.TCFNoPurposeConsent:
		return ConsentRefused
	case iab.TCFVendorNotDisclosed, iab.TCFPurposeNotDeclared, iab.TCFNoVendorConsent:
		return TCFVendor
	case iab.TCFRestrictionNotAllowed, iab.TCFRequireConsentNotFlexible, iab.TCFRequireLINotFlexible,
		iab.TCFRestrictionsContradict:
		return TCFRestriction
	default: // the string says nothing that could be relied on
		return NoConsent
	}
}

// interestByTCF is why a TC string keeps an activity from resting on legitimate interest.
func interestByTCF(rule iab.TCFReason) Reason {
	switch rule {
	case iab.TCFOK:
		return Permitted
	case iab.TCFVendorNotDisclosed, iab.TCFPurposeNotDeclared, iab.TCFNoVendorLI:
		return TCFVendorLI
	case iab.TCFRestrictionNotAllowed, iab.TCFRequireConsentNotFlexible, iab.TCFRequireLINotFlexible,
		iab.TCFRestrictionsContradict:
		return TCFRestriction
	default: // no LI bit, a purpose that has none, or a string that says nothing that could be relied on
		return TCFPurposeLI
	}
}

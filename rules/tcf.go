package rules

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// declaration is how a vendor stands in IAB's registers.
func declaration(f *catalog.File) signal.Declaration {
	d := signal.Declaration{Vendor: f.IAB, Provider: f.ATP}
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
			d.Purposes[p] = signal.DeclaredConsentFlexible
		case slices.Contains(t.Consent, p):
			d.Purposes[p] = signal.DeclaredConsent
		case slices.Contains(t.LI, p) && flexible:
			d.Purposes[p] = signal.DeclaredLIFlexible
		case slices.Contains(t.LI, p):
			d.Purposes[p] = signal.DeclaredLI
		case t.Others == "consent":
			d.Purposes[p] = signal.DeclaredConsent
		}
	}
	return d
}

// byTCF is why a TC string keeps an activity from resting on consent.
func byTCF(rule signal.TCFReason) Reason {
	switch rule {
	case signal.TCFNoPurposeConsent:
		return ConsentRefused
	case signal.TCFVendorNotDisclosed, signal.TCFPurposeNotDeclared, signal.TCFNoVendorConsent:
		return TCFVendor
	case signal.TCFRestrictionNotAllowed, signal.TCFRequireConsentNotFlexible, signal.TCFRequireLINotFlexible, signal.TCFRestrictionsContradict:
		return TCFRestriction
	default: // the string says nothing that could be relied on
		return NoConsent
	}
}

// interestByTCF is why a TC string keeps an activity from resting on legitimate interest.
func interestByTCF(rule signal.TCFReason) Reason {
	switch rule {
	case signal.TCFOK:
		return Permitted
	case signal.TCFVendorNotDisclosed, signal.TCFPurposeNotDeclared, signal.TCFNoVendorLI:
		return TCFVendorLI
	case signal.TCFRestrictionNotAllowed, signal.TCFRequireConsentNotFlexible, signal.TCFRequireLINotFlexible, signal.TCFRestrictionsContradict:
		return TCFRestriction
	default: // no LI bit, a purpose that has none, or a string that says nothing that could be relied on
		return TCFPurposeLI
	}
}

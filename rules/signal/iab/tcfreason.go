package iab

// TCFReason is why a TC string allows something or does not: the code of the first
// rule that failed, or of what allowed it.
type TCFReason uint8

// The reasons. The zero value denies.
const (
	TCFNotAsked TCFReason = iota

	// What allows.
	TCFOK
	TCFSpecialDisclosed // a special purpose, and the vendor is disclosed
	// a special purpose, in a string from before TCF 2.3 whose LI bit shows that the vendor was disclosed
	TCFSpecialLI

	// Of the string as a whole.
	TCFNotVersion2
	TCFGlobalScope
	TCFPolicyBelow4
	TCFNoDisclosedSegment
	TCFStringInvalid // special purposes and features: one of the first three

	// Of vendor and purpose.
	TCFVendorNotDisclosed
	TCFUnknownPurpose
	TCFRestrictionNotAllowed
	TCFPurposeNotDeclared
	TCFRequireConsentNotFlexible
	TCFRequireLINotFlexible
	TCFRestrictionsContradict
	TCFLINotPermitted
	TCFPurposeOneNotDisclosed
	TCFNoPurposeConsent
	TCFNoVendorConsent
	TCFNoPurposeLI
	TCFNoVendorLI

	// Of special purposes and features.
	TCFUnknownSpecialPurpose
	TCFSpecialPurposeNotDeclared
	TCFSpecialAmbiguous
	TCFUnknownSpecialFeature
	TCFSpecialFeatureNotDeclared
	TCFNotOptedIn

	numTCFReasons
)

var tcfReasons = [numTCFReasons]struct{ code, words string }{
	TCFNotAsked:         {"not_asked", "nobody asked"},
	TCFOK:               {"ok", "allowed"},
	TCFSpecialDisclosed: {"disclosed", "allowed: the vendor is disclosed, and a special purpose needs no choice"},
	TCFSpecialLI:        {"li_bit_pre_2_3", "allowed: the LI bit shows that the vendor was disclosed"},
	TCFNotVersion2:      {"version_not_2", "it is not of version 2"},
	TCFGlobalScope: {"global_scope_invalid",
		"it is not service specific, and global scope ended in September 2021"},
	TCFPolicyBelow4: {"policy_version_below_4",
		"its policy version is below 4, which has been invalid since 30 September 2023"},
	TCFNoDisclosedSegment: {"disclosed_segment_missing",
		"it does not list the disclosed vendors, which TCF 2.3 and every string updated from 1 March 2026 must"},
	TCFStringInvalid:         {"string_invalid", "the string as a whole may not be relied on"},
	TCFVendorNotDisclosed:    {"vendor_not_disclosed", "the vendor was not disclosed"},
	TCFUnknownPurpose:        {"unknown_purpose", "there are purposes 1 to 11 only"},
	TCFRestrictionNotAllowed: {"restriction_not_allowed", "the publisher does not allow the vendor this purpose"},
	TCFPurposeNotDeclared:    {"purpose_not_declared", "the vendor did not declare this purpose"},
	TCFRequireConsentNotFlexible: {"restriction_require_consent_not_flexible",
		"the publisher requires consent, and the vendor declared legitimate interest alone"},
	TCFRequireLINotFlexible: {"restriction_require_li_not_flexible",
		"the publisher requires legitimate interest, and the vendor declared consent alone"},
	TCFRestrictionsContradict: {"restrictions_contradict",
		"the publisher requires both consent and legitimate interest"},
	TCFLINotPermitted: {"li_not_permitted_for_purpose",
		"there is no legitimate interest for purposes 1, 3, 4, 5 and 6"},
	TCFPurposeOneNotDisclosed: {"p1_not_disclosed", "purpose 1 was not disclosed"},
	TCFNoPurposeConsent:       {"no_purpose_consent", "no consent to the purpose"},
	TCFNoVendorConsent:        {"no_vendor_consent", "no consent to the vendor"},
	TCFNoPurposeLI: {"no_purpose_li_or_objected",
		"legitimate interest for the purpose was not disclosed, or objected to"},
	TCFNoVendorLI: {"no_vendor_li_or_objected",
		"legitimate interest of the vendor was not disclosed, or objected to"},
	TCFUnknownSpecialPurpose:     {"unknown_special_purpose", "there are special purposes 1 to 3 only"},
	TCFSpecialPurposeNotDeclared: {"special_purpose_not_declared", "the vendor did not declare this special purpose"},
	TCFSpecialAmbiguous:          {"ambiguous_pre_2_3_treated_as_no", "nothing shows that the vendor was disclosed"},
	TCFUnknownSpecialFeature:     {"unknown_special_feature", "there are special features 1 and 2 only"},
	TCFSpecialFeatureNotDeclared: {"special_feature_not_declared", "the vendor did not declare this special feature"},
	TCFNotOptedIn:                {"not_opted_in", "no opt-in to the special feature"},
}

// String returns the code that records and test vectors use.
func (r TCFReason) String() string {
	if r < numTCFReasons {
		return tcfReasons[r].code
	}
	return "unknown"
}

// Words says the reason in plain words.
func (r TCFReason) Words() string {
	if r < numTCFReasons {
		return tcfReasons[r].words
	}
	return "unknown"
}

// Known tells whether it is one of the reasons.
func (r TCFReason) Known() bool { return r < numTCFReasons }

// Allows tells whether the reason is one for a yes.
func (r TCFReason) Allows() bool { return r == TCFOK || r == TCFSpecialDisclosed || r == TCFSpecialLI }

// ParseTCFReason reads a code that [TCFReason.String] gives.
func ParseTCFReason(code string) (TCFReason, bool) {
	for r := range tcfReasons {
		if tcfReasons[r].code == code {
			return TCFReason(r), true
		}
	}
	return TCFNotAsked, false
}

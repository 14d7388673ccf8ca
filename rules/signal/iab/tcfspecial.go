package iab

// SpecialPurpose decides whether a vendor may process for a special purpose: 1 security, 2 delivery, 3 keeping the
// visitor's choices. The visitor has no choice there, but the vendor has to be declared and disclosed.
func (t *TCString) SpecialPurpose(vendor, purpose int, declared bool) TCFReason {
	usable := t.specialUsable()
	switch {
	case usable == TCFStringInvalid:
		return usable
	case purpose < 1 || purpose > 3:
		return TCFUnknownSpecialPurpose
	case !declared:
		return TCFSpecialPurposeNotDeclared
	case usable != TCFOK:
		return usable
	}
	switch listed, present := t.Disclosed(vendor); {
	case listed:
		return TCFSpecialDisclosed
	case present:
		return TCFVendorNotDisclosed
	case t.VendorLI(vendor):
		return TCFSpecialLI
	default:
		return TCFSpecialAmbiguous
	}
}

// SpecialFeature decides whether a vendor may use a special feature: 1 precise
// location, 2 active scanning of the device.
func (t *TCString) SpecialFeature(vendor, feature int, declared bool) TCFReason {
	if r := t.specialUsable(); r != TCFOK {
		return r
	}
	if r := t.disclosedTo(vendor); r != TCFOK {
		return r
	}
	switch {
	case feature < 1 || feature > 2:
		return TCFUnknownSpecialFeature
	case !declared:
		return TCFSpecialFeatureNotDeclared
	case !t.SpecialFeatures.Has(feature):
		return TCFNotOptedIn
	default:
		return TCFOK
	}
}

// specialUsable is [TCString.Usable] with one reason for all that is wrong with a string but the missing list of
// vendors.
func (t *TCString) specialUsable() TCFReason {
	switch r := t.Usable(); r {
	case TCFOK, TCFNoDisclosedSegment:
		return r
	default:
		return TCFStringInvalid
	}
}

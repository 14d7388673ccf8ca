package iab

// Declared is what a vendor declares for a purpose in the IAB's vendor list: its default legal basis, and whether a
// publisher may change it ("flexible").
type Declared uint8

// The declarations. The zero value is none, which never allows anything.
const (
	Undeclared Declared = iota
	DeclaredConsent
	DeclaredConsentFlexible
	DeclaredLI
	DeclaredLIFlexible
)

// Basis is the vendor's default basis.
func (d Declared) Basis() TCFBasis {
	switch d {
	case DeclaredConsent, DeclaredConsentFlexible:
		return BasisConsent
	case DeclaredLI, DeclaredLIFlexible:
		return BasisLI
	default:
		return BasisNone
	}
}

// Flexible tells whether the publisher may change the basis.
func (d Declared) Flexible() bool { return d == DeclaredConsentFlexible || d == DeclaredLIFlexible }

// TCFBasis is the legal basis that applies to a vendor and a purpose in the TCF.
type TCFBasis uint8

// The bases.
const (
	BasisNone TCFBasis = iota
	BasisConsent
	BasisLI
)

// String returns the word that test vectors use.
func (b TCFBasis) String() string {
	switch b {
	case BasisConsent:
		return "consent"
	case BasisLI:
		return "li"
	default:
		return "none"
	}
}

// TCFDecision is what [TCString.Purpose] says of a vendor and a purpose. Its zero value denies; it never allows on both
// bases.
type TCFDecision struct {
	OnConsent, OnLI bool
	Basis           TCFBasis // that applies once restrictions are followed; none where a rule before that failed
	Reason          TCFReason
	PolicySilent    bool // the policy has no rule for this, and ours is the strict reading
}

// DisclosedFrom is when the list of disclosed vendors became mandatory: 1 March 2026, in Unix seconds. The list may be
// missing only in strings that were last updated before.
const DisclosedFrom = 1772323200

// Usable tells whether the string as a whole may be relied on: [TCFOK], or why not. A nil string is no reason for
// anything.
func (t *TCString) Usable() TCFReason {
	switch {
	case t == nil:
		return TCFNotAsked
	case t.Version != 2:
		return TCFNotVersion2
	case !t.ServiceSpecific:
		return TCFGlobalScope
	case t.PolicyVersion < 4:
		return TCFPolicyBelow4
	case !t.present[DisclosedVendors] && (t.PolicyVersion >= 5 || t.Updated >= DisclosedFrom):
		return TCFNoDisclosedSegment
	default:
		return TCFOK
	}
}

// Purpose decides whether a vendor may process for a purpose. The cases are the rules in their order; the first
// that fails gives the reason ("TCF Implementation Guidelines", section on publisher restrictions: restrictions,
// then the purpose's bit, then the vendor's).
func (t *TCString) Purpose(vendor, purpose int, declared Declared) TCFDecision {
	q := question{t: t, vendor: vendor, purpose: purpose, declared: declared}
	switch {
	case q.fails(t.Usable()):
	case q.fails(t.disclosedTo(vendor)):
	case q.fails(knownPurpose(purpose)):
	case q.fails(q.notAllowed()):
	case q.fails(q.declaration()):
	case q.fails(q.requireConsent()):
	case q.fails(q.requireLI()):
	case q.fails(q.contradiction()):
	case q.failsOn(noLI(q.basis, purpose)):
	case q.failsOn(t.purposeOne(q.basis, purpose)):
		q.decision.PolicySilent = t.PurposeConsents.Has(1)
	case q.failsOn(t.purposeBit(q.basis, purpose)):
	case q.failsOn(t.vendorBit(q.basis, vendor)):
	default:
		q.decision = TCFDecision{OnConsent: q.basis == BasisConsent, OnLI: q.basis == BasisLI, Basis: q.basis, Reason: TCFOK}
	}
	return q.decision
}

// PurposeAlone says what the string allows for a purpose where no vendor is known: only the
// string as a whole and the purpose's bits.
func (t *TCString) PurposeAlone(purpose int) (consent, li TCFReason) {
	return t.alone(BasisConsent, purpose), t.alone(BasisLI, purpose)
}

func (t *TCString) alone(basis TCFBasis, purpose int) TCFReason {
	if r := t.Usable(); r != TCFOK {
		return r
	}
	for _, r := range [...]TCFReason{
		knownPurpose(purpose), noLI(basis, purpose), t.purposeOne(basis, purpose), t.purposeBit(basis, purpose),
	} {
		if r != TCFOK {
			return r
		}
	}
	return TCFOK
}

// question is a vendor and a purpose on their way through the rules.
type question struct {
	t               *TCString
	vendor, purpose int
	declared        Declared
	basis           TCFBasis // as far as the rules have come
	decision        TCFDecision
}

// fails notes the reason of a rule before the basis is settled.
func (q *question) fails(reason TCFReason) bool {
	q.decision.Reason = reason
	return reason != TCFOK
}

// failsOn notes the reason of a rule about the basis that applies.
func (q *question) failsOn(reason TCFReason) bool {
	q.decision.Basis = q.basis
	return q.fails(reason)
}

func (t *TCString) disclosedTo(vendor int) TCFReason {
	if listed, present := t.Disclosed(vendor); present && !listed {
		return TCFVendorNotDisclosed
	}
	return TCFOK
}

func knownPurpose(purpose int) TCFReason {
	if purpose < 1 || purpose > NumPurposes {
		return TCFUnknownPurpose
	}
	return TCFOK
}

// notAllowed comes before the declaration: it holds for vendors that never declared the purpose, too.
func (q *question) notAllowed() TCFReason {
	if q.t.Restricted(q.vendor, q.purpose, NotAllowed) {
		return TCFRestrictionNotAllowed
	}
	return TCFOK
}

func (q *question) declaration() TCFReason {
	if q.basis = q.declared.Basis(); q.basis == BasisNone {
		return TCFPurposeNotDeclared
	}
	return TCFOK
}

func (q *question) requireConsent() TCFReason {
	return q.require(RequireConsent, BasisConsent, TCFRequireConsentNotFlexible)
}

func (q *question) requireLI() TCFReason {
	return q.require(RequireLI, BasisLI, TCFRequireLINotFlexible)
}

// require changes the vendor's default basis to the one that the publisher requires, where the vendor is flexible.
func (q *question) require(kind Restriction, basis TCFBasis, otherwise TCFReason) TCFReason {
	switch {
	case !q.t.Restricted(q.vendor, q.purpose, kind) || q.declared.Basis() == basis:
		return TCFOK
	case !q.declared.Flexible():
		return otherwise
	default:
		q.basis = basis
		return TCFOK
	}
}

// contradiction: the policy does not say what two requirements at once mean.
func (q *question) contradiction() TCFReason {
	if q.t.Restricted(q.vendor, q.purpose, RequireConsent) && q.t.Restricted(q.vendor, q.purpose, RequireLI) {
		q.decision.PolicySilent = true
		return TCFRestrictionsContradict
	}
	return TCFOK
}

// noLI: since TCF 2.2 there is none for purposes 3 to 6, and there never was for
// 1. Bits set for them are not looked at.
func noLI(basis TCFBasis, purpose int) TCFReason {
	if basis == BasisLI && (purpose == 1 || purpose >= 3 && purpose <= 6) {
		return TCFLINotPermitted
	}
	return TCFOK
}

// purposeOne: with PurposeOneTreatment the consent bit says nothing.
func (t *TCString) purposeOne(basis TCFBasis, purpose int) TCFReason {
	if basis == BasisConsent && purpose == 1 && t.PurposeOneTreatment {
		return TCFPurposeOneNotDisclosed
	}
	return TCFOK
}

// purposeBit: the bit of the basis that applies; the other one never stands in for it.
func (t *TCString) purposeBit(basis TCFBasis, purpose int) TCFReason {
	switch {
	case basis == BasisConsent && !t.PurposeConsents.Has(purpose):
		return TCFNoPurposeConsent
	case basis == BasisLI && !t.PurposeLI.Has(purpose):
		return TCFNoPurposeLI
	case basis == BasisNone:
		return TCFPurposeNotDeclared
	default:
		return TCFOK
	}
}

func (t *TCString) vendorBit(basis TCFBasis, vendor int) TCFReason {
	switch {
	case basis == BasisConsent && !t.VendorConsent(vendor):
		return TCFNoVendorConsent
	case basis == BasisLI && !t.VendorLI(vendor):
		return TCFNoVendorLI
	default:
		return TCFOK
	}
}

// Package basis knows the lawful bases of GDPR Art. 6(1), the register of legitimate interest assessments, and whether
// one of them carries processing at a given time. It promises that whatever it was not told permits nothing.
package basis

import "fmt"

// Basis is what an activity rests on. Its zero value, [None], permits nothing.
type Basis uint8

// The bases of GDPR Art. 6(1)(a) to (f), and [OptOut], which is no GDPR basis but the rule of opt-out regions.
const (
	None Basis = iota
	Consent
	Contract
	LegalObligation
	VitalInterests
	PublicTask
	LegitimateInterest
	OptOut

	numBases
)

var names = [numBases]string{
	None: "none", Consent: "consent", Contract: "contract", LegalObligation: "legal_obligation",
	VitalInterests: "vital_interests",
	PublicTask:     "public_task", LegitimateInterest: "legitimate_interest", OptOut: "opt_out",
}

// String returns the name that policies and records use.
func (b Basis) String() string {
	if b < numBases {
		return names[b]
	}
	return fmt.Sprintf("basis(%d)", uint8(b))
}

// OpenToObjection tells whether an objection can end what rests on the basis, direct marketing aside: not where a
// contract, the law or a vital interest asks for it (GDPR Art. 21(1) speaks of Art. 6(1)(e) and (f); consent and
// opting out can be taken back at any time).
func (b Basis) OpenToObjection() bool {
	return b != Contract && b != LegalObligation && b != VitalInterests
}

// Parse returns the basis of that name; [None] cannot be named.
func Parse(name string) (Basis, bool) {
	for b := None + 1; b < numBases; b++ {
		if names[b] == name {
			return b, true
		}
	}
	return None, false
}

// Names lists what [Parse] understands, in the order of Art. 6(1).
func Names() []string { return append([]string(nil), names[1:]...) }

package signal

import "github.com/tagwarden/tagwarden/rules/signal/iab"

// Declaration is how a vendor stands in IAB's Global Vendor List and among Google's providers, and what banners call
// it. Its zero value is in neither, and no banner knows it.
type Declaration struct {
	ID       string                            // in the policy; a site maps services of its banner to it
	Services []string                          // what banners commonly call its service: letters and digits in lower case
	Vendor   int                               // id in the Global Vendor List; 0: purposes alone are asked about
	Purposes [iab.NumPurposes + 1]iab.Declared // by purpose
	Provider int                               // id among Google's ad technology providers; 0 where it has none
}

// TCF is what TC strings ([iab.TCString]) say, as it stands for one vendor: by purpose, whether the vendor may rely on
// consent and whether on legitimate interest, by the rules of the TCF. The zero value is no string.
type TCF struct {
	State   State
	Version uint8  // of the format
	Policy  uint8  // of the TCF's policy: 4 is TCF 2.2, 5 is TCF 2.3
	Vendor  uint16 // that was asked about; 0 where the catalog knows no id

	Consents  iab.Purposes // bits of the string
	Interests iab.Purposes

	Consent  [iab.NumPurposes + 1]iab.TCFReason // TCFOK: permitted
	Interest [iab.NumPurposes + 1]iab.TCFReason
	At       int64 // when the string was last changed, Unix seconds
}

// newTCF asks a decoded string about a vendor.
func newTCF(t *iab.TCString, d *Declaration) TCF {
	said := TCF{
		State: Valid, Version: t.Version, Policy: t.PolicyVersion, Vendor: uint16(d.Vendor), At: t.Updated,
		Consents: t.PurposeConsents & allPurposes, Interests: t.PurposeLI & allPurposes,
	}
	for p := 1; p <= iab.NumPurposes; p++ {
		if d.Vendor == 0 {
			said.Consent[p], said.Interest[p] = t.PurposeAlone(p)
			continue
		}
		decided := t.Purpose(d.Vendor, p, d.Purposes[p])
		said.Consent[p], said.Interest[p] = decided.Reason, decided.Reason
		// A bit for the one basis may not stand in for the other (TCF Policies: for the avoidance of doubt).
		if decided.Basis != iab.BasisConsent && decided.Basis != iab.BasisNone {
			said.Consent[p] = iab.TCFPurposeNotDeclared
		}
		if decided.Basis != iab.BasisLI && decided.Basis != iab.BasisNone {
			said.Interest[p] = iab.TCFPurposeNotDeclared
		}
	}
	return said
}

const allPurposes = iab.Purposes(1<<iab.NumPurposes - 1)

// merge adds what another string says; the stricter holds.
func (t *TCF) merge(o TCF) {
	switch {
	case o.State == Absent:
		return
	case t.State == Absent:
		*t = o
		return
	case o.State == Malformed || t.State == Malformed:
		*t = TCF{State: Malformed}
		return
	}
	t.Consents &= o.Consents
	t.Interests &= o.Interests
	for p := range t.Consent {
		if t.Consent[p] == iab.TCFOK {
			t.Consent[p] = o.Consent[p]
		}
		if t.Interest[p] == iab.TCFOK {
			t.Interest[p] = o.Interest[p]
		}
	}
	t.At = min(t.At, o.At)
}

// consents returns the first rule that keeps the vendor from relying on consent to all
// of the purposes; TCFOK where none does.
func (t *TCF) consents(of iab.Purposes) iab.TCFReason { return t.first(&t.Consent, of) }

// Interested returns the first rule that keeps the vendor from relying on legitimate interest for all of the purposes;
// TCFOK where none does, or no string was sent.
func (t *TCF) Interested(of iab.Purposes) iab.TCFReason {
	if t.State == Absent {
		return iab.TCFOK
	}
	return t.first(&t.Interest, of)
}

func (t *TCF) first(reasons *[iab.NumPurposes + 1]iab.TCFReason, of iab.Purposes) iab.TCFReason {
	if t.State != Valid {
		return iab.TCFStringInvalid
	}
	for p := 1; p <= iab.NumPurposes; p++ {
		if of.Has(p) && reasons[p] != iab.TCFOK {
			return reasons[p]
		}
	}
	return iab.TCFOK
}

// AC is what Google's additional consent string says of the vendor that is asked
// about. It counts beside a TC string only.
type AC struct {
	State     State
	Listed    bool // the catalog knows the vendor's id among Google's providers
	Consented bool
	Disclosed bool
}

// merge adds what another string says; the stricter holds.
func (a *AC) merge(o AC) {
	if a.State == Absent {
		*a = o
		return
	}
	a.State = max(a.State, o.State)
	a.Consented = a.Consented && o.Consented
	a.Disclosed = a.Disclosed && o.Disclosed
}

// refuses tells whether the string speaks of the vendor, and does not consent to it.
func (a *AC) refuses() bool {
	return a.Listed && (a.State == Malformed || a.State == Valid && !a.Consented)
}

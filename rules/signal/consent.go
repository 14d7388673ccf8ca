package signal

import (
	"github.com/tagwarden/tagwarden/rules/signal/iab"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// Need is what a purpose asks of [Signals.Consent]: the consent categories that it is in, and the purposes of IAB's TCF
// that it amounts to.
type Need struct {
	Categories Categories
	TCF        iab.Purposes
}

// Consent is what all sources together say of a purpose.
type Consent uint8

// The answers. The zero value is no consent: nothing speaks of all that is needed, or something is in doubt.
const (
	Silent Consent = iota
	Refused
	Granted
)

// Answer is what all sources together say of what was asked, and why, where a TC string is the reason.
type Answer struct {
	Consent Consent
	TCF     iab.TCFReason // the rule of the TC string that failed; TCFOK where that is not why
	At      int64         // the oldest time of a choice that was relied on, Unix seconds; 0 where none is known
}

// Consent asks whether every purpose is consented to: every source that speaks of one grants it as far as it speaks, at
// least one grants it whole, none refuses it or leaves it in doubt.
func (s *Signals) Consent(needs []Need) Answer {
	var of Categories
	for i := range needs {
		of |= needs[i].Categories
	}
	var granted, doubt Categories
	answer := Answer{TCF: iab.TCFOK}
	for i := range s.Sources[:s.N] {
		said := &s.Sources[i]
		if said.Service != NotRefused || (said.Refused | said.Objected).Has(of) {
			return Answer{Consent: Refused, TCF: iab.TCFOK, At: said.At}
		}
		doubt |= said.Doubt
		granted |= said.Granted
		if said.Granted.Has(of) {
			answer.since(said.At)
		}
	}
	if len(needs) == 0 || doubt.Has(of) {
		return Answer{TCF: iab.TCFOK}
	}
	for i := range needs {
		n := &needs[i]
		asked := n.TCF != 0 && s.TCF.State != Absent
		if asked {
			reason := s.TCF.consents(n.TCF)
			if reason == iab.TCFOK && s.AC.refuses() {
				reason = iab.TCFNoVendorConsent
			}
			if reason != iab.TCFOK {
				return Answer{TCF: reason}
			}
			answer.since(s.TCF.At)
		}
		if !asked && (n.Categories == 0 || granted&n.Categories != n.Categories) {
			return Answer{TCF: iab.TCFOK}
		}
	}
	answer.Consent = Granted
	return answer
}

// since notes the time of a choice that is relied on.
func (a *Answer) since(at int64) {
	a.At = read.Older(a.At, at)
}

// Declines tells whether the visitor said no to one of the categories, by an act that a source records: such a no
// counts on every basis that one may refuse. No choice yet is none, and no to consent for a purpose of the TCF is none
// to a legitimate interest: that has bits of its own.
func (s *Signals) Declines(of Categories) bool {
	for i := range s.Sources[:s.N] {
		if said := &s.Sources[i]; (said.Declined &^ said.TCFOnly).Has(of) {
			return true
		}
	}
	return false
}

// DeclinesAnyhow tells what Declines tells, purposes of the TCF included: where nothing but an opt-out is asked for, it
// is one.
func (s *Signals) DeclinesAnyhow(of Categories) bool {
	for i := range s.Sources[:s.N] {
		if s.Sources[i].Declined.Has(of) {
			return true
		}
	}
	return false
}

// DeclinesVendor tells whether the visitor said no to the service that the vendor of the hit is, by an act that a
// source records.
func (s *Signals) DeclinesVendor() bool {
	for i := range s.Sources[:s.N] {
		if s.Sources[i].Service == Declined {
			return true
		}
	}
	return false
}

// Objects tells whether a source carries an objection to one of the categories.
func (s *Signals) Objects(of Categories) bool {
	for i := range s.Sources[:s.N] {
		if s.Sources[i].Objected.Has(of) {
			return true
		}
	}
	return false
}

package proxy

import (
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// recorded says what names in the records of a hit's events stand for, where the ledger has not said it lately.
type recorded hitContext

var _ ledger.Named = (*recorded)(nil)

// Shape lists what became of the fields of an event.
func (h *recorded) Shape(i int) ledger.Shape {
	kept, changed, dropped := h.j.Shape(i)
	return ledger.Shape{Kept: kept, Changed: changed, Dropped: dropped}
}

// Rungs says by what an event was judged, and how.
func (h *recorded) Rungs(i int) ledger.Rungs {
	f := h.j.Facts(i)
	r := ledger.Rungs{
		Policy: f.Policy, Site: f.Site, Region: f.Region.String(), Vendor: f.Vendor, Endpoint: f.Endpoint,
		Server: f.Server, Signals: signalsOf(h.j.Policy, f.Signals),
	}
	for _, rung := range f.Ladder {
		r.Ladder = append(r.Ladder, ledger.Rung{
			Activity: rung.Activity.ID, When: rung.When, Decision: rung.Decision.String(), Reason: rung.Reason.String(),
		})
	}
	return r
}

// signalsOf lists what signals say, as facts and in words: each source that is there, in the order of
// [signal.Signals.AppendDates].
func signalsOf(p *rules.Policy, s *signal.Signals) (all []ledger.Signal) {
	add := func(kind signal.Kind, state signal.State, what func(*ledger.Signal)) {
		if state == signal.Absent {
			return
		}
		one := ledger.Signal{Source: kind.String(), State: state.String()}
		if what != nil {
			what(&one)
		}
		all = append(all, one)
	}
	add(signal.GPC, s.GPC, nil)
	add(signal.DNT, s.DNT, nil)
	for i := range s.Sources[:s.N] {
		said := &s.Sources[i]
		add(said.Kind, said.State, func(of *ledger.Signal) { source(p, said, of) })
	}
	add(signal.TransparencyConsent, s.TCF.State, func(of *ledger.Signal) { tcf(&s.TCF, of) })
	add(signal.AdditionalConsent, s.AC.State, func(of *ledger.Signal) {
		of.Says, of.Listed, of.Consented = string(s.AC.Append(nil)), s.AC.Listed, s.AC.Consented
	})
	for _, o := range []struct {
		kind signal.Kind
		says *signal.OptOuts
	}{{signal.PrivacyPlatform, &s.GPP}, {signal.USPrivacy, &s.USP}, {signal.Payload, &s.Payload}} {
		add(o.kind, o.says.State, func(of *ledger.Signal) {
			of.Says, of.OptedOut, of.GPC = string(o.says.Append(nil)), o.says.Of.Words(), o.says.GPC
		})
	}
	return all
}

// source says what a source says of consent categories.
func source(p *rules.Policy, said *signal.SourceReading, of *ledger.Signal) {
	of.Says = p.Says(said)
	of.Granted, of.Refused = rules.CategoriesIn(p, said.Granted), rules.CategoriesIn(p, said.Refused)
	of.Declined, of.TCFOnly = rules.CategoriesIn(p, said.Declined), rules.CategoriesIn(p, said.TCFOnly)
	of.Unclear, of.Objected = rules.CategoriesIn(p, said.Doubt), rules.CategoriesIn(p, said.Objected)
	switch said.Service {
	case signal.NotRefused:
	case signal.Declined:
		of.Service = "declined"
	default:
		of.Service = "withheld"
	}
}

// tcf says what a TC string says.
func tcf(t *signal.TCF, of *ledger.Signal) {
	of.Says = string(t.Append(nil))
	if t.State != signal.Valid {
		return
	}
	of.TCF = &ledger.TCF{
		Policy: int(t.Policy), Vendor: int(t.Vendor), Consent: byRule(&t.Consent), Interest: byRule(&t.Interest),
	}
}

// byRule lists purposes by the rule that decides each, in the order of the rules.
func byRule(decided *[iab.NumPurposes + 1]iab.TCFReason) (all []ledger.Purposes) {
	for p, rule := range decided[1:] {
		i := 0
		for i < len(all) && all[i].Rule != rule.String() {
			i++
		}
		if i == len(all) {
			all = append(all, ledger.Purposes{Rule: rule.String()})
		}
		all[i].Of = append(all[i].Of, p+1)
	}
	return all
}

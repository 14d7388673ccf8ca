package rules

import (
	"fmt"

	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// RecordedSignal is what one source said, as a record of the ledger has it: categories by the policy's names.
type RecordedSignal struct {
	Source, State                                          string
	Granted, Refused, Declined, TCFOnly, Unclear, Objected []string
	Service                                                string // "withheld" or "declined"; "": nothing

	Consent, Interest []RecordedPurposes // of a TC string; nil: it says nothing

	Listed, Consented bool     // of Google's additional consent
	OptedOut          []string // of what speaks of opt-outs
	GPC               bool
}

// RecordedPurposes are purposes of the TCF for which the same is the case: "ok", or the rule that fails.
type RecordedPurposes struct {
	Rule string
	Of   []int
}

// dated is where the date of one signal is put, and that of the visitor's last act by it; nil: it has none.
type dated struct{ at, last *int64 }

func (d dated) set(at int64) {
	if d.at != nil {
		*d.at = at
	}
	if d.last != nil {
		*d.last = at
	}
}

// signalsOf puts together what all signals say, but for when.
func (r *Rejudge) signalsOf(all []RecordedSignal) (dates []dated, err error) {
	s := &r.signals
	for i := range all {
		of := &all[i]
		kind, known := signal.ParseKind(of.Source)
		state := stateOf(of.State)
		if !known || state == signal.Absent {
			return nil, fmt.Errorf("%w: signal %s, %s", ErrUnknown, of.Source, of.State)
		}
		d := dated{}
		switch kind {
		case signal.GPC:
			s.GPC = state
		case signal.DNT:
			s.DNT = state
		case signal.TransparencyConsent:
			d.at = &s.TCF.At
			s.TCF.State = state
			err = r.tcf(of)
		case signal.AdditionalConsent:
			s.AC = signal.AC{State: state, Listed: of.Listed, Consented: of.Consented}
		case signal.PrivacyPlatform:
			s.GPP, err = optOutsOf(of, state)
		case signal.USPrivacy:
			s.USP, err = optOutsOf(of, state)
		default:
			d, err = r.source(kind, state, of)
		}
		if err != nil {
			return nil, err
		}
		dates = append(dates, d)
	}
	return dates, nil
}

func stateOf(word string) signal.State {
	for _, state := range [...]signal.State{signal.Valid, signal.Malformed} {
		if state.String() == word {
			return state
		}
	}
	return signal.Absent
}

// source reads what is said of consent categories; by the SDK's own consent object, of opt-outs as well.
func (r *Rejudge) source(kind signal.Kind, state signal.State, of *RecordedSignal) (d dated, err error) {
	s := &r.signals
	if kind == signal.Payload && of.OptedOut != nil {
		s.Payload, err = optOutsOf(of, state)
		return d, err
	}
	if int(s.N) >= len(s.Sources) {
		return d, fmt.Errorf("%w: more signals than a site has", ErrUnknown)
	}
	said := &s.Sources[s.N]
	s.N++
	said.Kind, said.State = kind, state
	for _, set := range []struct {
		names []string
		to    *signal.Categories
	}{
		{of.Granted, &said.Granted}, {of.Refused, &said.Refused}, {of.Declined, &said.Declined},
		{of.TCFOnly, &said.TCFOnly}, {of.Unclear, &said.Doubt}, {of.Objected, &said.Objected},
	} {
		for _, name := range set.names {
			one := CategoryOf(r.policy, name)
			if one == 0 {
				return d, fmt.Errorf("%w: consent category %s", ErrUnknown, name)
			}
			*set.to |= one
		}
	}
	switch of.Service {
	case "":
	case "withheld":
		said.Service = signal.Withheld
	case "declined":
		said.Service = signal.Declined
	default:
		return d, fmt.Errorf("%w: a service that is %s", ErrUnknown, of.Service)
	}
	return dated{&said.At, &said.Last}, nil
}

// tcf reads what a TC string says.
func (r *Rejudge) tcf(of *RecordedSignal) error {
	for _, side := range []struct {
		by []RecordedPurposes
		to *[iab.NumPurposes + 1]iab.TCFReason
	}{{of.Consent, &r.signals.TCF.Consent}, {of.Interest, &r.signals.TCF.Interest}} {
		for _, by := range side.by {
			rule, known := iab.ParseTCFReason(by.Rule)
			for _, p := range by.Of {
				if !known || p < 1 || p > iab.NumPurposes {
					return fmt.Errorf("%w: purpose %d of the TCF, %s", ErrUnknown, p, by.Rule)
				}
				side.to[p] = rule
			}
		}
	}
	return nil
}

func optOutsOf(of *RecordedSignal, state signal.State) (signal.OptOuts, error) {
	out := signal.OptOuts{State: state, GPC: of.GPC}
	for _, word := range of.OptedOut {
		us, known := signal.ParseUS(word)
		if !known {
			return out, fmt.Errorf("%w: an opt-out of %s", ErrUnknown, word)
		}
		out.Of |= us
	}
	return out, nil
}

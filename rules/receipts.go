package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// Receipts of choices stand by identifiers, as objections do, and are found with them. For the ladder they are a source
// of signals like the others: see [signal.Receipt].

// CategoryOf is a consent category of a policy's purposes, by its name; none where no purpose is in it.
func CategoryOf(p *Policy, name string) signal.Categories {
	at := slices.Index(p.categories, name)
	if at < 0 {
		return 0
	}
	return 1 << at
}

// ReadsReceipts tells whether receipts count as signals on the site.
func (s *Site) ReadsReceipts() bool { return s.signals.ReadsReceipts() }

// heedReceipts puts what receipts say into what each event says; false where there is no room for it.
func (r *readState) heedReceipts(objections []Objections, in *Inputs) bool {
	if r.Site == nil || len(objections) == 0 || !r.Site.signals.ReadsReceipts() {
		return true
	}
	reader := r.Site.signals
	differ := false
	for e := range objections {
		differ = differ || objections[e].Receipts != objections[0].Receipts
	}
	for differ && len(r.Signals) < len(objections) {
		r.Signals = append(r.Signals, r.Signals[0])
	}
	var now int64
	if !in.Now.IsZero() {
		now = in.Now.Unix()
	}
	note := r.budget.trace.signalNote()
	for e := range r.Signals {
		if !reader.Heed(&r.Signals[e], objections[e].Receipts, now, note) {
			return false
		}
	}
	return true
}

// Choice words, as questions and tests write what was chosen.
const (
	choiceGranted = "granted"
	choiceRefused = "refused"
)

// AskedReceipt is what receipts come to in a [Question]: by consent category
// granted or refused, at the time of the hit.
func AskedReceipt(p *Policy, chosen map[string]string, at time.Time) (r signal.Receipt, err error) {
	for name, choice := range chosen {
		of := CategoryOf(p, name)
		switch {
		case of == 0:
			return r, fmt.Errorf("receipts: no purpose is in category %q", name)
		case choice == choiceGranted:
			r.Granted, r.At = r.Granted|of, at.Unix()
		case choice == choiceRefused:
			r.Refused |= of
		default:
			return r, fmt.Errorf("receipts: %s is %s or %s", name, choiceGranted, choiceRefused)
		}
	}
	return r, nil
}

// CategoriesOf lists the consent categories of a policy's purposes.
func CategoriesOf(p *Policy) []string { return slices.Clone(p.categories) }

// receiptsDeny tells whether receipts that were found since an event was judged deny what it was permitted on: they
// refuse it, or they vouch no more for the consent that it was permitted by.
func (j *Judgement) receiptsDeny(event int, now signal.Receipt) bool {
	a, was := j.Verdicts[event].Activity, j.Objections[event].Receipts
	if !j.Site.signals.ReadsReceipts() || !was.Tightens(now) {
		return false
	}
	refuses := now.Refused.Has(a.categories)
	switch a.Basis {
	case basis.Consent:
		return refuses || now.At != 0 && (was.Granted&^now.Granted).Has(a.categories)
	case basis.LegitimateInterest, basis.PublicTask, basis.OptOut:
		return refuses && !a.afterRefusal
	default:
		return false
	}
}

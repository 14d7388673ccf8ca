package ledger

import (
	"errors"

	"go.uber.org/zap/zapcore"

	"github.com/tagwarden/tagwarden/rules"
)

// Rungs is by what events were judged, and how: what many events have in common. It is recorded once a segment; records
// of events name it.
type Rungs struct {
	ID       string // a hash of all that follows
	Policy   string // digest
	Site     string
	Region   string
	Vendor   string
	Endpoint string
	Server   bool     // a server that may send as such sent the hit
	Ladder   []Rung   // as far as it was climbed, from the top
	Signals  []Signal // that were there, in the order of the site's list
}

// Rung is an activity, and what was decided of the event by it.
type Rung struct {
	Activity string
	When     rules.When
	Decision string
	Reason   string
}

// Signal is what one source says, as facts. The zero values say nothing.
type Signal struct {
	Source string
	State  string
	Says   string // all of it, in words

	// Of a source that speaks of consent categories.
	Granted  []string
	Refused  []string // there is no consent to them
	Declined []string // those of them that the visitor said no to
	TCFOnly  []string // those of them that were refused as purposes of the TCF alone
	Unclear  []string
	Objected []string
	Service  string // "withheld" or "declined": what is said of the vendor's own service

	TCF *TCF // of a TC string

	// Of Google's additional consent.
	Listed    bool // it can speak of the vendor
	Consented bool // to the vendor

	// Of what speaks of opt-outs alone.
	OptedOut []string // sale, sharing, targeted_advertising; nil: it speaks of something else
	GPC      bool     // it holds a copy of the browser's signal
}

// TCF is what a TC string says of a vendor: on which purposes of the TCF it may rely on consent, and on which on
// legitimate interest, and why not on the others.
type TCF struct {
	Policy   int // version
	Vendor   int // id in the Global Vendor List; 0 where it has none
	Consent  []Purposes
	Interest []Purposes
}

// Purposes are those for which the same is the case: "ok", or the rule that fails.
type Purposes struct {
	Rule string
	Of   []int
}

var (
	_ zapcore.ObjectMarshaler = (*Rungs)(nil)
	_ zapcore.ObjectMarshaler = (*Shape)(nil)
)

// MarshalLogObject writes the members of a record. What is empty is left out.
func (r *Rungs) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddString("rungs", r.ID)
	addText(to, "policy", r.Policy)
	addText(to, "site", r.Site)
	addText(to, "region", r.Region)
	addText(to, "vendor", r.Vendor)
	addText(to, "endpoint", r.Endpoint)
	addTrue(to, "server", r.Server)
	return errors.Join(
		to.AddArray("ladder", objects[Rung, *Rung](r.Ladder)),
		addObjects[Signal](to, "signals", r.Signals))
}

// MarshalLogObject writes a rung as `explain` has it; and whether its condition was met.
func (r *Rung) MarshalLogObject(to zapcore.ObjectEncoder) error {
	addText(to, "activity", r.Activity)
	if r.When != rules.WhenUnasked {
		to.AddBool("when", r.When == rules.WhenMet)
	}
	addText(to, "decision", r.Decision)
	addText(to, "reason", r.Reason)
	return nil
}

// MarshalLogObject writes a signal as facts.
func (s *Signal) MarshalLogObject(to zapcore.ObjectEncoder) error {
	addText(to, "source", s.Source)
	addText(to, "state", s.State)
	addWords(to, "says", s.Says)
	err := errors.Join(
		addTexts(to, "granted", s.Granted),
		addTexts(to, "refused", s.Refused),
		addTexts(to, "declined", s.Declined),
		addTexts(to, "tcf_only", s.TCFOnly),
		addTexts(to, "unclear", s.Unclear),
		addTexts(to, "objected", s.Objected))
	addText(to, "service", s.Service)
	if s.TCF != nil {
		err = errors.Join(err, to.AddObject("tcf", s.TCF))
	}
	addTrue(to, "listed", s.Listed)
	addTrue(to, "consented", s.Consented)
	if s.OptedOut != nil {
		err = errors.Join(err, to.AddArray("opted_out", (*texts)(&s.OptedOut)))
	}
	addTrue(to, "gpc", s.GPC)
	return err
}

// MarshalLogObject writes what a TC string says:
// {"policy":5,"vendor":755,"consent":{"ok":[1,2],"no_purpose_consent":[3]},"interest":{...}}.
func (t *TCF) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddInt("policy", t.Policy)
	if t.Vendor != 0 {
		to.AddInt("vendor", t.Vendor)
	}
	return errors.Join(to.AddObject("consent", byRule(t.Consent)), to.AddObject("interest", byRule(t.Interest)))
}

// byRule are purposes, by what is the case.
type byRule []Purposes

// MarshalLogObject writes a list for each rule.
func (b byRule) MarshalLogObject(to zapcore.ObjectEncoder) error {
	var all error
	for i := range b {
		all = errors.Join(all, to.AddArray(b[i].Rule, numbers(b[i].Of)))
	}
	return all
}

type numbers []int

// MarshalLogArray writes numbers.
func (n numbers) MarshalLogArray(to zapcore.ArrayEncoder) error {
	for _, one := range n {
		to.AppendInt(one)
	}
	return nil
}

// object is a pointer to what writes its own members.
type object[T any] interface {
	*T
	zapcore.ObjectMarshaler
}

// objects are many of them.
type objects[T any, P object[T]] []T

// MarshalLogArray writes each as an object.
func (o objects[T, P]) MarshalLogArray(to zapcore.ArrayEncoder) error {
	for i := range o {
		if err := to.AppendObject(P(&o[i])); err != nil {
			return err
		}
	}
	return nil
}

// addObjects adds a list of objects, where there are some.
func addObjects[T any, P object[T]](to zapcore.ObjectEncoder, name string, all []T) error {
	if len(all) == 0 {
		return nil
	}
	return to.AddArray(name, objects[T, P](all))
}

// halve makes two records of one that is too long for a line.
func (r *Rungs) halve() (first, rest divisible) {
	h := halving{left: (sizes(r.Ladder, (*Rung).size) + sizes(r.Signals, (*Signal).size)) / 2}
	a, b := *r, Rungs{ID: r.ID}
	a.Ladder, b.Ladder = take(&h, r.Ladder, (*Rung).size)
	a.Signals, b.Signals = take(&h, r.Signals, (*Signal).size)
	return &a, &b
}

func (r *Rungs) items() int { return len(r.Ladder) + len(r.Signals) }

func (r *Rung) size() int { return len(r.Activity) + len(r.Reason) + 64 }

func (s *Signal) size() int {
	n := len(s.Says) + 128
	for _, list := range [...][]string{s.Granted, s.Refused, s.Declined, s.TCFOnly, s.Unclear, s.Objected} {
		n += sizes(list, size)
	}
	return n
}

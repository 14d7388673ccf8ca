package signal

import (
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// Choice is what a visitor is supposed to have chosen, whatever a hit says of it.
type Choice uint8

// The choices. The zero Choice supposes nothing.
const (
	AsRecorded Choice = iota // what the hit says
	AllGranted               // a yes to all that a site's sources can say yes to
	NoneMade                 // nobody chose anything: no source says anything
	AllRefused               // a no to everything, by the visitor's own act
)

var choiceWords = [...]string{AsRecorded: "as-recorded", AllGranted: "all", NoneMade: "none", AllRefused: "refused"}

// String returns the word that people choose it by.
func (c Choice) String() string { return choiceWords[c] }

// ParseChoice reads a word that [Choice.String] gives.
func ParseChoice(word string) (Choice, bool) {
	for c, of := range choiceWords {
		if of == word {
			return Choice(c), true
		}
	}
	return AsRecorded, false
}

// Supposed is what is put in place of what a hit says of the visitor's choices. Its
// zero value puts nothing in its place.
type Supposed struct {
	Choice  Choice
	Signals []SupposedSignal // in place of what the hit, or the choice, says by the same sources
}

// SupposedSignal is what one source is supposed to say.
type SupposedSignal struct {
	Kind       Kind
	Categories Categories // that it speaks of
	Storage    Storage    // of consent mode, in place of categories
	Granted    bool       // what it says of them; of gpc and dnt: that the browser sends it
	Text       string     // of IAB's strings and Google's additional consent
}

// IsNothing tells whether what the hit says counts, and nothing else.
func (s *Supposed) IsNothing() bool { return s.Choice == AsRecorded && len(s.Signals) == 0 }

// Replaces tells whether what a source says in the hit counts for nothing.
func (s *Supposed) Replaces(kind Kind) bool {
	if s.Choice != AsRecorded {
		return true
	}
	for i := range s.Signals {
		of := s.Signals[i].Kind
		if of == kind || of == Platform(cmp.GoogleFC) && kind == TransparencyConsent {
			return true
		}
	}
	return false
}

// ReadsText tells whether a source is a consent string, which is supposed as a whole.
func (k Kind) ReadsText() bool {
	return k == TransparencyConsent || k == PrivacyPlatform || k == USPrivacy || k == AdditionalConsent ||
		k == Platform(cmp.GoogleFC)
}

// IsFlag tells whether a source is a header of the browser that is sent or is not.
func (k Kind) IsFlag() bool { return k == GPC || k == DNT }

// Lists tells whether the site lists a source.
func (r *Reader) Lists(kind Kind) bool {
	switch kind {
	case GPC:
		return r.gpc
	case DNT:
		return r.dnt
	case TransparencyConsent, PrivacyPlatform, USPrivacy, AdditionalConsent:
		return r.iab.listed(kind)
	case Platform(cmp.GoogleFC):
		return r.iab.funding
	default:
	}
	for i := range r.sources {
		if r.sources[i].kind == kind {
			return true
		}
	}
	return false
}

// Grants is the set of categories that one of the site's sources can say yes to. TCF is true where the site lists a TC
// string, which may say yes to purposes of the TCF.
func (r *Reader) Grants() (of Categories, tcf bool) {
	for i := range r.sources {
		of |= r.sources[i].speaksOf()
	}
	if r.receipts > 0 {
		of |= 1<<len(r.names) - 1
	}
	return of, r.iab.tcf || r.iab.funding
}

// speaksOf is the set of categories that a source can say something of.
func (from *reader) speaksOf() (of Categories) {
	switch {
	case from.own != nil:
		return from.own.category
	case from.platform != nil:
		return from.platform.all
	case from.payload != nil:
		return from.payload.all
	}
	for _, mode := range from.modes {
		of |= mode
	}
	return of
}

// Suppose puts into s, which a hit was read into, what is supposed in its place. A source that the site does not list
// is not heard. Ask is what the hit was read with.
func (r *Reader) Suppose(s *Signals, of *Supposed, ask *Ask, note Note) {
	if of.Choice != AsRecorded {
		r.chose(s, of.Choice, note)
	}
	for i := range of.Signals {
		one := &of.Signals[i]
		if !r.Lists(one.Kind) {
			continue
		}
		switch {
		case one.Kind.IsFlag():
			r.flags(s, one, note)
		case one.Kind.ReadsText():
			r.reads(s, one, ask, note)
		default:
			r.says(s, one, of.refusedBefore(i, r), note)
		}
	}
}

// refusedBefore is what the source of a signal was supposed to refuse by those before it: the stricter holds.
func (s *Supposed) refusedBefore(at int, r *Reader) (of Categories) {
	for i := range s.Signals[:at] {
		if before := &s.Signals[i]; before.Kind == s.Signals[at].Kind && !before.Granted {
			of |= before.of(r)
		}
	}
	return of
}

const supposed = "supposed"

// chose is what sources say of a visitor who chose so.
func (r *Reader) chose(s *Signals, c Choice, note Note) {
	*s = Signals{N: s.N}
	for i := range r.sources {
		from, said := &r.sources[i], &s.Sources[i]
		said.Kind = from.kind
		if of := from.speaksOf(); of != 0 && c != NoneMade {
			said.State = Valid
			if c == AllGranted {
				said.Granted = of
			} else {
				said.Refused, said.Declined = of, of
			}
		}
		if from.kind != Receipts {
			r.tell(note, said, supposed)
		}
	}
	if c == NoneMade {
		return
	}
	if r.iab.tcf || r.iab.funding {
		s.TCF = TCF{State: Valid}
		if s.TCF.fill(iab.TCFNoPurposeConsent, iab.TCFNoPurposeLI); c == AllGranted {
			s.TCF.fill(iab.TCFOK, iab.TCFOK)
			s.TCF.Consents, s.TCF.Interests = allPurposes, allPurposes
		}
		if note != nil {
			note(TransparencyConsent, supposed, Valid, string(s.TCF.Append(nil)))
		}
	}
	if c != AllRefused {
		return
	}
	all := OptOuts{State: Valid, Of: Sale | Sharing | TargetedAdvertising}
	for _, out := range [...]struct {
		listed bool
		kind   Kind
		to     *OptOuts
	}{{r.iab.gpp, PrivacyPlatform, &s.GPP}, {r.iab.usp || r.uspr, USPrivacy, &s.USP}} {
		if out.listed {
			if *out.to = all; note != nil {
				note(out.kind, supposed, Valid, string(all.Append(nil)))
			}
		}
	}
}

// fill has a string say the same of every purpose.
func (t *TCF) fill(consent, interest iab.TCFReason) {
	for p := 1; p <= iab.NumPurposes; p++ {
		t.Consent[p], t.Interest[p] = consent, interest
	}
}

// flags has the browser send a header, or not.
func (r *Reader) flags(s *Signals, one *SupposedSignal, note Note) {
	state := Absent
	if one.Granted {
		state = Valid
	}
	if one.Kind == GPC {
		s.GPC = state
	} else {
		s.DNT = state
	}
	if note != nil {
		note(one.Kind, supposed, state, flagSays[state])
	}
}

// reads reads a string in place of those that the hit carries.
func (r *Reader) reads(s *Signals, one *SupposedSignal, ask *Ask, note Note) {
	f := finding{r, s, ask, note}
	text := []byte(one.Text)
	switch one.Kind {
	case TransparencyConsent, Platform(cmp.GoogleFC):
		s.TCF = TCF{}
		f.tc(text, "", supposed)
	case PrivacyPlatform:
		s.GPP = OptOuts{}
		f.gpp(text, nil, "", supposed)
	case USPrivacy:
		s.USP = OptOuts{}
		f.usp(text, "", supposed)
	case AdditionalConsent:
		s.AC = AC{}
		f.ac(text, "", supposed)
	default:
	}
}

// of is the set of categories that a signal is about on a site.
func (one *SupposedSignal) of(r *Reader) (of Categories) {
	of = one.Categories
	for i, mode := range r.modes {
		if one.Storage.Has(1 << i) {
			of |= mode
		}
	}
	return of
}

// says has a source say yes or no to categories. What it says of others stays; a no that was supposed of the same
// category before stays as well.
func (r *Reader) says(s *Signals, one *SupposedSignal, refused Categories, note Note) {
	of := one.of(r) &^ refused
	told := false
	for i := range s.Sources[:s.N] {
		said := &s.Sources[i]
		if said.Kind != one.Kind {
			continue
		}
		for _, set := range said.sets() {
			*set &^= of
		}
		if said.State == Malformed && said.Doubt == 0 {
			said.State = Valid
		}
		if told {
			continue
		}
		told = true
		if said.State = max(said.State, Valid); one.Granted {
			said.Granted |= of
			said.At, said.Last = 0, 0
		} else {
			said.Refused |= of
			said.Declined |= of
		}
		r.tell(note, said, supposed)
	}
}

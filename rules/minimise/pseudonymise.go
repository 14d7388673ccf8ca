package minimise

import (
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// pseudonymises writes keyed pseudonyms.
var pseudonymises = minimiser{
	name: "pseudonymise",
	done: "pseudonymised",
	params: []parameter{
		{Param: Param{Name: "scope", Type: Enum, Values: []string{"vendor", "purpose"}, Default: "vendor",
			About: "within what the same identifier gets the same pseudonym"},
			at: func(s *Spec) any { return &s.Pseudonymise.Scope }},
		{Param: Param{Name: "rotate", Type: Enum, Values: []string{"day", "week", "month", "never"}, Default: "day",
			About: "when it gets another one (UTC; weeks start on Monday)"},
			at: func(s *Spec) any { return &s.Pseudonymise.Rotate }},
		{Param: Param{Name: "bits", Type: Int, Min: 8, Max: 128,
			About: "bits that are kept, so that several visitors share a pseudonym; not given: nothing is cut"},
			at: func(s *Spec) any { return &s.Pseudonymise.Bits }},
	},
	classes:  identifiers,
	compile:  compilePseudonymise,
	apply:    pseudonymise,
	stricter: func(a, b *Action) bool { return b.kind == Pseudonymise && narrower(a, b) },
	measure:  Pseudonymised,
	effect: func(s *Spec) []phrase {
		said := []phrase{{key: s.Pseudonymise.Rotate}}
		if s.Pseudonymise.Bits > 0 {
			said = append(said, phrase{key: "shared"})
		}
		return said
	},
	unsaid: func(s *Spec) (more []string) {
		if s.Pseudonymise.Scope == "purpose" {
			more = append(more, "scope purpose")
		}
		if s.Pseudonymise.Bits > 0 {
			more = append(more, plural.Of(s.Pseudonymise.Bits, "bit"))
		}
		return more
	},
	written: func(s *Spec) string {
		if s.Pseudonymise.Rotate == "" {
			return "pseudonymise"
		}
		return "pseudonymise with rotate: " + s.Pseudonymise.Rotate
	},
	shortLived: func(s *Spec) bool { return s.Pseudonymise.Rotate != "never" },
	words: Words{
		"day": {
			"en": "replaced by a pseudonym that changes every day",
			"de": "ersetzt durch ein Pseudonym, das täglich wechselt",
			"fr": "remplacement par un pseudonyme qui change chaque jour",
		},
		"week": {
			"en": "replaced by a pseudonym that changes every week",
			"de": "ersetzt durch ein Pseudonym, das wöchentlich wechselt",
			"fr": "remplacement par un pseudonyme qui change chaque semaine",
		},
		"month": {
			"en": "replaced by a pseudonym that changes every month",
			"de": "ersetzt durch ein Pseudonym, das monatlich wechselt",
			"fr": "remplacement par un pseudonyme qui change chaque mois",
		},
		"never": {
			"en": "replaced by a pseudonym that stays the same",
			"de": "ersetzt durch ein Pseudonym, das gleich bleibt",
			"fr": "remplacement par un pseudonyme qui reste le même",
		},
		"shared": {
			"en": "; several visitors may share one",
			"de": "; mehrere Besucher können dasselbe Pseudonym haben",
			"fr": " ; plusieurs visiteurs peuvent avoir le même",
		},
	},
}

// PseudonymiseSpec says how a pseudonym is made.
type PseudonymiseSpec struct {
	Scope  string // "vendor" (also ""), or "purpose": then another one for each purpose of the vendor
	Rotate string // "day" (also ""), "week", "month", "never"
	Bits   int    // at most 2^bits different pseudonyms; 0 does not cut
}

func compilePseudonymise(a *Action) error {
	p := &a.spec.Pseudonymise
	if p.Scope == "" {
		p.Scope = "vendor"
	}
	if p.Rotate == "" {
		p.Rotate = "day"
	}
	if p.Scope != "vendor" && p.Scope != "purpose" {
		return wrong("scope", "must be vendor or purpose")
	}
	rotation, ok := pseudonym.ParseRotation(p.Rotate)
	if !ok {
		return wrong("rotate", "must be day, week, month or never")
	}
	if p.Bits != 0 && (p.Bits < 8 || p.Bits > 128) {
		return wrong("bits", "must be from 8 to 128, or left out")
	}
	a.keyed, a.rotation, a.byPurpose = true, rotation, p.Scope == "purpose"
	return nil
}

// pseudonymise writes a keyed pseudonym in the vendor's format, else in the one that the identifier has in its normal
// form, so that every spelling of it gets the same. Without a key for the scope the field is dropped.
func pseudonymise(a *Action, dst []byte, v Value, env *Env) ([]byte, Outcome) {
	scope, _ := a.Scope(env.Vendor, env.Purpose)
	if a.byFamily {
		scope.Vendor = env.Family
	}
	if a.byPurpose && env.Purpose == "" || v.Kind == BoolValue {
		return dst, Dropped
	}
	key, ok := keyFor(env, scope)
	if !ok {
		return dst, Dropped
	}
	if a.class.Identifies() {
		return pseudonymOf(a, dst, v, env, key)
	}
	base := len(dst)
	dst = pseudonym.AppendNormal(dst, NormOf(a.class), v.Bytes)
	if len(dst) == base {
		return dst, Dropped
	}
	mac := key.Pseudonym(dst[base:], a.spec.Pseudonymise.Bits)
	if v.Format == pseudonym.Auto {
		v.Format = pseudonym.Shape(dst[base:])
	}
	return appendID(dst[:base], &mac, v)
}

// pseudonymOf writes the pseudonym of a person's or a browser's id. It goes by the id's text, whatever class it is of
// at the place where it stands: the places of one id stay equal, and what is no device's does not look like one. Where
// the vendor takes ids of one format alone, it is written in that.
func pseudonymOf(a *Action, dst []byte, v Value, env *Env, key *pseudonym.Hasher) ([]byte, Outcome) {
	norm := NormOf(a.class)
	if whole, ok := pseudonym.Whole(v.Bytes); ok {
		norm = NormOf(hit.Email)
		if whole == pseudonym.Dialled {
			norm = NormOf(hit.Phone)
		}
	}
	base := len(dst)
	dst = pseudonym.AppendNormal(dst, norm, v.Bytes)
	end := len(dst)
	if end == base {
		return dst, Dropped
	}
	dst, device := env.Formats.AppendShared(dst, dst[base:end])
	mac := key.Pseudonym(dst[end:], a.spec.Pseudonymise.Bits)
	if v.Format.Free() && !v.Exact {
		v.Format = env.Formats.FormatOf(dst[base:end])
		if norm == NormOf(hit.Phone) { // one of digits might be somebody else's number
			v.Format = pseudonym.Text
		}
	}
	if device {
		return pseudonym.AppendFormat(dst[:base], &mac, v.Format, nil), Rewritten
	}
	return appendID(dst[:base], &mac, v)
}

// keyFor returns the key of a scope, if the keys are those of now.
func keyFor(env *Env, scope pseudonym.Scope) (*pseudonym.Hasher, bool) {
	if !env.Keys.Valid(env.Now) {
		return nil, false
	}
	return env.Keys.For(scope)
}

// appendID writes an identifier in the value's format; one that is a number stays one where the format has digits only.
func appendID(dst []byte, mac *[32]byte, v Value) ([]byte, Outcome) {
	format := v.Format
	if format == pseudonym.Auto {
		format = pseudonym.Shape(v.Bytes)
	}
	if v.Kind == NumberValue && format == pseudonym.Digits {
		return pseudonym.AppendFormat(dst, mac, format, v.Bytes), RewrittenNumber
	}
	return pseudonym.AppendFormat(dst, mac, format, v.Bytes), Rewritten
}

// narrower tells whether a's pseudonyms join no more than b's.
func narrower(a, b *Action) bool {
	bits := func(x *Action) int {
		if n := x.spec.Pseudonymise.Bits; n > 0 {
			return n
		}
		return 256
	}
	nested := a.rotation == b.rotation || a.rotation == pseudonym.Day || b.rotation == pseudonym.Never
	return nested && (a.byPurpose || !b.byPurpose) && bits(a) <= bits(b)
}

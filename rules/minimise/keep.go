package minimise

import (
	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// keeps passes a value on, without the personal data of other sorts that is found in it.
var keeps = minimiser{
	name:    "keep",
	done:    "kept",
	classes: every,
	compile: compileKeep,
	apply:   keep,
	inText:  true,
	measure: Unchanged,
	words: Words{
		"": {
			"en": "sent unchanged, after removing any other personal data found in it",
			"de": "unverändert weitergegeben; andere darin gefundene personenbezogene Daten werden zuvor entfernt",
			"fr": "transmission sans modification, après retrait des autres données à caractère personnel",
		},
	},
}

func compileKeep(a *Action) error {
	if a.class != hit.Container {
		a.looks = detectors[a.class]
	}
	return nil
}

// keep passes the value after the scrubber has seen it with every detector but the field's own class. Of identifiers
// with a finding inside, and of containers that could not be opened, nothing passes.
func keep(a *Action, dst []byte, v Value, env *Env) ([]byte, Outcome) {
	if v.Kind == BoolValue {
		return dst, Kept
	}
	if a.class == hit.Container {
		return dst, Dropped
	}
	if isQuantity(a.class) {
		return quantity(dst, v, env)
	}
	if a.atMoment != nil && holdsTime(v.Bytes) {
		return a.atMoment.Append(dst, v, env)
	}
	return a.scrubbed(dst, v, env)
}

// scrubbed appends the value with what the action looks for replaced.
func (a *Action) scrubbed(dst []byte, v Value, env *Env) ([]byte, Outcome) {
	if len(v.Bytes) < shortest && env.Detectors.Len() == 0 && isShort(v.Bytes) {
		return dst, Kept
	}
	base, looks := len(dst), a.looksIn(&v, env)
	if a.inside {
		var treated bool
		if dst, treated = a.appendTreated(dst, v.Bytes, env); treated {
			end := len(dst)
			dst, _ = env.Detectors.AppendWithin(env.Work, dst, dst[base:end], looks)
			n := copy(dst[base:], dst[end:])
			return dst[:base+n], Rewritten
		}
	}
	dst, found := env.Detectors.AppendWithin(env.Work, dst, v.Bytes, looks)
	switch {
	case found == 0:
		return dst, Kept
	case isID(a.class):
		return dst, Dropped
	}
	return dst, Rewritten
}

// ownIn puts markers in place of what a site's own detectors find in the address that was written behind base.
func ownIn(out []byte, base int, outcome Outcome, env *Env) ([]byte, Outcome) {
	if outcome != Rewritten || env.Detectors.Len() == 0 {
		return out, outcome
	}
	end := len(out)
	out, found := env.Detectors.AppendWithin(env.Work, out, out[base:end], scrub.Of(scrub.Own))
	if found == 0 {
		return out[:end], outcome
	}
	n := copy(out[base:], out[end:])
	return out[:base+n], outcome
}

// shortest is the length below which plain letters and digits hold none of the things that are looked for: no e-mail
// address, number of a phone or card, token or key is that short, encoded or not.
const shortest = 6

func isShort(value []byte) bool {
	for _, c := range value {
		switch {
		case ascii.IsAlnum(c):
		default:
			return false
		}
	}
	return true
}

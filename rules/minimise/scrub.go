package minimise

import (
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// scrub puts a marker in place of personal data in free text, the field's own class not excepted.
func (a *Action) scrub(dst []byte, v Value, env *Env) ([]byte, Outcome) {
	if v.Kind == BoolValue {
		return dst, Kept
	}
	return a.scrubbed(dst, v, scrubbing(a.class), env)
}

// scrubbing is what scrub looks for in a class: everything, and what the class says to be there also where nothing else does.
func scrubbing(c hit.Class) scrub.Set {
	switch c {
	case hit.UserTrait:
		return scrub.All.Expecting(scrub.BirthDate, scrub.Phone, scrub.Hash)
	case hit.PersonName:
		// A label in front of a number may be taken for a name: what stands behind it is found without.
		return scrub.All.Expecting(scrub.Name, scrub.NationalID, scrub.BirthDate, scrub.Phone, scrub.Token, scrub.Hash)
	default:
		return scrub.All
	}
}

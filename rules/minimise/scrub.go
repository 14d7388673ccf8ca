package minimise

import (
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// scrub puts a marker in place of personal data in free text, the field's own class not excepted.
func (a *Action) scrub(dst []byte, v Value) ([]byte, Outcome) {
	if v.Kind == BoolValue {
		return dst, Kept
	}
	set := scrub.All
	if a.class == hit.UserTrait {
		set = set.Expecting(scrub.BirthDate, scrub.Phone, scrub.Hash)
	}
	return a.scrubbed(dst, v, set)
}

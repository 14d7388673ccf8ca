package minimise

import (
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// scrubs puts markers in place of personal data in texts.
var scrubs = minimiser{
	name:    "scrub",
	done:    "scrubbed",
	classes: texts | of(hit.PersonName),
	compile: compileScrub,
	apply:   scrubText,
	inText:  true,
	measure: Searched,
	words: Words{
		"": {
			"en": "sent after removing personal data found in it",
			"de": "weitergegeben; darin gefundene personenbezogene Daten werden zuvor entfernt",
			"fr": "transmission après retrait des données à caractère personnel qui s’y trouvent",
		},
	},
}

func compileScrub(a *Action) error {
	a.looks = scrubbing(a.class)
	return nil
}

// scrubText puts a marker in place of personal data in free text, the field's own class not excepted.
func scrubText(a *Action, dst []byte, v Value, env *Env) ([]byte, Outcome) {
	if v.Kind == BoolValue {
		return dst, Kept
	}
	return a.scrubbed(dst, v, env)
}

// scrubbing is what scrub looks for in a class: everything, and what the class says to
// be there also where nothing else does.
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

package minimise

import (
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// Found lists what the scrubber finds in a value on the action's behalf, by the labels of its markers, each once:
// "email", "phone". It is empty where the action has nothing looked for, as where the value is dropped or replaced
// whatever it holds. Consented is that of [Env]. It is for explaining, and allocates.
func (a *Action) Found(v Value, consented bool, own *scrub.Detectors) []string {
	var labels []string
	if a == nil || a.TooLong(v.Bytes) {
		return nil
	}
	for _, f := range own.Locate(v.Bytes, a.looksIn(&v, &Env{Consented: consented})) {
		if !slices.Contains(labels, f.Label) {
			labels = append(labels, f.Label)
		}
	}
	return labels
}

// MaxScrubbed is how many bytes a value may have that is looked over for personal data. What is longer is
// dropped: it is no field of any SDK's.
const MaxScrubbed = 16 << 10

// TooLong tells whether a value is dropped because it is longer than what is looked over.
func (a *Action) TooLong(value []byte) bool {
	return len(value) > MaxScrubbed && a != nil && a.looks != 0
}

// WhyDropped says why a value is dropped that the action has looked over and could have kept, where its length or its
// form is the reason; "" where it is something that was found, or where nobody is in doubt.
func (a *Action) WhyDropped(v Value) string {
	switch {
	case a.TooLong(v.Bytes):
		return fmt.Sprintf("it is longer than the %d bytes that are looked over for personal data", MaxScrubbed)
	case a == nil || a.kind != Keep || !isQuantity(a.class) || len(v.Bytes) == 0 || v.Kind == BoolValue:
		return ""
	}
	if _, outcome := quantity(nil, v, &Env{}); outcome == Dropped {
		return fmt.Sprintf("%v is kept where it is a number that is no phone's and no card's, yes or no, or a currency",
			a.class)
	}
	return ""
}

// Scanned is what a report on recorded traffic looks for in a field of a class: what keep does and, where the class
// says that personal data is there, that too. In fields of unknown class it looks for everything.
func Scanned(c hit.Class) scrub.Set {
	switch c {
	case hit.Unknown, hit.Container, hit.Email, hit.IP, hit.PostalAddress, hit.PreciseGeo:
		return scrub.All
	case hit.Phone:
		return scrub.All.Expecting(scrub.Phone)
	case hit.PersonName:
		return scrub.All.Expecting(scrub.Name)
	case hit.BirthDate, hit.UserTrait:
		return scrub.All.Expecting(scrub.BirthDate)
	default:
		return detectors[c]
	}
}

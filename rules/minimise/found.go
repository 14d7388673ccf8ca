package minimise

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// Found lists what the scrubber finds in a value on the action's behalf, by the labels of its markers, each once: "email", "phone". It is
// empty where the action has nothing looked for, as where the value is dropped or replaced whatever it holds. It is for explaining, and
// allocates.
func (a *Action) Found(value []byte, own *scrub.Detectors) []string {
	var labels []string
	for _, f := range own.Locate(value, a.looksFor()) {
		if !slices.Contains(labels, f.Label) {
			labels = append(labels, f.Label)
		}
	}
	return labels
}

// looksFor returns what the action has looked for.
func (a *Action) looksFor() scrub.Set {
	switch a.Kind() {
	case Keep:
		if a.class == hit.Container {
			return 0
		}
		return detectors[a.class]
	case Scrub:
		return scrubbing(a.class)
	case URL:
		return scrub.All
	case Truncate:
		if a.spec.Truncate.Chars != nil {
			return detectors[a.class]
		}
		return 0
	default:
		return 0
	}
}

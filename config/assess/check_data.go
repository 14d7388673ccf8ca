package assess

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// passedClass is what the profiles let through of a class, on one assessment.
type passedClass struct {
	class    hit.Class
	kind     minimise.Kind
	activity *config.Activity
}

// passed lists what the profiles of the activities that rest on the assessment let through, by class. What says nothing
// about a visitor is left out.
func (c *checker) passed() []passedClass {
	var all []passedClass
	for _, a := range c.rests {
		for _, line := range c.l.Lines(a) {
			known := slices.ContainsFunc(all, func(p passedClass) bool {
				return p.class == line.Class && p.kind == line.Spec.Kind
			})
			if line.Spec.Kind != minimise.Drop && !known {
				all = append(all, passedClass{line.Class, line.Spec.Kind, a})
			}
		}
	}
	return all
}

// data: what is let through is what the assessment lists, no more and no less.
func (c *checker) data() {
	if len(c.rests) == 0 {
		return
	}
	through := map[string]bool{}
	for _, p := range c.passed() {
		name := p.class.String()
		through[name] = true
		listed, ok := c.a.Data[name]
		kind, _ := minimise.ParseKind(listed)
		switch {
		case !ok: // what is not listed does not compile, but for a constant
		case kind != p.kind:
			how := "more loosely"
			if kind.Rank() < p.kind.Rank() {
				how = "more strictly"
			}
			c.find("data-differs", art5Minimise, strict.Path("data", name),
				"profile %s treats %s %s than is assessed (%s, not %s): make the two agree", p.activity.Profile, name,
				how, p.kind, listed)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.a.Data)) {
		class, _ := hit.ParseClass(name)
		if !through[name] && !class.KeptByDefault() && c.a.Data[name] != minimise.Drop.String() {
			c.find("data-unused", art5Minimise, strict.Path("data", name),
				"no profile lets %s through: take the line out, so that the document says what is done", name)
		}
	}
}

// safeguards: what is promised is done, as far as the policy can show it.
func (c *checker) safeguards() {
	for i, one := range c.l.Assurances(c.a.ID) {
		at := strict.Path("safeguards", i)
		switch one.Worth {
		case config.AssuredUnknown:
			c.find("safeguard-unknown", art25Design, at,
				"nothing here can tell whether %q is in place%s; what no name fits is described under "+
					"necessity.minimised", strict.Shortened(one.Name), strict.Suggestion(one.Name, config.SafeguardNames()))
		case config.AssuredBroken:
			source := cmp.Or(safeguardSources[one.Name], art25Design)
			c.find("safeguard-unmet", source, at,
				"%s is promised, but %s: change the policy, or take the promise back", one.Name, one.Why)
		case config.AssuredAtWord, config.AssuredHeld:
		}
	}
}

// safeguardSources are what asks for a safeguard, where it is another article than that on data protection by design.
var safeguardSources = map[string]string{
	config.LimitedRetention: cnilRetention, "encryption_in_transit": "GDPR Art. 32(1)(a)",
	"recipients_in_eea": art44Transfer, "objection_in_one_click": "GDPR Art. 21(4)-(5)",
}

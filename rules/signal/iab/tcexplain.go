package iab

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/rules/plural"
)

var purposeNames = [...]string{
	"store or read on the device", "select ads by limited data", "build an advertising profile", "select ads by a profile",
	"build a content profile", "select content by a profile", "measure ads", "measure content",
	"statistics about audiences",
	"improve services", "select content by limited data",
}

var featureNames = [...]string{"precise location", "active scanning of the device"}

// ExplainTC says in plain words what a TC string says and whether it may be relied on.
func ExplainTC(t *TCString) []string {
	e := explanation{}
	e.say("TC string of version %d, made %s, updated %s", t.Version, date(t.Created), date(t.Updated))
	e.say("policy version %d: %s", t.PolicyVersion, policyWords(t.PolicyVersion))
	if r := t.Usable(); r == TCFOK {
		e.say("may be relied on")
	} else {
		e.say("may not be relied on: %s (%s)", r.Words(), r)
	}
	e.say("consent platform %d, version %d, screen %d, language %s; vendor list %d; publisher in %s",
		t.CMP, t.CMPVersion, t.CMPScreen, t.Language[:], t.VendorListVersion, t.PublisherCC[:])
	if t.NonStandardTexts {
		e.say("the platform shows texts of its own")
	}
	e.say("segments: %s", joinWords(t.Segments()))
	e.say("consent to purposes: %s", byName(uint64(t.PurposeConsents), purposeNames[:]))
	e.say("legitimate interest, disclosed and not objected to, for purposes: %s",
		byName(uint64(t.PurposeLI), purposeNames[:]))
	if never := t.PurposeLI & 0b111101; never != 0 {
		e.say("of these never count: %s", plain(uint64(never)))
	}
	if t.PurposeOneTreatment {
		e.say("purpose 1 was not disclosed: its consent bit says nothing")
	}
	e.say("opt-in to special features: %s", byName(uint64(t.SpecialFeatures), featureNames[:]))
	e.vendors("vendors with consent", &t.ids, &t.consents)
	e.vendors("vendors with legitimate interest", &t.ids, &t.li)
	if t.Has(DisclosedVendors) {
		e.vendors("vendors disclosed", &t.ids, &t.disclosed)
	} else {
		e.say("vendors disclosed: the string does not say")
	}
	if t.Has(AllowedVendors) {
		e.vendors("vendors allowed (old, without effect)", &t.ids, &t.allowed)
	}
	e.restrictions(t.restrictions())
	if t.Has(PublisherTC) {
		e.publisher(&t.Publisher)
	}
	return e.lines
}

func policyWords(version uint8) string {
	switch {
	case version < 4:
		return "older than TCF 2.2, invalid since 30 September 2023"
	case version == 4:
		return "TCF 2.2"
	case version == 5:
		return "TCF 2.3"
	default:
		return "newer than TCF 2.3, read as that"
	}
}

// explanation gathers lines.
type explanation struct{ lines []string }

func (e *explanation) say(format string, args ...any) {
	e.lines = append(e.lines, fmt.Sprintf(format, args...))
}

func (e *explanation) vendors(what string, ids *idStore, set *idSet) {
	if n := ids.size(set); n > 0 {
		e.say("%s: %d (%s)", what, n, runWords(ids.runs(set)))
		return
	}
	e.say("%s: none", what)
}

var restrictionWords = [numRestrictions]string{"is not allowed for", "needs consent from",
	"needs legitimate interest for"}

func (e *explanation) restrictions(spans []span) {
	for purpose := 1; purpose <= 63; purpose++ {
		for kind := range numRestrictions {
			runs := restricted(spans, purpose, kind)
			if n := count(runs); n > 0 {
				e.say("restriction: purpose %s %s %s (%s)", nameOf(purpose, purposeNames[:]), restrictionWords[kind],
					plural.Of(n, "vendor"), runWords(runs))
			}
		}
	}
}

func (e *explanation) publisher(p *PublisherChoices) {
	e.say("the site's own purposes: consent to %s; legitimate interest for %s",
		byName(uint64(p.Consents), purposeNames[:]), byName(uint64(p.LI), purposeNames[:]))
	if p.NumCustom > 0 {
		e.say("of %s of the site: consent to %s; legitimate interest for %s", plural.Of(p.NumCustom, "custom purpose"),
			plain(p.CustomConsents), plain(p.CustomLI))
	}
}

// mostRuns is how many runs of vendors a line shows.
const mostRuns = 12

func runWords(runs func(func(first, last int) bool)) string {
	var words []string
	for first, last := range runs {
		if len(words) == mostRuns {
			return strings.Join(words, ", ") + " ..."
		}
		one := strconv.Itoa(first)
		if last > first {
			one += "-" + strconv.Itoa(last)
		}
		words = append(words, one)
	}
	return strings.Join(words, ", ")
}

func count(runs func(func(first, last int) bool)) (n int) {
	for first, last := range runs {
		n += last - first + 1
	}
	return n
}

// byName lists the numbers of a set with their names; the lowest bit stands for 1.
func byName(set uint64, names []string) string {
	return list(set, func(n int) string { return nameOf(n, names) })
}

func plain(set uint64) string { return list(set, strconv.Itoa) }

func nameOf(n int, names []string) string {
	if n > len(names) {
		return strconv.Itoa(n) + " (unknown)"
	}
	return strconv.Itoa(n) + " (" + names[n-1] + ")"
}

func list(set uint64, word func(n int) string) string {
	var words []string
	for n := 1; set != 0; n, set = n+1, set>>1 {
		if set&1 == 1 {
			words = append(words, word(n))
		}
	}
	if words == nil {
		return "none"
	}
	return strings.Join(words, ", ")
}

func joinWords[T fmt.Stringer](all []T) string {
	words := make([]string, len(all))
	for i, one := range all {
		words[i] = one.String()
	}
	return strings.Join(words, ", ")
}

func date(second int64) string { return time.Unix(second, 0).UTC().Format(time.DateOnly) }

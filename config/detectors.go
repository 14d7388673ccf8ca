package config

import (
	"errors"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// Detectors is policy/detectors.yaml: what of a site's own the scrubber looks for beside what it
// always does. The file may be left out.
type Detectors struct {
	Detectors map[string]Detector `yaml:"detectors" is:"required,keys=id" doc:"Detectors of the site's own, by label; at most 16. A label is small letters, digits and underscores; it stands in brackets in a finding's place: [customer_no]."`
}

// Detector finds what a pattern matches.
type Detector struct {
	Pattern  string `yaml:"pattern" is:"required" doc:"A regular expression in RE2 syntax, up to 512 bytes, that takes at least one character. It is asked of values as people read them, with percent escapes and the like undone, and of what is inside base64 and hex. (?i) in front ignores case, \\b is the edge of a word."`
	Checksum string `yaml:"checksum" is:"one=checksum" doc:"What the letters and digits of a match have to satisfy: luhn (cards), mod97 (IBAN), mod11 (ISBN-10), iso7064_mod11_10, ean (GS1), verhoeff."`
}

// checkDetectors compiles the detectors. A rule's place is its label.
func (r *reading) checkDetectors() {
	if r.detectors == nil {
		return
	}
	labels := r.detectors.Keys("detectors")
	list := make([]scrub.Rule, 0, len(labels))
	for _, label := range labels {
		d := r.loaded.Detectors[label]
		if d.Pattern == "" {
			return // reported as missing
		}
		list = append(list, scrub.Rule{Label: label, Pattern: d.Pattern, Checksum: d.Checksum})
	}
	compiled, err := scrub.Compile(list)
	of, ok := errors.AsType[*scrub.RuleError](err)
	switch {
	case !ok && err != nil:
		r.faults.At(r.detectors, strict.Path("detectors"), "%s", err)
	case !ok:
		r.loaded.Draft.Detectors = compiled
	case of.Part == "label":
		r.faults.Key(r.detectors, strict.Path("detectors", labels[of.Rule]), "%s", of.Msg)
	case of.Part == "checksum":
		// the word is not in the vocabulary, which was said already
	default:
		r.faults.At(r.detectors, strict.Path("detectors", labels[of.Rule], of.Part), "%s", of.Msg)
	}
}

package config

import (
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
)

// assessmentCheck looks at the assessments, and at what was revoked.
type assessmentCheck struct{ checks }

// run looks at what assessments refer to. That one is unsigned, changed or expired is no fault: its activities deny.
func (c assessmentCheck) run() {
	files := map[string]string{}
	for _, file := range c.assessments {
		doc, a := file.doc, file.assessment
		if first, twice := files[a.ID]; twice && a.ID != "" {
			c.faults.At(doc, strict.Path("id"),
				"assessment %q stands in %s already: give each an id of its own", a.ID, first)
		}
		files[a.ID] = doc.Name
		if c.purposes != nil {
			for i, purpose := range a.Purposes {
				c.known(doc, strict.Path("purposes", i), "purpose", purpose, c.purposes.Keys("purposes"))
			}
		}
		if c.server != nil {
			for i, vendor := range a.Recipients {
				c.known(doc, strict.Path("recipients", i), "vendor", vendor, c.server.Keys("vendors"))
			}
		}
		c.doubles(doc, strict.Path("purposes"), a.Purposes)
		c.doubles(doc, strict.Path("recipients"), a.Recipients)
		c.law().document(doc, a)
		if lacks := a.Unsaid(); len(lacks) > 0 {
			c.notes.At(doc, strict.Path("id"), "%s lacks what an assessment is asked today (%s): `tagwarden lia check %s` "+
				"says what to write; it holds as it is", a.ID, strings.Join(lacks, ", "), a.ID)
		}
		if isShippedAdvice(a.DPOAdvice) {
			c.notes.At(doc, strict.Path("dpo_advice"),
				"this is the advice that the example comes with, and nobody gave it: put "+
					"what your own data protection officer said before somebody signs it")
		}
		if isShippedAdvice(a.Balancing.Evidence) {
			c.notes.At(doc, strict.Path("balancing", "evidence"), "this is the evidence that the example comes with: put what "+
				"you know of your own visitors before somebody signs it")
		}
		for i, name := range a.Safeguards {
			if now := SafeguardName(name); now != name {
				c.notes.At(doc, strict.Path("safeguards", i), "%s is called %s now, and shows its number (%s)", name, now,
					a.Retention)
			}
		}
	}
	c.warnRevocations()
}

// warnRevocations warns of revocations that reach further than the versions that there are.
func (c assessmentCheck) warnRevocations() {
	for i, revocation := range c.loaded.Revocations {
		for _, file := range c.assessments {
			if a := file.assessment; a.ID == revocation.Assessment && a.Version < revocation.Version {
				c.warnings.At(c.revocations, strict.Path("revocations", i, "version"),
					"the policy has version %d of %s: versions up to %d are void before they are written", a.Version,
					a.ID, revocation.Version)
			}
		}
	}
}

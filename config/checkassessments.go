package config

import (
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// checkAssessments looks at what assessments refer to. That one is unsigned, changed or expired is no fault: its activities deny.
func (r *reading) checkAssessments() {
	files := map[string]string{}
	for _, file := range r.assessments {
		doc, a := file.doc, file.assessment
		if first, twice := files[a.ID]; twice && a.ID != "" {
			r.faults.At(doc, strict.Path("id"), "assessment %q stands in %s already: give each an id of its own", a.ID, first)
		}
		files[a.ID] = doc.Name
		if r.purposes != nil {
			for i, purpose := range a.Purposes {
				r.known(doc, strict.Path("purposes", i), "purpose", purpose, r.purposes.Keys("purposes"))
			}
		}
		if r.server != nil {
			for i, vendor := range a.Recipients {
				r.known(doc, strict.Path("recipients", i), "vendor", vendor, r.server.Keys("vendors"))
			}
		}
		r.doubles(doc, strict.Path("purposes"), a.Purposes)
		r.doubles(doc, strict.Path("recipients"), a.Recipients)
		r.lawfulAssessment(doc, a)
	}
}

// warnRevocations warns of revocations that reach further than the versions that there are.
func (r *reading) warnRevocations() {
	for i, revocation := range r.loaded.Revocations {
		for _, file := range r.assessments {
			if a := file.assessment; a.ID == revocation.Assessment && a.Version < revocation.Version {
				r.warnings.At(r.revocations, strict.Path("revocations", i, "version"), "the policy has version %d of %s: versions up to %d are void before they are written", a.Version, a.ID, revocation.Version)
			}
		}
	}
}

// Surroundings is what assessments refer to, and what is approved with them.
func (l *Loaded) Surroundings() basis.Surroundings {
	around := basis.Surroundings{Purposes: map[string]basis.PurposeTexts{}, Hosts: map[string][]string{}}
	for id, purpose := range l.Purposes {
		around.Purposes[id] = basis.PurposeTexts{Title: purpose.Title, Description: purpose.Description}
	}
	for id, vendor := range l.Server.Vendors {
		if file := l.vendors[id]; file != nil {
			around.Hosts[id] = hostsOf(vendor, file)
		}
	}
	return around
}

package config

import (
	"net/netip"
	"path"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
)

// checkTests looks at the policy's own tests and gathers them.
func (r *reading) checkTests() {
	for _, file := range r.tests {
		seen := map[string]bool{}
		for i := range file.tests.Tests {
			test := &file.tests.Tests[i]
			at := func(rest ...any) []any { return append(strict.Path("tests", i), rest...) }
			if seen[test.Name] && test.Name != "" {
				r.faults.At(file.doc, at("name"), "a test of this name stands above: give each a name of its own")
			}
			seen[test.Name] = true
			r.checkTest(file.doc, test, at)
			node := file.doc.Find(at())
			test.Place = strict.Fault{File: file.doc.Name, Line: node.Line, Column: node.Column}
			r.loaded.Tests = append(r.loaded.Tests, *test)
		}
	}
}

func (r *reading) checkTest(doc *strict.Document, test *Test, at func(...any) []any) {
	if name := path.Join(testsFolder, test.Hit); test.Hit != "" {
		if _, there := r.source.policy[name]; !there || path.IsAbs(test.Hit) || !strings.HasPrefix(name, testsFolder+"/") {
			r.faults.At(doc, at("hit"), "there is no file %s in the policy folder: hits are named relative to tests, as in hits/page-view.http", strict.Shortened(name))
		}
	}
	switch e := test.Expect; {
	case e.Permit == "" && e.Deny == "" && doc.Has(at("expect")...):
		r.invalid(doc, at("expect"), "neither permit nor deny is expected: name an activity, or a reason code")
	case e.Permit != "" && e.Deny != "":
		r.faults.Key(doc, at("expect", "deny"), "both permit and deny are expected: keep one")
	case e.Deny != "" && len(e.Sent) > 0:
		r.faults.Key(doc, at("expect", "sent"), "nothing is sent where deny is expected: remove one of the two")
	case e.Permit != "" && r.activities != nil:
		var ids []string
		for _, activity := range r.loaded.Activities {
			ids = append(ids, activity.ID)
		}
		r.known(doc, at("expect", "permit"), "activity", e.Permit, ids)
	}
	for i, objection := range test.Objections {
		r.checkObjection(doc, at("objections", i), objection)
	}
	if test.From != "" {
		if _, err := netip.ParseAddr(test.From); err != nil {
			r.faults.At(doc, at("from"), "%q is no IP address", strict.Shortened(test.From))
		}
	}
	if test.Region != "" {
		r.invalid(doc, at("region"), regionFault(test.Region))
	}
	for category := range test.Signals.Own {
		if r.purposes != nil {
			r.known(doc, at("signals", "own", category), "category", category, r.categories())
		}
	}
}

// checkObjection looks at an objection as tests and commands write it: a purpose, vendor:ID, or all.
func (r *reading) checkObjection(doc *strict.Document, at []any, objection string) {
	if objection == "all" {
		return
	}
	if vendor, ok := strings.CutPrefix(objection, "vendor:"); ok {
		if r.server != nil {
			r.known(doc, at, "vendor", vendor, r.server.Keys("vendors"))
		}
		return
	}
	if r.purposes != nil {
		r.known(doc, at, "purpose", objection, append(r.purposes.Keys("purposes"), "all", "vendor:ID"))
	}
}

package config

import (
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// testCheck looks at the policy's own tests.
type testCheck struct {
	checks
	source *Source
}

// run looks at the policy's own tests and gathers them.
func (c testCheck) run() {
	for _, file := range c.tests {
		seen := map[string]bool{}
		for i := range file.tests.Tests {
			test := &file.tests.Tests[i]
			at := func(rest ...any) []any { return append(strict.Path("tests", i), rest...) }
			if seen[test.Name] && test.Name != "" {
				c.faults.At(file.doc, at("name"), "a test of this name stands above: give each a name of its own")
			}
			seen[test.Name] = true
			c.checkTest(file.doc, test, at)
			node := file.doc.Find(at())
			test.Place = strict.Fault{File: file.doc.Name, Line: node.Line, Column: node.Column}
			c.loaded.Tests = append(c.loaded.Tests, *test)
		}
	}
}

func (c testCheck) checkTest(doc *strict.Document, test *Test, at func(...any) []any) {
	if name := path.Join(testsFolder, test.Hit); test.Hit != "" {
		if _, there := c.source.policy[name]; !there || path.IsAbs(test.Hit) ||
			!strings.HasPrefix(name, testsFolder+"/") {
			c.faults.At(doc, at("hit"),
				"there is no file %s in the policy folder: hits are named relative to tests, as in "+
					"hits/page-view.http", strict.Shortened(name))
		}
	}
	switch e := test.Expect; {
	case e.Permit == "" && e.Deny == "" && doc.Has(at("expect")...):
		c.invalid(doc, at("expect"), "neither permit nor deny is expected: name an activity, or a reason code")
	case e.Permit != "" && e.Deny != "":
		c.faults.Key(doc, at("expect", "deny"), "both permit and deny are expected: keep one")
	case e.Deny != "" && len(e.Sent) > 0:
		c.faults.Key(doc, at("expect", "sent"), "nothing is sent where deny is expected: remove one of the two")
	case e.Permit != "" && c.activities != nil:
		var ids []string
		for _, activity := range c.loaded.Activities {
			ids = append(ids, activity.ID)
		}
		c.known(doc, at("expect", "permit"), "activity", e.Permit, ids)
	}
	for i, objection := range test.Objections {
		c.checkObjection(doc, at("objections", i), objection)
	}
	for i, text := range test.Decisions {
		c.checkDecision(doc, at("decisions", i), text)
	}
	if test.From != "" {
		if _, err := netip.ParseAddr(test.From); err != nil {
			c.faults.At(doc, at("from"), "%q is no IP address", strict.Shortened(test.From))
		}
	}
	if test.Region != "" {
		c.invalid(doc, at("region"), regionFault(test.Region))
	}
	for category := range test.Receipts {
		if c.purposes != nil {
			c.known(doc, at("receipts", category), "category", category, consentCategories(c.loaded))
		}
	}
	for category := range test.Signals.Own {
		if c.purposes != nil {
			c.known(doc, at("signals", "own", category), "category", category, consentCategories(c.loaded))
		}
	}
}

// checkDecision looks at a decision as tests and commands write it: an assessment, and until which day.
func (c testCheck) checkDecision(doc *strict.Document, at []any, text string) {
	id, until, given := strings.Cut(text, "=")
	if a, known := c.loaded.Assessments[id]; !known {
		c.known(doc, at, "assessment", id, slices.Sorted(maps.Keys(c.loaded.Assessments)))
	} else if !a.Document.CompellingGrounds() {
		c.faults.At(doc, at, "%s names no compelling grounds: nothing can be decided on it", id)
	}
	if _, err := basis.ParseDay(until); given && err != nil {
		c.faults.At(doc, at, "%v", err)
	}
}

// checkObjection looks at an objection as tests and commands write it: a purpose, vendor:ID, all, or an opt-out that is
// kept.
func (c testCheck) checkObjection(doc *strict.Document, at []any, objection string) {
	if objection == "all" || objection == rules.KeptOptOutScope {
		return
	}
	if vendor, ok := strings.CutPrefix(objection, "vendor:"); ok {
		if c.server != nil {
			c.known(doc, at, "vendor", vendor, c.server.Keys("vendors"))
		}
		return
	}
	if c.purposes != nil {
		c.known(doc, at, "purpose", objection, append(c.purposes.Keys("purposes"), "all", "vendor:ID"))
	}
}

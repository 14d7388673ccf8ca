package assess

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// Finding is something that is missing in an assessment, vague, or contradicted by the policy.
type Finding struct {
	strict.Fault
	Rule   string // names the kind of finding: "purpose-vague"
	Source string // what asks for it: an article, a guideline
}

// The sources of rules.
const (
	art5Purpose   = "GDPR Art. 5(1)(b); WP 203"
	art5Minimise  = "GDPR Art. 5(1)(c)"
	art5Storage   = "GDPR Art. 5(1)(e)"
	art5Account   = "GDPR Art. 5(2)"
	art6Interest  = "GDPR Art. 6(1)(f); EDPB Guidelines 1/2024 (version for public consultation, 8 October 2024)"
	art12Words    = "GDPR Art. 12(1)"
	art7Refused   = "GDPR Art. 5(1)(a) and 7(3); EDPB Guidelines 05/2020 paragraphs 121-123"
	art8Children  = "GDPR Recitals 38, 47 and 75; Art. 6(1)(f)"
	art25Design   = "GDPR Art. 25"
	art35Impact   = "GDPR Art. 35(1)"
	art35Profile  = "GDPR Art. 35(3)(a)"
	art35Scale    = "GDPR Art. 35(3)(b); WP 248"
	art44Transfer = "GDPR Art. 44 to 49 and 13(1)(f)"
	art47Relation = "GDPR Recital 47; Directive 2002/58/EC Art. 13"
	cnilRetention = "GDPR Art. 5(1)(e); CNIL guidelines on audience measurement: at most 25 months"
)

// checker looks at one assessment.
type checker struct {
	l        *config.Loaded
	a        *basis.Assessment
	doc      *strict.Document
	now      time.Time
	rests    []*config.Activity // the activities that rest on it
	findings []Finding
}

// Check says what is missing in an assessment, vague, or contradicted by the policy, sorted by place. Approve asks it
// too.
func Check(l *config.Loaded, id string, now time.Time) []Finding {
	given, ok := l.Assessments[id]
	if !ok {
		return nil
	}
	var none strict.Faults // it was read before
	doc := strict.Parse(given.File, given.Text, &none)
	c := &checker{l: l, a: given.Document, doc: doc, now: now, rests: l.Resting(id)}
	for _, rule := range []func(){
		c.answers, c.languages, c.interest, c.relationship, c.refused, c.people, c.effects, c.impact, c.term, c.owner,
		c.resting, c.data, c.safeguards,
	} {
		rule()
	}
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return c.findings
}

// find adds a finding about the value that a path of the assessment's file leads to.
func (c *checker) find(rule, source string, at []any, format string, args ...any) {
	node := c.doc.Find(at)
	fault := strict.Fault{File: c.doc.Name, Line: max(node.Line, 1), Column: max(node.Column, 1),
		Msg: fmt.Sprintf(format, args...)}
	c.findings = append(c.findings, Finding{fault, rule, source})
}

// anybodys is what is said of an interest that is none in particular.
const anybodys = "could be anybody's interest in anything: say what you want to know or do"

// interest: what it is for is specific.
func (c *checker) interest() {
	for _, lang := range slices.Sorted(maps.Keys(c.a.Interest.What)) {
		if text := c.a.Interest.What[lang]; config.Unspecific(text) && !config.SaysNothing(text) {
			c.find("interest-vague", art6Interest, inLanguage(strict.Path("interest", "what"), lang),
				"%q %s", strict.Shortened(text), anybodys)
		}
	}
}

// relationship: people who are no customers yet are not presented as if they were.
func (c *checker) relationship() {
	if !speaks(c.a.Balancing.Relationship.All(), customerWords) {
		return
	}
	about := []string{c.a.Title.All(), c.a.Interest.What.All(), c.a.Interest.Benefit.All(), c.a.Necessity.Why.All()}
	for _, id := range c.a.Purposes {
		about = append(about, slices.Collect(maps.Values(c.l.Purposes[id].Title))...)
		about = append(about, slices.Collect(maps.Values(c.l.Purposes[id].Description))...)
	}
	if speaks(strings.Join(about, "\n"), prospectWords) {
		c.find("prospecting", art47Relation, strict.Path("balancing", "relationship"),
			"the relationship is %q, and the text speaks of winning people over: who is no customer yet cannot "+
				"expect what a customer can", strict.Shortened(c.a.Balancing.Relationship.All()))
	}
}

// refused: what people said no to does not go on under another name.
func (c *checker) refused() {
	for _, part := range c.saidAt(strict.Path("balancing", "refused_before")) {
		if words := wordsOf(part.text); len(words) > 0 && slices.Contains(yeses, words[0]) {
			c.find("consent-refused", art7Refused, part.at,
				"people were asked and refused, and the same would be done all the same: leave it, or assess something "+
					"less, and say here what differs")
		}
	}
}

// yeses are how an answer begins that says yes.
var yeses = []string{"yes", "ja", "oui"}

// effects: what is said of them fits what is said of the whole.
func (c *checker) effects() {
	for i := range c.a.Effects {
		e := &c.a.Effects[i]
		grave := e.Severity
		if e.Likelihood == low && grave == medium {
			grave = low
		}
		if level[grave] > level[c.a.Balancing.Impact] {
			c.find("impact-understated", art35Impact, strict.Path("balancing", "impact"),
				"the impact is %s, and effect %d is of %s severity at %s likelihood: make the two agree",
				c.a.Balancing.Impact, i+1, e.Severity, e.Likelihood)
		}
	}
}

// How likely and how grave things are, as documents say it.
const (
	low    = "low"
	medium = "medium"
	high   = "high"
)

var level = map[string]int{low: 1, medium: 2, high: 3}

// people: children. Special categories of data do not get this far: no policy with them compiles.
func (c *checker) people() {
	b := &c.a.Balancing
	if b.Children == "possible" && !speaks(strings.Join([]string{b.Expected.All(), b.Transparency.All(),
		c.a.Necessity.Minimised.All()}, "\n"), childWords) {
		c.find("children", art8Children, strict.Path("balancing", "children"),
			"children may be among the people concerned, and the balancing does not speak of them: say what that "+
				"means for them, under expected")
	}
}

// impact: what is likely to be of high risk has an impact assessment of its own.
func (c *checker) impact() {
	if !config.SaysNothing(c.a.DPIA) {
		return
	}
	texts := strings.Join(c.texts(), "\n")
	if c.a.Balancing.Impact == high {
		c.find("dpia-high-impact", art35Impact, strict.Path("dpia"),
			"the impact is high: name the data protection impact assessment here, or bring the impact down")
	}
	if speaks(texts, profilingWords) {
		c.find("dpia-profiling", art35Profile, strict.Path("dpia"),
			"the text speaks of profiling or scoring: name the data protection impact assessment here, or say "+
				"under alternatives why it is none")
	}
	if len(c.a.Recipients) >= manyRecipients || speaks(texts, scaleWords) {
		c.find("dpia-large-scale", art35Scale, strict.Path("dpia"),
			"data are shared on a large scale (%s): name the data protection impact assessment here, or "+
				"share with fewer", plural.Of(len(c.a.Recipients), "recipient"))
	}
}

// manyRecipients is from how many recipients on sharing is taken for large-scale.
const manyRecipients = 3

// term: how long it holds.
func (c *checker) term() {
	days := basis.DayOf(c.now).DaysUntil(c.a.ReviewBy)
	switch {
	case days < 0:
		c.find("review-past", art5Account, strict.Path("review_by"),
			"the day of the review is past: review the assessment, count its version up and set the next day")
	case days > 2*366:
		c.find("review-far", art5Account, strict.Path("review_by"),
			"the next review is more than two years off: vendors and the law change faster; set an earlier day")
	}
	if basis.DayOf(c.now).DaysUntil(c.a.Decided) > 0 {
		c.find("decided-later", art5Account, strict.Path("decided"),
			"it is to hold from a day on that has not come yet: until then its activities deny")
	}
	if !c.a.Decided.IsZero() && c.a.Decided.DaysUntil(c.a.ReviewBy) < 0 {
		c.find("decided-after-review", art5Account, strict.Path("decided"),
			"the day from which on it is meant to hold comes after its review: it would never hold")
	}
}

// owner: somebody else approves.
func (c *checker) owner() {
	signed, _, _ := strings.Cut(basis.SignedBy(c.a.Approval), "+")
	var others int
	for _, approver := range c.l.Approvers {
		if !samePerson(c.a.Owner, approver.Name()) {
			others++
		}
	}
	switch {
	case signed != "" && samePerson(c.a.Owner, signed):
		c.find("owner-approves", art5Account, strict.Path("owner"),
			"the owner and who approved it are the same person: have somebody else approve it")
	case len(c.l.Approvers) > 0 && others == 0:
		c.find("owner-approves", art5Account, strict.Path("owner"),
			"the owner is the only approver: nobody is left who could approve it; name another owner, or add an "+
				"approver")
	}
}

// resting: without an activity nothing can be held against it.
func (c *checker) resting() {
	if len(c.rests) == 0 {
		c.find("no-activity", art5Account, strict.Path("id"),
			"no activity rests on it: data and safeguards cannot be held against a profile; name it in "+
				"policy/activities.yaml, or remove it")
		return
	}
	for i, id := range c.a.Recipients {
		if !slices.ContainsFunc(c.rests, func(a *config.Activity) bool { return a.Vendor == id }) {
			c.find("recipient-unused", art5Account, strict.Path("recipients", i),
				"nothing is sent to %s on this assessment: remove it, so that the document says what is done", id)
		}
	}
}

// vendorOf finds a vendor of the server file, nil where there is none of that id.
func vendorOf(l *config.Loaded, id string) *rules.DraftVendor {
	at := slices.IndexFunc(l.Draft.Vendors, func(v rules.DraftVendor) bool { return v.ID == id })
	if at < 0 {
		return nil
	}
	return &l.Draft.Vendors[at]
}

package recompute

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// Bounds of what is remembered of what records name.
const (
	mostPolicies = 32
	mostNamed    = 20_000
)

// judged is by what events were judged, and how: policies, and what rungs and shapes are named. Names hold in their
// segment; what says the same in another one is made ready once.
type judged struct {
	compile  func(digest string) (*rules.Policy, error)
	segment  string // that is read
	policies map[string]*policy
	rungs    map[string]*rungs    // by id, of the segment
	shapes   map[string]*shape    // likewise
	said     map[string]*rungs    // by what they say
	listed   map[string]*shape    // likewise
	alone    map[[2]string]*rungs // by policy and vendor: of records that name none
}

func newJudged(compile func(string) (*rules.Policy, error)) *judged {
	j := &judged{compile: compile, policies: map[string]*policy{}}
	j.forget()
	return j
}

// forget forgets all but the policies.
func (j *judged) forget() {
	j.rungs, j.shapes = map[string]*rungs{}, map[string]*shape{}
	j.said, j.listed, j.alone = map[string]*rungs{}, map[string]*shape{}, map[[2]string]*rungs{}
}

// in says in which segment the record is that is read: what it names is said in it.
func (j *judged) in(segment string) {
	if segment == j.segment {
		return
	}
	j.segment = segment
	if len(j.said)+len(j.listed) > mostNamed || len(j.policies) > mostPolicies {
		if len(j.policies) > mostPolicies {
			clear(j.policies)
		}
		j.forget()
		return
	}
	clear(j.rungs)
	clear(j.shapes)
}

// policy is one that records name.
type policy struct {
	*rules.Policy // nil: it is not known
	why           string
	records       *promise.Records // nil: none was held against promises yet
}

// policy compiles one, once.
func (j *judged) policy(digest string) *policy {
	p := j.policies[digest]
	if p == nil {
		digest = strings.Clone(digest) // it may lie in the line that is read, and is kept by whoever compiles it
		p = &policy{why: "no policies were given"}
		if j.compile != nil {
			var err error
			if p.Policy, err = j.compile(digest); err != nil {
				p.Policy, p.why = nil, err.Error()
			}
		}
		j.policies[digest] = p
	}
	return p
}

// rungs are what events were judged by, made ready to be judged again.
type rungs struct {
	digest   string
	of       rules.RecordedRungs
	policy   *policy
	again    *rules.Rejudge // nil: they cannot
	why      string         // why not
	place    string         // see where
	carriers map[string]*carrier
}

// shape is which fields of events leave.
type shape struct {
	leaves  []string // that were kept, and then those that were changed
	kept    int
	outside map[*carrier][]string // those that its profile drops
}

// content is what a record says, without its time and what every record has of its own.
func content(texts []string) string {
	var b strings.Builder
	for _, text := range texts {
		_, text, _ = strings.Cut(text, `"kind":`)
		text, _, _ = strings.Cut(text, `,"salt":`)
		b.WriteString(text)
	}
	return b.String()
}

// addRungs notes what a name stands for.
func (j *judged) addRungs(texts []string) *rungs {
	said := content(texts)
	if r := j.said[said]; r != nil {
		id, _, _ := rungsOf(texts[:1])
		j.rungs[strings.Clone(id)] = r
		return r
	}
	for i := range texts {
		texts[i] = strings.Clone(texts[i])
	}
	id, digest, of := rungsOf(texts)
	r := j.newRungs(digest, of)
	j.said[said], j.rungs[id] = r, r
	return r
}

func (j *judged) newRungs(digest string, of rules.RecordedRungs) *rungs {
	r := &rungs{digest: digest, of: of, policy: j.policy(digest), carriers: map[string]*carrier{}}
	if r.policy.Policy == nil {
		r.why = r.policy.why
		return r
	}
	var err error
	if r.again, err = rules.NewRejudge(r.policy.Policy, &r.of); err != nil {
		r.why = err.Error()
	}
	return r
}

// addShape notes what a name stands for.
func (j *judged) addShape(texts []string) {
	said := content(texts)
	s := j.listed[said]
	for i := range texts {
		texts[i] = strings.Clone(texts[i])
	}
	id, kept, changed := shapeOf(texts)
	if s == nil {
		s = &shape{leaves: append(kept, changed...), kept: len(kept), outside: map[*carrier][]string{}}
		j.listed[said] = s
	}
	j.shapes[id] = s
}

// of is what the record of an event names: what it says itself, where it names nothing.
func (j *judged) of(e *event) *rungs {
	if e.rungs != "" {
		if r := j.rungs[e.rungs]; r != nil {
			return r
		}
	}
	key := [2]string{e.policy, e.site + " " + e.vendor + " " + e.endpoint + " " + e.region}
	r := j.alone[key]
	if r == nil {
		r = &rungs{digest: strings.Clone(e.policy), carriers: map[string]*carrier{}, why: "its record names no ladder"}
		r.of = rules.RecordedRungs{
			Site: strings.Clone(e.site), Vendor: strings.Clone(e.vendor), Endpoint: strings.Clone(e.endpoint),
			Region: strings.Clone(e.region),
		}
		if e.rungs != "" {
			r.why = "no record says what its ladder was"
		}
		if e.policy != "" {
			r.policy = j.policy(e.policy)
		} else {
			r.policy = &policy{why: "no record says by which policy"}
		}
		j.alone[[2]string{strings.Clone(key[0]), strings.Clone(key[1])}] = r
	}
	return r
}

// carrier is an activity that carries events, as far as it is known.
type carrier struct {
	id         string
	activity   *rules.Activity // nil: its policy is not known
	policy     *policy
	vendor     string
	basis      string
	assessment string
	version    int
	purposes   []string
	region     rules.Region
	open       bool            // one may object to it, on whatever grounds
	ends       map[uint32]bool // by scope: whether an objection ends it
}

// carrier is what carries an event by these rungs.
func (r *rungs) carrier(e *event) *carrier {
	c := r.carriers[e.Activity]
	if c != nil && c.basis == e.Basis && c.assessment == e.Assessment && c.version == e.Version {
		return c
	}
	c = &carrier{
		id: strings.Clone(e.Activity), policy: r.policy, vendor: strings.Clone(e.vendor), basis: strings.Clone(e.Basis),
		assessment: strings.Clone(e.Assessment), version: e.Version, ends: map[uint32]bool{},
	}
	if of, known := basis.Parse(e.Basis); known {
		c.open = of.OpenToObjection()
	}
	c.region, _ = rules.ParseRegion(r.of.Region)
	if r.policy.Policy != nil {
		all := r.policy.Activities()
		if at := slices.IndexFunc(all, func(a *rules.Activity) bool { return a.ID == c.id }); at >= 0 {
			c.activity, c.purposes = all[at], all[at].PurposeIDs
		}
	}
	r.carriers[c.id] = c
	return c
}

// judge judges an event again. What is zero says that it cannot be.
func (w *walk) judge(e *event, r *rungs) (found rules.Rejudged) {
	report := &w.report.Rejudged
	if r.again == nil {
		report.not(r.why)
		return found
	}
	e.At, e.Latest, e.Unnamed = w.line.at, w.latest, len(e.subjects) == 0
	found, err := r.again.Judge(&e.RecordedEvent)
	if err != nil {
		report.not(err.Error())
		return found
	}
	w.assumed |= found.Assumed
	if found.Refused {
		w.report.Exceptions.AfterRefusal++
	}
	if found.Differs == "" {
		report.Same++
		return found
	}
	report.Otherwise++
	if e.Decision == rules.Permit.String() && e.Basis == basis.LegitimateInterest.String() && overrun(&found, e) != "" {
		return found // that is said of the assessment
	}
	w.found(w.of(e, JudgedOtherwise, found.Differs))
	return found
}

// overrun is why the assessment that carried an event was not valid, when it is judged again; "" where it was.
func overrun(found *rules.Rejudged, e *event) string {
	if found.Differs == "" {
		return ""
	}
	if why := carried(found.Ladder, e.Activity); strings.HasPrefix(why, "assessment_") {
		return why
	}
	return ""
}

// carried is the reason that the rung of an activity came to; "" where it was not judged.
func carried(ladder []rules.Rung, activity string) string {
	for i := range ladder {
		if ladder[i].Activity.ID == activity {
			return ladder[i].Reason.String()
		}
	}
	return ""
}

// of is a finding about the event that the walk is at.
func (w *walk) of(e *event, kind Kind, what string, more ...uint64) Finding {
	index := e.index
	return Finding{Kind: kind, Records: append([]uint64{w.line.number}, more...), Hit: e.hit, Event: &index, What: what}
}

// profile holds the fields that leave of an event against the profile of its activity.
func (w *walk) profile(e *event, r *rungs, c *carrier) {
	s := w.judged.shapes[e.shape]
	if s == nil || r.again == nil || r.again.Activity(c.id) == nil {
		w.report.Fields.Unknown++
		return
	}
	w.report.Fields.Checked++
	outside, known := s.outside[c]
	if !known {
		outside = r.again.Outside(c.id, s.leaves)
		s.outside[c] = outside
	}
	if len(outside) > 0 {
		w.found(w.of(e, OutsideProfile, fmt.Sprintf("%s left on %s, whose profile drops it", quoted(outside), c.id)))
	}
}

// quoted lists names.
func quoted(all []string) string {
	named := slices.Clone(all)
	for i := range named {
		named[i] = fmt.Sprintf("%q", named[i])
	}
	return strings.Join(named, ", ")
}

// Rejudged is how many events were judged again, and what that came to.
type Rejudged struct {
	Same      uint64            `json:"same"`
	Otherwise uint64            `json:"otherwise"`
	Not       uint64            `json:"not_rejudged"`
	Why       map[string]uint64 `json:"why_not"`
}

// mostWhys is how many reasons a report tells apart.
const mostWhys = 50

func (r *Rejudged) not(why string) {
	r.Not++
	if r.Why[why] == 0 && len(r.Why) >= mostWhys {
		why = "for another reason"
	}
	r.Why[strings.Clone(why)]++
}

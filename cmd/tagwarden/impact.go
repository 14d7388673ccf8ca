package main

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/replay"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// impacts are what becomes of recorded events under two policies, by what their visitors chose. As recorded stands
// apart from the others: it was there before them.
type impacts struct {
	Recorded *impact            `json:"traffic,omitempty"`
	Supposed map[string]*impact `json:"supposed_traffic,omitempty"` // by the word of --choice
}

// impact counts what becomes of recorded events under two policies.
type impact struct {
	Hits      int                    `json:"hits"`
	Events    int                    `json:"events"`
	Same      int                    `json:"same"`
	Different map[string]*difference `json:"different"`                  // by the names below
	Nothing   bool                   `json:"nothing_compared,omitempty"` // neither policy lets any event travel

	choice   string // by its word
	taken    ofSites
	denied   map[string]int  // events that neither lets travel, by the new policy's reason
	policies []*rules.Policy // by the detectors of all of them names are scrubbed
}

// difference is a way in which events fare differently.
type difference struct {
	Events   int       `json:"events"`
	Examples []example `json:"examples"` // at most five, each vendor, name and pair of reasons once
}

// example names an event without anything of a visitor.
type example struct {
	Vendor string `json:"vendor"`
	Event  string `json:"event"` // as the ledger would name it
	Old    string `json:"old"`   // activity, or reason
	New    string `json:"new"`
	// classes of fields that are sent otherwise: "+ip" more, "-ip" less, "ip" changed
	Fields []string `json:"fields,omitempty"`
	How    []string `json:"how,omitempty"` // likewise, in words: "user_id kept instead of pseudonymised"
}

// The ways in which events fare differently, in the order in which they are printed.
const (
	nowPermitted  = "deny to permit"
	nowDenied     = "permit to deny"
	moreSent      = "more fields sent"
	fewerSent     = "fewer fields sent"
	otherSent     = "fields sent in another form"
	otherActivity = "another activity, the same fields"
	otherReason   = "denied for another reason"
)

var differences = []string{nowPermitted, nowDenied, moreSent, fewerSent, otherSent, otherActivity, otherReason}

const maxExamples = 5

// comparing is a comparison that was asked for.
type comparing struct {
	old, changed *config.Loaded
	files        []string
	host, from   string
	at           time.Time
	supposed     *supposeFlags
}

// choices are what visitors are supposed to have chosen, each in turn: what was asked for, or everything.
func (c *comparing) choices() []string {
	if *c.supposed.choice != "" {
		return []string{*c.supposed.choice}
	}
	return choiceWords()
}

// impactsOf judges every hit of recordings by both policies, for each choice, with the published test key.
func impactsOf(t *terminal, c *comparing) (all impacts, ok bool) {
	for i, word := range c.choices() {
		one, ok := impactOf(t, c, word, i == 0)
		if !ok {
			return all, false
		}
		if word == signal.AsRecorded.String() {
			all.Recorded = one
			continue
		}
		if all.Supposed == nil {
			all.Supposed = map[string]*impact{}
		}
		all.Supposed[word] = one
	}
	return all, true
}

// impactOf judges every hit by both policies, for one choice, by its word. First has it say what is passed over.
func impactOf(t *terminal, c *comparing, word string, first bool) (*impact, bool) {
	address, err := netip.ParseAddr(c.from)
	if err != nil {
		t.fail("--from: %q is no address: one is written 203.0.113.77 or 2001:db8::1", c.from)
		return nil, false
	}
	state, err := testKeys("", c.at)
	if err != nil {
		t.fail("%v", err)
		return nil, false
	}
	policies := []*rules.Policy{c.old.Policy, c.changed.Policy}
	supposed, ok := c.supposed.askedFor(t, word, policies...)
	if !ok {
		return nil, false
	}
	var by [2]*explainer
	for i, p := range policies {
		by[i] = &explainer{policy: p, from: address, question: rules.Question{At: c.at, Keys: rules.KeysOf(&state, p),
			Supposed: supposed[i]}}
	}
	all := &impact{choice: word, Different: map[string]*difference{}, denied: map[string]int{}, policies: policies}
	for _, file := range c.files {
		passed, err := recording(file, c.host, func(r *replay.Request) error {
			x, err := by[0].explain(r.Text)
			if err != nil {
				return err
			}
			y, err := by[1].explain(r.Text)
			if err != nil {
				return err
			}
			all.hit(x, y)
			return nil
		})
		if err != nil {
			t.fail("--traffic: %v", err)
			return nil, false
		}
		if passed > 0 && first {
			printf(t.err, "%s: %s, passed over\n", file, noHTTP(passed))
		}
	}
	all.Nothing = all.comparesNothing()
	return all, true
}

// hit compares the events of a hit. One that a policy refuses as a whole denies all of its events.
func (m *impact) hit(x, y *rules.Explanation) {
	m.Hits++
	m.taken.add(x, y)
	for i := range max(len(x.Events), len(y.Events), 1) {
		m.Events++
		old, changed := outcomeOf(x, i), outcomeOf(y, i)
		if !old.Leaves && !changed.Leaves {
			m.denied[changed.why]++
		}
		name, fields, how := different(&old, &changed)
		if name == "" {
			m.Same++
			continue
		}
		e := example{Vendor: cmp.Or(x.Vendor, "-"), Event: m.named(old.Name), Old: old.why, New: changed.why,
			Fields: fields, How: how}
		if old.Name == "" {
			e.Vendor, e.Event = cmp.Or(y.Vendor, "-"), m.named(changed.Name)
		}
		m.count(name, &e)
	}
}

// named is an event's name as both ledgers would have it.
func (m *impact) named(name string) string {
	for _, p := range m.policies {
		name = p.ScrubName(name)
	}
	return cmp.Or(name, "-")
}

func (m *impact) count(name string, e *example) {
	of := m.Different[name]
	if of == nil {
		of = &difference{Examples: []example{}}
		m.Different[name] = of
	}
	of.Events++
	known := slices.ContainsFunc(of.Examples, func(o example) bool {
		return o.Vendor == e.Vendor && o.Event == e.Event && o.Old == e.Old && o.New == e.New
	})
	if !known && len(of.Examples) < maxExamples {
		of.Examples = append(of.Examples, *e)
	}
}

// outcome is what became of one event under one policy.
type outcome struct {
	rules.Facts
	why  string                           // the activity that carries it, or the reason that denies it
	sent map[string]*rules.ExplainedField // by path, of the event and of the whole hit
}

func outcomeOf(x *rules.Explanation, i int) outcome {
	if i >= len(x.Events) {
		reason := x.Reason
		if reason == "" {
			reason = "no such event"
		}
		return outcome{why: reason}
	}
	e := &x.Events[i]
	j := outcome{Facts: e.Facts, why: e.Reason}
	if !j.Leaves {
		return j
	}
	j.why, j.sent = j.Activity, map[string]*rules.ExplainedField{}
	for _, fields := range [][]rules.ExplainedField{e.Fields, x.Shared} {
		for k := range fields {
			if field := &fields[k]; field.Sent {
				j.sent[field.Path] = field
			}
		}
	}
	return j
}

// different says in which way two outcomes differ, "" where they do not, in which classes of fields, and how.
func different(old, changed *outcome) (name string, fields, how []string) {
	switch {
	case !old.Leaves && changed.Leaves:
		return nowPermitted, nil, nil
	case old.Leaves && !changed.Leaves:
		return nowDenied, nil, nil
	case !old.Leaves:
		if old.why != changed.why {
			return otherReason, nil, nil
		}
		return "", nil, nil
	}
	var more, fewer, other bool
	for _, path := range slices.Sorted(maps.Keys(changed.sent)) {
		before, now := old.sent[path], changed.sent[path]
		switch {
		case before == nil:
			more, fields = true, append(fields, "+"+now.Class)
			how = append(how, now.Class+" "+doneBy(now.Action)+" instead of dropped")
		case before.After != now.After:
			other, fields = true, append(fields, now.Class)
			how = append(how, now.Class+" "+instead(doneBy(before.Action), doneBy(now.Action)))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(old.sent)) {
		if before := old.sent[path]; changed.sent[path] == nil {
			fewer, fields = true, append(fields, "-"+before.Class)
			how = append(how, before.Class+" dropped instead of "+doneBy(before.Action))
		}
	}
	fields, how = eachOnce(fields), eachOnce(how)
	switch {
	case more:
		return moreSent, fields, how
	case other:
		return otherSent, fields, how
	case fewer:
		return fewerSent, fields, how
	case old.why != changed.why || old.Vendor != changed.Vendor:
		return otherActivity, nil, nil
	}
	return "", nil, nil
}

func eachOnce(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

// instead says what is done to a field in place of what was.
func instead(before, now string) string {
	if before == now {
		return now + " in another way"
	}
	return now + " instead of " + before
}

// doneBy says what was done to a field whose action is explained by a word: "pseudonymised" of pseudonymise.
func doneBy(action string) string {
	for kind := range minimise.NumKinds {
		if kind.String() == action {
			return kind.Done()
		}
	}
	if said := saysAction[action]; said != "" {
		return said
	}
	return action
}

// saysAction are the actions of explanations that are no minimiser's.
var saysAction = map[string]string{"set": "set", "lower": "lowered to what the vendor is told", "state": "stated"}

// wider tells whether events travel that did not, or with more in them. What is sent in another form the comparison of
// profiles speaks of.
func (m *impact) wider() bool {
	return m.Different[nowPermitted] != nil || m.Different[moreSent] != nil
}

// comparesNothing tells whether neither policy lets any event travel, so that nothing shows what would leave.
func (m *impact) comparesNothing() bool {
	denied := 0
	for _, n := range m.denied {
		denied += n
	}
	return denied == m.Events
}

// wider tells whether events travel that did not, or with more in them, whatever the visitors chose.
func (m *impacts) wider() bool {
	wider := m.Recorded != nil && m.Recorded.wider()
	for _, one := range m.Supposed {
		wider = wider || one.wider()
	}
	return wider
}

// nothing tells whether no traffic was compared at all, under none of the choices.
func (m *impacts) nothing() bool {
	all := m.all()
	return len(all) > 0 && !slices.ContainsFunc(all, func(one *impact) bool { return !one.Nothing })
}

// all are the comparisons, in the order of the choices.
func (m *impacts) all() (all []*impact) {
	for _, word := range choiceWords() {
		one := m.Supposed[word]
		if word == signal.AsRecorded.String() {
			one = m.Recorded
		}
		if one != nil {
			all = append(all, one)
		}
	}
	return all
}

// compared tells whether any traffic was, under one of the choices at least, and says it where none was.
func (m *impacts) compared(t *terminal, host string, policies ...*rules.Policy) bool {
	if !m.nothing() {
		return true
	}
	all := m.all()
	if all[0].taken.none(t, host, policies...) {
		return false
	}
	nothing(t, "neither policy lets any event of the recorded hits travel")
	if len(all) < len(choiceWords()) {
		t.hint("without --choice hits are compared for each of %s", strings.Join(choiceWords(), ", "))
	}
	return false
}

package rules

import (
	"bytes"
	"slices"

	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
)

// minimiseState is what becomes of the fields of events that travel. Hit, Route, site, verdicts and budget are handed
// in.
type minimiseState struct {
	hit      *hit.Hit
	route    *Route
	site     *Site
	verdicts []Verdict
	budget   *budget

	plans  []*plan // of the activities that carry an event, each once
	common string  // the purpose that all events have

	allConsented bool // consent carries every event that travels
	env          minimise.Env
	room         workroom
	read         workroom // an id as its vendor reads it

	constants constants
	address   address
	consent   consentMode
	counting  counting
	alike     alike
}

// reset forgets the hit.
func (m *minimiseState) reset() {
	m.hit, m.route, m.site, m.verdicts, m.budget = nil, nil, nil, nil, nil
	m.plans, m.common, m.allConsented, m.env = hit.Emptied(m.plans), "", false, minimise.Env{}
	m.room, m.read = m.room.cleared(), m.read.cleared()
	m.constants.reset()
	m.address.reset()
	m.consent.reset()
	m.counting.reset()
	m.alike.reset()
}

// minimise says of every field keep, drop or rewrite. What belongs to the whole hit gets the strictest treatment among
// the events that stay.
func (m *minimiseState) minimise(r *readState, verdicts []Verdict, in *Inputs) Reason {
	m.hit, m.route, m.site, m.verdicts, m.budget = &r.Hit, r.Route, r.Site, verdicts, &r.budget
	for i := range verdicts {
		if v := &verdicts[i]; v.Decision == Permit && !slices.Contains(m.plans, v.Activity.plan) {
			m.plans = append(m.plans, v.Activity.plan)
		}
	}
	if len(m.plans) == 0 {
		return Unjudged
	}
	m.environment(r.Policy, in)
	m.common = m.commonPurpose()
	m.allConsented = m.consentCarriesAll()
	h := m.hit
	m.address.begin(&h.Request, r.FromServer, m.route.Endpoint.Carry, len(h.Events))
	for i := int32(0); int(i) < len(h.Nodes); i++ {
		if m.treat(i); m.budget.spent() {
			return OverLimit
		}
		if n := &h.Nodes[i]; n.Class == hit.IP && n.Fate != hit.Drop && n.Field == m.route.Endpoint.CarryField {
			m.address.carried[n.Event+1] = true
		}
	}
	lowering{m}.downgrade()
	m.sharedConstants()
	for e := range verdicts {
		if verdicts[e].Decision == Permit {
			m.eventConstants(int32(e))
			m.carryField(int32(e))
		}
		if m.budget.spent() {
			return OverLimit
		}
	}
	telling{m}.tell(r.Region)
	if m.budget.spent() {
		return OverLimit
	}
	return Unjudged
}

func (m *minimiseState) environment(p *Policy, in *Inputs) {
	q := &m.hit.Request
	m.env = minimise.Env{
		Now: in.Now, Rare: in.Rare, Memo: in.Memo, Detectors: p.detectors, Work: &m.budget.Meter,
		Vendor: m.route.Recipient.ID, Family: m.route.Recipient.family, Formats: m.route.Recipient.formats,
		Site: m.site.ID, IP: q.Address,
	}
	if in.Keys != nil {
		m.env.Keys = in.Keys.Pseudonyms
	}
	m.env.UserAgent, _ = q.One("User-Agent")
}

// purpose is what pseudonyms made per purpose are made for; "" where events of different purposes share the field.
func (m *minimiseState) purpose(event int32) string {
	if event != hit.Shared {
		return m.verdicts[event].Activity.purposeKey
	}
	return m.common
}

// consented tells whether consent carries all that a field belongs to.
func (m *minimiseState) consented(event int32) bool {
	if event == hit.Shared {
		return m.allConsented
	}
	v := &m.verdicts[event]
	return v.Decision == Permit && v.Activity.Basis == basis.Consent
}

// commonPurpose is the purpose of all events that travel; "" where they have none in common.
func (m *minimiseState) commonPurpose() string {
	key := ""
	for i := range m.verdicts {
		v := &m.verdicts[i]
		if v.Decision != Permit {
			continue
		}
		if key != "" && key != v.Activity.purposeKey {
			return ""
		}
		key = v.Activity.purposeKey
	}
	return key
}

// consentCarriesAll tells whether consent carries every event that travels.
func (m *minimiseState) consentCarriesAll() bool {
	for i := range m.verdicts {
		if v := &m.verdicts[i]; v.Decision == Permit && v.Activity.Basis != basis.Consent {
			return false
		}
	}
	return true
}

// action returns what is done to a field of an event, or of the whole hit; nil drops it. by is the class the action
// goes by.
func (m *minimiseState) action(event, field int32, class, alias hit.Class) (a *minimise.Action, by hit.Class) {
	if event != hit.Shared {
		if m.verdicts[event].Decision != Permit {
			return nil, class
		}
		return m.verdicts[event].Activity.plan.action(field, class, alias)
	}
	for i, p := range m.plans {
		next, nextBy := p.action(field, class, alias)
		if i == 0 {
			a, by = next, nextBy
			continue
		}
		if a = minimise.Strictest(a, next); a == next {
			by = nextBy
		}
	}
	return a, by
}

func (p *plan) action(field int32, class, alias hit.Class) (*minimise.Action, hit.Class) {
	a := p.byClass[class]
	if field != hit.None {
		a = p.byField[field]
	}
	if alias == hit.Unknown || alias == class {
		return a, class
	}
	b := p.byClass[alias]
	if both := minimise.Both(a, b); both != b {
		return both, class
	}
	return b, alias
}

// treat decides the fate of one node.
func (m *minimiseState) treat(i int32) {
	h := m.hit
	n := &h.Nodes[i]
	if n.Event != hit.Shared && m.verdicts[n.Event].Decision != Permit {
		return
	}
	if n.Free && m.nameLeaks(nameOf(h, i), h.Nodes[n.Parent].Kind) {
		return
	}
	switch {
	case n.Kind == hit.Raw && n.Opened, n.Kind.Holds() && n.First != hit.None:
		n.Fate = hit.Keep
		return
	case n.Kind.Holds():
		m.treatEmpty(n)
		return
	case n.Opened:
		if a, _ := m.action(n.Event, n.Field, n.Class, hit.Unknown); a != nil {
			n.Fate = hit.Keep
		}
		return
	case n.Class == hit.Unknown:
		return
	}
	a, by := m.action(n.Event, n.Field, n.Class, n.Alias)
	if a == nil {
		return // also an address: what its name says it is does not leave
	}
	if anyText[n.Class] && texts[n.Kind] && (n.Alias == hit.Unknown || anyText[n.Alias]) && isAddress(h.Text(i)) {
		n.Alias = hit.URL
		if a, by = m.action(n.Event, n.Field, n.Class, n.Alias); a == nil {
			return
		}
	}
	if n.Kind == hit.Null || n.Val.Len() == 0 {
		n.Fate = hit.Keep
		return
	}
	m.rewrite(i, a, by)
}

// texts are the kinds of values that are texts.
var texts = [hit.Quoted + 1]bool{hit.Text: true, hit.String: true, hit.Glued: true, hit.Quoted: true}

// anyText are the classes whose values can be anything. An address of a page among them is also one, so that the one
// rule for addresses holds wherever they stand.
var anyText = [hit.NumClasses]bool{
	hit.Custom: true, hit.UserTrait: true, hit.FreeText: true, hit.Element: true, hit.Product: true, hit.Error: true,
	hit.PageTitle:  true,
	hit.SearchTerm: true, hit.Campaign: true, hit.Interaction: true,
}

// treatEmpty keeps an empty object, list or query where the catalog knows the place and the class of it, if it has one,
// is kept.
func (m *minimiseState) treatEmpty(n *hit.Node) {
	if n.Parent == hit.None || n.Kind == hit.Form || n.Kind == hit.Lines || n.Kind == hit.Records {
		n.Fate = hit.Keep
		return
	}
	if n.State == 0 {
		return
	}
	if a, _ := m.action(n.Event, n.Field, n.Class, n.Alias); a != nil {
		n.Fate = hit.Keep
	}
}

func (m *minimiseState) rewrite(i int32, a *minimise.Action, by hit.Class) {
	h := m.hit
	n := &h.Nodes[i]
	in := m.route.Recipient.idField(n.Field)
	text := h.Text(i)
	if in.exact && made(n.Class) {
		if m.read = in.appendRead(m.read[:0], text); len(m.read) == 0 {
			return
		}
		text = m.read
	}
	m.env.Purpose, m.env.Consented = m.purpose(n.Event), m.consented(n.Event)
	m.env.Together = m.counting.rarity(h, m.budget, i, a, by)
	made, outcome := m.makeAlike(i, a, minimise.Value{Class: by, Format: in.format, Exact: in.exact, Bytes: text,
		Kind: kindOf(n.Kind)})
	switch {
	case outcome == minimise.Kept && in.exact && !bytes.Equal(text, h.Text(i)):
		h.SetEdit(i, text)
	case outcome == minimise.Kept, outcome != minimise.Dropped && bytes.Equal(made, text):
		n.Fate = hit.Keep
		if n.Kind == hit.Text && bytes.IndexByte(h.Bytes(n.Val), ';') >= 0 {
			h.SetEdit(i, h.Bytes(h.TextSpan(i))) // written as %3B: no server takes it for the end of the field
		}
	case outcome == minimise.Rewritten, outcome == minimise.RewrittenNumber:
		h.SetEdit(i, made)
	default: // dropped
	}
}

// make makes a value what an action leaves of it. What it returns holds until it is called again.
func (m *minimiseState) make(a *minimise.Action, value minimise.Value) (made []byte, outcome minimise.Outcome) {
	m.room, outcome = a.Append(m.room[:0], value, &m.env)
	return m.room, outcome
}

func kindOf(k hit.Kind) minimise.ValueKind {
	switch k {
	case hit.Number:
		return minimise.NumberValue
	case hit.Bool:
		return minimise.BoolValue
	default:
		return minimise.TextValue
	}
}

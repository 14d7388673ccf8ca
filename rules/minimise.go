package rules

import (
	"bytes"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// apply minimises: of every field it says keep, drop or rewrite. What belongs to the whole hit gets the strictest treatment among the
// events that stay.
func apply(j *Judgement, in *Inputs) Reason {
	for i := range j.Verdicts {
		if v := &j.Verdicts[i]; v.Decision == Permit && !slices.Contains(j.plans, v.Activity.plan) {
			j.plans = append(j.plans, v.Activity.plan)
		}
	}
	if len(j.plans) == 0 {
		return Unjudged
	}
	j.environment(in)
	j.common = j.commonPurpose()
	h := &j.Hit
	j.carried = slices.Grow(j.carried[:0], len(h.Events)+1)[:len(h.Events)+1]
	clear(j.carried)
	for i := int32(0); int(i) < len(h.Nodes); i++ {
		if j.treat(i); j.spent() {
			return OverLimit
		}
		if n := &h.Nodes[i]; n.Class == hit.IP && n.Fate != hit.Drop && n.Field == j.Route.Endpoint.CarryField {
			j.carried[n.Event+1] = true
		}
	}
	j.lower()
	j.inners = [len(j.inners)]inner{}
	j.sharedConstants()
	for e := range j.Verdicts {
		if j.Verdicts[e].Decision == Permit {
			j.constants(int32(e))
			j.carryField(int32(e))
		}
		if j.spent() {
			return OverLimit
		}
	}
	return Unjudged
}

func (j *Judgement) environment(in *Inputs) {
	r := &j.Hit.Request
	j.env.Now, j.env.Keys, j.env.Rare = in.Now, nil, in.Rare
	if in.Keys != nil {
		j.env.Keys = in.Keys.Pseudonyms
	}
	j.env.Detectors, j.env.Work = j.Policy.detectors, &j.work
	j.env.Vendor, j.env.Site = j.Route.Recipient.ID, j.Site.ID
	j.env.IP = r.Address
	j.env.UserAgent, _ = r.One("User-Agent")
	j.toldBy = nil
}

// purpose is what pseudonyms made per purpose are made for; "" where events of different purposes share the field.
func (j *Judgement) purpose(event int32) string {
	if event != hit.Shared {
		return j.Verdicts[event].Activity.purposeKey
	}
	return j.common
}

// commonPurpose is the purpose of all events that travel; "" where they have none in common.
func (j *Judgement) commonPurpose() string {
	key := ""
	for i := range j.Verdicts {
		v := &j.Verdicts[i]
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

// action returns what is done to a field of an event, or of the whole hit; nil drops it. by is the class the action goes by.
func (j *Judgement) action(event, field int32, class, alias hit.Class) (a *minimise.Action, by hit.Class) {
	if event != hit.Shared {
		if j.Verdicts[event].Decision != Permit {
			return nil, class
		}
		return j.Verdicts[event].Activity.plan.action(field, class, alias)
	}
	for i, p := range j.plans {
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
func (j *Judgement) treat(i int32) {
	h := &j.Hit
	n := &h.Nodes[i]
	if n.Event != hit.Shared && j.Verdicts[n.Event].Decision != Permit {
		return
	}
	if n.Free && j.telling(j.nameOf(i), h.Nodes[n.Parent].Kind) {
		return
	}
	switch {
	case n.Kind == hit.Raw && n.Opened, n.Kind.Holds() && n.First != hit.None:
		n.Fate = hit.Keep
		return
	case n.Kind.Holds():
		j.treatEmpty(n)
		return
	case n.Opened:
		if a, _ := j.action(n.Event, n.Field, n.Class, hit.Unknown); a != nil {
			n.Fate = hit.Keep
		}
		return
	case n.Class == hit.Unknown:
		return
	}
	if n.Alias == hit.Unknown && anyText[n.Class] && (n.Kind == hit.Text || n.Kind == hit.String) && isWebAddress(h.Text(i)) {
		n.Alias = hit.URL
	}
	a, by := j.action(n.Event, n.Field, n.Class, n.Alias)
	if a == nil {
		return
	}
	if n.Kind == hit.Null || n.Val.Len() == 0 {
		n.Fate = hit.Keep
		return
	}
	j.rewrite(i, a, by)
}

// anyText are the classes whose values can be anything. An address of a page among them is also one, so that the one rule for addresses
// holds wherever they stand.
var anyText = [hit.NumClasses]bool{
	hit.Custom: true, hit.UserTrait: true, hit.FreeText: true, hit.Element: true, hit.Product: true, hit.Error: true, hit.PageTitle: true,
	hit.SearchTerm: true, hit.Campaign: true, hit.Interaction: true,
}

func isWebAddress(text []byte) bool {
	text = bytes.TrimLeft(text, " ")
	return len(text) > 8 && (hit.EqualFold(text[:7], "http://") || hit.EqualFold(text[:8], "https://"))
}

// treatEmpty keeps an empty object, list or query where the catalog knows the place and the class of it, if it has one, is kept.
func (j *Judgement) treatEmpty(n *hit.Node) {
	if n.Parent == hit.None || n.Kind == hit.Form || n.Kind == hit.Lines || n.Kind == hit.Records {
		n.Fate = hit.Keep
		return
	}
	if n.State == 0 {
		return
	}
	if a, _ := j.action(n.Event, n.Field, n.Class, n.Alias); a != nil {
		n.Fate = hit.Keep
	}
}

func (j *Judgement) rewrite(i int32, a *minimise.Action, by hit.Class) {
	h := &j.Hit
	text := h.Text(i)
	n := &h.Nodes[i]
	var format pseudonym.Format
	if n.Field != hit.None {
		format = j.Route.Recipient.formats[n.Field]
	}
	j.env.Purpose = j.purpose(n.Event)
	j.rarity(i, a, by)
	arena := h.Grow()
	from := len(arena)
	out, outcome := a.Append(arena, minimise.Value{Class: by, Format: format, Bytes: text, Kind: kindOf(n.Kind)}, &j.env)
	switch {
	case outcome == minimise.Kept, outcome != minimise.Dropped && bytes.Equal(out[from:], text):
		n.Fate = hit.Keep
		h.Retain(from)
		if n.Kind == hit.Text && bytes.IndexByte(h.Bytes(n.Val), ';') >= 0 {
			h.SetEdit(i, h.Bytes(h.TextSpan(i))) // written as %3B: no server takes it for the end of the field
		}
	case outcome == minimise.Rewritten, outcome == minimise.RewrittenNumber:
		n.Edit, n.Fate = h.Grown(out, from), hit.Rewrite
	default:
		h.Retain(from)
	}
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

// sharedConstants puts what the profiles set in place of what all events share, and notes of each constant whether it stood there.
func (j *Judgement) sharedConstants() {
	j.setShared = j.setShared[:0]
	for _, p := range j.plans {
		at := len(j.setShared)
		j.setShared = slices.Grow(j.setShared, len(p.set))[:at+len(p.set)]
		clear(j.setShared[at:])
		j.replace(hit.Shared, p, j.setShared[at:])
	}
}

// constants gives an event the values that its profile sets: in place of every occurrence, or added where there is none.
func (j *Judgement) constants(event int32) {
	mine, at := j.Verdicts[event].Activity.plan, 0
	if len(mine.set) == 0 {
		return
	}
	for _, p := range j.plans {
		if p == mine {
			break
		}
		at += len(p.set)
	}
	j.setThere = append(j.setThere[:0], j.setShared[at:at+len(mine.set)]...)
	j.replace(event, mine, j.setThere)
	for c, there := range j.setThere {
		if !there {
			j.add(event, mine.set[c].field, mine.set[c].name, mine.set[c].text)
		}
	}
}

// sets tells whether the profile gives a field of that name a value.
func (p *plan) sets(name string) bool {
	return slices.ContainsFunc(p.set, func(c constant) bool { return c.name == name })
}

// replace puts the constants of a profile in place of every occurrence of their fields in an event, or in what all share, in one go over it, and
// notes which were there.
func (j *Judgement) replace(event int32, p *plan, there []bool) {
	if len(p.set) == 0 {
		return
	}
	h := &j.Hit
	for i := h.FirstOf(event); i != hit.None; i = h.Nodes[i].Peer {
		n := &h.Nodes[i]
		if n.Field == hit.None || n.Kind.Holds() || n.Opened {
			continue
		}
		if c := p.setOf[n.Field]; c != hit.None {
			h.SetEdit(i, p.set[c].text)
			there[c] = true
		}
	}
}

// carryField hands the visitor's address on as a member of each event, minimised, where the vendor takes it so and the event has none.
func (j *Judgement) carryField(event int32) {
	carry := j.Route.Endpoint.Carry
	if carry.Field == "" {
		return
	}
	if j.carried[event+1] || j.carried[0] || j.Verdicts[event].Activity.plan.sets(carry.Field) {
		return
	}
	a, _ := j.action(event, hit.None, hit.IP, hit.Unknown)
	if text := j.address(a); text != nil {
		j.add(event, j.Route.Endpoint.CarryField, carry.Field, text)
	}
}

// address is the visitor's address after an action, nil where nothing may be said of it. It is asked for each event, and made once.
func (j *Judgement) address(a *minimise.Action) []byte {
	if !j.env.IP.IsValid() {
		return nil
	}
	if a != j.toldBy {
		j.toldBy = a
		j.whole = j.env.IP.AppendTo(j.whole[:0])
		out, outcome := a.Append(j.told[:0], minimise.Value{Class: hit.IP, Bytes: j.whole}, &j.env)
		switch outcome {
		case minimise.Rewritten:
			j.told = out
		case minimise.Kept:
			j.told = append(out[:0], j.whole...)
		default:
			j.told = out[:0]
		}
	}
	if len(j.told) == 0 {
		return nil
	}
	return j.told
}

// add puts a field into an event that did not have it.
func (j *Judgement) add(event, field int32, name string, text []byte) {
	h := &j.Hit
	at := h.Events[event].Root
	if at != hit.None && h.Nodes[at].Opened {
		at = h.Nodes[at].First
	}
	if at == hit.None || h.Nodes[at].Kind != hit.Form && h.Nodes[at].Kind != hit.Object {
		return
	}
	if h.Nodes[at].Kind == hit.Object {
		for depth := 0; ; depth++ {
			member, rest, more := strings.Cut(name, ".")
			if !more {
				break
			}
			if at = j.known(depth, at, member); at == hit.None {
				return
			}
			name = rest
		}
	}
	kind := hit.String
	if string(text) == "true" || string(text) == "false" {
		kind = hit.Bool
	}
	i := h.Make(at, []byte(name), kind)
	h.Nodes[i].Field, h.Nodes[i].Class = field, j.Route.Recipient.Catalog.Fields[field].Class
	h.SetEdit(i, text)
}

// inner is an object that was looked for inside another one.
type inner struct {
	parent, node int32
	name         string
}

// known is object, which is asked once for lines that follow each other and begin alike.
func (j *Judgement) known(depth int, at int32, name string) int32 {
	if depth >= len(j.inners) {
		return j.object(at, name)
	}
	last := &j.inners[depth]
	if last.parent != at || last.name != name {
		*last = inner{at, j.object(at, name), name}
	}
	return last.node
}

// object returns the object of that name below another one, and makes it where there is none.
func (j *Judgement) object(at int32, name string) int32 {
	h := &j.Hit
	for c := h.Nodes[at].First; c != hit.None; c = h.Nodes[c].Next {
		j.work.Spend(costNode)
		if string(h.Bytes(h.KeySpan(c))) != name {
			continue
		}
		if h.Nodes[c].Kind != hit.Object {
			return hit.None
		}
		h.Nodes[c].Fate = hit.Keep
		return c
	}
	c := h.Make(at, []byte(name), hit.Object)
	h.Nodes[c].Fate = hit.Keep
	return c
}

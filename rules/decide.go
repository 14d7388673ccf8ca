package rules

import (
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// decideState is what was decided of each event, and on which rungs.
type decideState struct {
	Verdicts []Verdict
	rungs    []Rung
	view     eventView
	at       time.Time // when
	latest   time.Time // that, or the latest time that was known by then
	declared declared  // by the browser's own cookie
}

// reset forgets the hit.
func (d *decideState) reset() {
	d.Verdicts, d.rungs, d.view = hit.Recycled(d.Verdicts), hit.Recycled(d.rungs), eventView{}
	d.at, d.latest, d.declared = time.Time{}, time.Time{}, declared{}
}

// decide judges every event by the ladder of its vendor.
func (d *decideState) decide(r *readState, objections []Objections, in *Inputs) Reason {
	h := &r.Hit
	if len(objections) != len(h.Events) {
		return Failed
	}
	if d.at, d.latest = in.Now, in.Now; in.Latest.After(in.Now) {
		d.latest = in.Latest
	}
	d.declared.objections, d.declared.told = r.preferences()
	if !r.heedReceipts(objections, in) {
		return Failed
	}
	for e := range h.Events {
		objections[e].Declare(d.declared.objections, d.declared.told)
		if h.Events[e].Malformed {
			d.Verdicts = append(d.Verdicts, Verdict{Reason: MalformedHit})
			continue
		}
		if r.lacksAll(int32(e)) {
			d.Verdicts = append(d.Verdicts, Verdict{Reason: MalformedHit})
			continue
		}
		if h.Events[e].TooLarge {
			d.Verdicts = append(d.Verdicts, Verdict{Reason: OverLimit})
			continue
		}
		q := d.asks(r, e, objections[e], in)
		d.Verdicts = append(d.Verdicts, d.climb(r.Policy, r.Route.ladder, &q))
		if r.budget.spent() {
			return OverLimit
		}
	}
	return Unjudged
}

// asks is what the activities are judged by for an event. It holds until it is called again.
func (d *decideState) asks(r *readState, e int, objections Objections, in *Inputs) asked {
	d.view = eventView{&r.Hit, r.Route.Recipient.Catalog.Fields, &r.budget, int32(e)}
	endpoint := r.Route.Endpoint
	return asked{
		site: r.Site, region: r.Region, event: &d.view, name: r.Hit.EventName(int32(e)), signals: r.SignalsOf(e),
		objections: objections, unavailable: untaken(in.ObjectionsUnavailable, in.ObjectionsStale),
		now: in.Now, latest: in.Latest,
		endpoint: endpoint,
		server:   r.FromServer, nobody: endpoint.Kind == catalog.Opaque && r.namesNobody(),
		stamps: stamps{
			hit: &r.Hit, event: int32(e), now: in.Now, denials: in.Denials, vendor: r.Route.Recipient.ID,
		},
	}
}

// lacksAll tells whether an event has none of the fields without which its vendor refuses one: it is then no event of
// the vendor's, and may be another body that was read as one.
func (r *readState) lacksAll(event int32) bool {
	if r.Route.Endpoint.Kind != catalog.Events || !r.Route.Endpoint.Asks {
		return false
	}
	h, fields := &r.Hit, r.Route.Recipient.Catalog.Fields
	for _, of := range [2]int32{event, hit.Shared} {
		for i := h.FirstOf(of); i != hit.None; i = h.Nodes[i].Peer {
			if n := &h.Nodes[i]; n.Field != hit.None && fields[n.Field].Required && n.Class != hit.Container {
				return false
			}
		}
	}
	return true
}

// Rungs returns the ladder of a verdict as far as it was climbed.
func (d *decideState) Rungs(v *Verdict) []Rung { return d.rungs[v.first:v.last] }

// Permitted counts the events that travel.
func (d *decideState) Permitted() int {
	n := 0
	for i := range d.Verdicts {
		if d.Verdicts[i].Decision == Permit {
			n++
		}
	}
	return n
}

// Objectable tells whether an event that is permitted travels on a basis that holds only as long as nobody objects.
func (d *decideState) Objectable() bool {
	return slices.ContainsFunc(d.Verdicts, func(v Verdict) bool { return v.Decision == Permit && v.Activity.rests() })
}

// eventView shows one event to a condition.
type eventView struct {
	hit    *hit.Hit
	fields []catalog.FieldInfo // of the vendor
	budget *budget
	event  int32
}

// Name returns the event's name.
func (v *eventView) Name() string { return v.hit.EventName(v.event) }

// Param returns the value of the event's field of that name, as the vendor names it; of a name that stands twice, the
// first.
func (v *eventView) Param(name string) string {
	h := v.hit
	for _, of := range [2]int32{v.event, hit.Shared} {
		for i := h.FirstOf(of); i != hit.None; i = h.Nodes[i].Peer {
			n := &h.Nodes[i]
			v.budget.Spend(costNode)
			if n.Kind.Holds() || n.Opened && n.Class == hit.Container || n.Kind == hit.Raw {
				continue
			}
			if n.Field != hit.None && v.fields[n.Field].Path == name || string(h.Bytes(h.KeySpan(i))) == name {
				return string(h.Text(i))
			}
		}
	}
	return ""
}

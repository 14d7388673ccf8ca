package rules

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// Kept is facts of events of one hit that wait, as [Judgement.Keep] wrote them: read, then told who objected by now,
// then asked whether each event may still leave. It refers to the bytes that it was read from. Its zero value denies;
// it is made to be used again and again.
type Kept struct {
	Subjects []KeptSubject
	Events   []KeptEvent

	received               time.Time
	site, vendor, endpoint string
	region                 Region
	server, nobody         bool
	scopes                 []string // of what the browser's own cookie objects to
	told                   int64

	objections []Objections // by visitor, first those of all; none before they are looked up
	signals    signal.Signals
}

// KeptSubject is an identifier of a visitor.
type KeptSubject struct {
	Visitor int // number; 0: of all events
	Kind    SubjectKind
	Hash    [16]byte // below the key of objections
}

// KeptEvent is one event.
type KeptEvent struct {
	Index    int // in its hit
	Visitor  int // number, from 1
	Activity string
	Name     string

	digest    planDigest
	own, sent int64
	signals   []byte
}

// Moment is what judging again needs beside facts, policy and objections: as [Inputs] say it of a hit.
type Moment struct {
	Now                   time.Time
	Latest                time.Time
	ObjectionsUnavailable bool
	ObjectionsStale       bool
}

// JudgesAs tells whether whatever is judged at one of the moments is judged alike at the other, as far as moments
// have a say in it: all times that an event is judged by again (how long a consent is good for, an assessment, a
// decision, since when a law is in force) are whole seconds, and none of them is between the two.
func (m Moment) JudgesAs(other Moment) bool {
	a, b := m.Now, other.Now
	return m.ObjectionsUnavailable == other.ObjectionsUnavailable && m.ObjectionsStale == other.ObjectionsStale &&
		m.Latest.Equal(other.Latest) && a.Unix() == b.Unix() && (a.Nanosecond() == 0) == (b.Nanosecond() == 0)
}

// Lookup is asked who objected to what by now. An error means that nobody knows.
type Lookup interface {
	Lookup(subject [16]byte) (Objections, error)
}

var errKept = errors.New("facts of an event that waits cannot be read: they are damaged, or another version wrote them")

// Read takes facts apart. The error says that they are none that [Judgement.Keep] writes; no event is known then.
func (k *Kept) Read(facts []byte) error {
	subjects, events, scopes := k.Subjects[:0], k.Events[:0], k.scopes[:0]
	*k = Kept{Subjects: subjects, Events: events, scopes: scopes, objections: k.objections[:0]}
	in := read.Kept{Rest: facts}
	k.readHit(&in)
	k.readSubjects(&in)
	k.readEvents(&in)
	if in.Bad || len(in.Rest) > 0 {
		*k = Kept{Subjects: subjects, Events: events, scopes: scopes, objections: k.objections[:0]}
		return errKept
	}
	return nil
}

// Route names the endpoint that the events came in at, and where their visitor was. The endpoint is a view of what was
// read: it is to be copied where it is needed for longer.
func (k *Kept) Route() (endpoint, region string) { return k.endpoint, k.region.String() }

// KeptEndpoint is the endpoint that events came in at whose facts were kept; "" where
// nobody can tell. It is a view of the facts.
func KeptEndpoint(facts []byte) string {
	in := read.Kept{Rest: facts}
	if in.Byte() != keptVersion {
		return ""
	}
	in.Varint()
	in.Text()
	in.Text()
	return view(in.Text())
}

// Reset forgets what was read, and keeps the memory.
func (k *Kept) Reset() {
	*k = Kept{
		Subjects: hit.Emptied(k.Subjects), Events: hit.Emptied(k.Events), scopes: hit.Emptied(k.scopes),
		objections: hit.Emptied(k.objections),
	}
}

func (k *Kept) readHit(in *read.Kept) {
	if in.Byte() != keptVersion {
		in.Bad = true
	}
	k.received = time.UnixMilli(in.Varint())
	k.site, k.vendor, k.endpoint = view(in.Text()), view(in.Text()), view(in.Text())
	if code := in.Text(); len(code) > 0 {
		var err error
		if k.region, err = ParseRegion(view(code)); err != nil {
			in.Bad = true
		}
		var room [8]byte
		in.Bad = in.Bad || string(k.region.appendCode(room[:0])) != string(code)
	}
	flags := in.Bits(2)
	k.server, k.nobody = flags&keptServer != 0, flags&keptNobody != 0
	n := in.Count(2)
	for range n {
		scope := in.Text()
		in.Bad = in.Bad || !scopeName(scope)
		k.scopes = append(k.scopes, view(scope))
	}
	if n > 0 {
		k.told = in.Varint()
	}
}

func (k *Kept) readSubjects(in *read.Kept) {
	for range in.Count(2 + len(KeptSubject{}.Hash)) {
		s := KeptSubject{Visitor: int(in.Uvarint()), Kind: SubjectKind(in.Byte())}
		in.Bad = in.Bad || s.Kind > Mentioned
		copy(s.Hash[:], in.Take(len(s.Hash)))
		k.Subjects = append(k.Subjects, s)
	}
}

// leastEvent is how many bytes an event takes at least.
const leastEvent = 2 + 1 + len(planDigest{}) + 1 + 2 + 2

func (k *Kept) readEvents(in *read.Kept) {
	n := in.Count(leastEvent)
	visitors, before := 0, -1
	for range n {
		index := in.Uvarint()
		e := KeptEvent{Index: int(index), Visitor: int(in.Uvarint()), Activity: view(in.Text())}
		copy(e.digest[:], in.Take(len(e.digest)))
		e.Name = view(in.Text())
		e.own, e.sent = in.Varint(), in.Varint()
		if size := in.Take(2); len(size) == 2 {
			e.signals = in.Take(int(binary.BigEndian.Uint16(size)))
		}
		in.Bad = in.Bad || index >= 1<<31 || e.Index <= before || e.Visitor < 1 || e.Visitor > visitors+1
		visitors, before = max(visitors, e.Visitor), e.Index
		k.Events = append(k.Events, e)
	}
	in.Bad = in.Bad || n == 0
	for i := range k.Subjects {
		of := k.Subjects[i].Visitor
		in.Bad = in.Bad || of < 0 || of > visitors
	}
}

// LookUp asks who objected by now, for all events. What is found for a visitor counts for each of its events.
func (k *Kept) LookUp(objections Lookup) error {
	k.objections = k.objections[:0]
	visitors := 0
	for i := range k.Events {
		visitors = max(visitors, k.Events[i].Visitor)
	}
	all := hit.Emptied(k.objections)
	for range visitors + 1 {
		all = append(all, Objections{})
	}
	for i := range k.Subjects {
		found, err := objections.Lookup(k.Subjects[i].Hash)
		if err != nil {
			return err
		}
		all[k.Subjects[i].Visitor].Merge(found)
	}
	for v := range all[1:] {
		all[v+1].Merge(all[0])
	}
	k.objections = all
	return nil
}

// Judge judges an event again, by its place in Events, on the activity that it was permitted on and no other:
// [Permitted], or why it may not leave any more. It is the judgement of [Judge], as far as facts are what it asks; what
// is asked of the event itself (a condition, whether it had been denied before) stays as it was.
func (k *Kept) Judge(p *Policy, event int, at Moment) Reason {
	if len(k.objections) == 0 || at.Now.IsZero() {
		return Failed
	}
	e := &k.Events[event]
	site, route := routeOf(p, k.site, k.vendor, k.endpoint)
	if route == nil {
		return PolicyChanged
	}
	rung := route.rung(e.Activity)
	if rung < 0 || route.digests[rung] != e.digest {
		return PolicyChanged
	}
	a := route.ladder[rung]
	matter := a.matter()
	if !k.signals.ReadKept(e.signals, &matter) {
		return FactsUnreadable
	}
	if !site.signals.Heed(&k.signals, k.objections[e.Visitor].Receipts, at.Now.Unix(), nil) {
		return FactsUnreadable
	}
	q := asked{
		site: site, region: k.region, name: e.Name, signals: &k.signals, objections: k.objectionsOf(p, e),
		server: k.server, unavailable: untaken(at.ObjectionsUnavailable, at.ObjectionsStale), now: at.Now, latest: at.Now,
		endpoint: route.Endpoint,
		nobody:   k.nobody, again: true,
		stamps: stamps{now: k.received, timed: true, own: e.own, sent: e.sent},
	}
	if at.Latest.After(at.Now) {
		q.latest = at.Latest
	}
	switch decision, reason, _ := a.judge(p, &q); {
	case decision == Permit && reason == Permitted:
		return Permitted
	case decision == Skip:
		return PolicyChanged
	case reason == Permitted:
		return Failed
	default:
		return reason
	}
}

// JudgeIndex is Judge for the event of an index in the hit; [FactsUnreadable] where it is none of Events.
func (k *Kept) JudgeIndex(p *Policy, index int, at Moment) Reason {
	i, found := slices.BinarySearchFunc(k.Events, index, func(e KeptEvent, index int) int { return e.Index - index })
	if !found {
		return FactsUnreadable
	}
	return k.Judge(p, i, at)
}

// objectionsOf are those that count for an event: what is known of its visitor by
// now, and what its browser itself said.
func (k *Kept) objectionsOf(p *Policy, e *KeptEvent) Objections {
	var declared Objections
	for _, scope := range k.scopes {
		found, _ := p.Objection(scope)
		declared.Merge(found)
	}
	o := k.objections[e.Visitor]
	o.Declare(declared, k.told)
	return o
}

// routeOf finds a site and, of its routes, the one that leads to an endpoint; nil where there is none.
func routeOf(p *Policy, site, vendor, endpoint string) (*Site, *Route) {
	for _, s := range p.ids {
		if s.ID != site {
			continue
		}
		for _, r := range s.all {
			if r.Endpoint.ID == endpoint && r.Recipient.ID == vendor {
				return s, r
			}
		}
	}
	return nil, nil
}

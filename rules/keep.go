package rules

import (
	"encoding/binary"
	"math/bits"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// What is kept of events that wait, so that they can be judged again without the hit: facts, and never a value of a
// field but for the event's name and times. Numbers are written as package binary appends varints, texts behind their
// length.
//
//	version, 1 byte
//	of the hit: received (ms), site, vendor, endpoint, region's code, flags (1 byte: from a server, names nobody)
//	objected to by the browser's own cookie: number of scopes, their names; where there are any: told (s)
//	subjects: their number, and of each: visitor (0: of all events), kind (1 byte), hash (16 bytes)
//	events: their number, and of each: its index in the hit, visitor (from 1), activity, digest of what shapes it there
//	(16 bytes), name, own time and time of sending (ms, 0: none), signals (see [signal.Signals.AppendKept])
const keptVersion = 1

// vendorScope stands before the id of a vendor in the name of a scope (see [Policy.Objection]).
const vendorScope = "vendor:"

// Flags of a hit.
const (
	keptServer = 1 << iota
	keptNobody
)

// keep is what writing facts needs, kept between hits. It holds numbers alone.
type keep struct {
	visitors Visitors
	numbers  []int32 // by the first event of a visitor: its number; 0 where none of its events is kept
	slots    []int32 // by hash: where in subjects it stands, counted from 1; 0: nowhere
	events   []int32
}

// reset forgets the hit.
func (k *keep) reset() {
	k.visitors.Reset()
	k.numbers, k.slots, k.events = hit.Reused(k.numbers), hit.Reused(k.slots), hit.Reused(k.events)
}

// Keep appends what [Kept] judges events by again, those of a list that are permitted and leave: their own facts, and
// the subjects of all events of their visitors. Where none leaves it appends nothing. The hit must have been judged.
func (j *Judgement) Keep(dst []byte, events []int) []byte {
	k := &j.keep
	k.events = hit.Reused(k.events)
	for _, e := range events {
		if j.Out.Forward && j.Verdicts[e].Decision == Permit {
			k.events = append(k.events, int32(e))
		}
	}
	if len(k.events) == 0 {
		return dst
	}
	dst = j.keepHit(dst)
	k.number(j.Subjects, len(j.Verdicts))
	dst = k.subjects(dst, j.Subjects)
	dst = binary.AppendUvarint(dst, uint64(len(k.events)))
	for _, e := range k.events {
		dst = j.keepEvent(dst, e)
	}
	return dst
}

// keepHit appends what holds for all events.
func (j *Judgement) keepHit(dst []byte) []byte {
	dst = binary.AppendVarint(append(dst, keptVersion), j.at.UnixMilli())
	dst = appendText(dst, j.Site.ID)
	dst = appendText(dst, j.Route.Recipient.ID)
	dst = appendText(dst, j.Route.Endpoint.ID)
	at := len(dst)
	dst = j.Region.appendCode(append(dst, 0))
	dst[at] = byte(len(dst) - at - 1)
	flags := oneIf(j.FromServer) * keptServer
	if j.Route.Endpoint.Kind == catalog.Opaque {
		flags |= oneIf(j.namesNobody()) * keptNobody
	}
	dst = append(dst, flags)
	return j.keepDeclared(dst)
}

// keepDeclared appends what the browser's own cookie says.
func (j *Judgement) keepDeclared(dst []byte) []byte {
	o := j.declared.objections
	if o.All { // the rest adds nothing
		o.Purposes, o.Vendors = 0, 0
	}
	count := int(oneIf(o.All)) + bits.OnesCount64(o.Purposes) + bits.OnesCount64(o.Vendors)
	if dst = binary.AppendUvarint(dst, uint64(count)); count == 0 {
		return dst
	}
	if o.All {
		dst = appendText(dst, "all")
	}
	for i := range j.Policy.purposes {
		if o.Purposes&(1<<i) != 0 {
			dst = appendText(dst, j.Policy.purposes[i].ID)
		}
	}
	for _, r := range j.Policy.recipients {
		if o.Vendors&r.bit != 0 {
			dst = append(binary.AppendUvarint(dst, uint64(len(vendorScope)+len(r.ID))), vendorScope...)
			dst = append(dst, r.ID...)
		}
	}
	return binary.AppendVarint(dst, j.declared.told)
}

// number numbers the visitors of the events that are kept, in their order, from 1.
func (k *keep) number(subjects []Subject, events int) {
	k.numbers = grown(k.numbers, events)
	if events == 1 {
		k.numbers[0] = 1
		return
	}
	k.visitors.Join(subjects, events)
	last := int32(0)
	for _, e := range k.events {
		if of := &k.numbers[k.visitors.Of(int(e))]; *of == 0 {
			last++
			*of = last
		}
	}
}

// visitor is the number of an event's visitor, 0 where none of its events is kept.
func (k *keep) visitor(event int32) int32 {
	if len(k.numbers) == 1 {
		return k.numbers[0]
	}
	return k.numbers[k.visitors.Of(int(event))]
}

// subjects appends who the events are about: each subject of a visitor once.
func (k *keep) subjects(dst []byte, subjects []Subject) []byte {
	size := 1
	for size < 2*len(subjects) {
		size *= 2
	}
	k.slots = grown(k.slots, size)
	count := uint64(0)
	for i := range subjects {
		if k.first(subjects, i) {
			count++
		}
	}
	dst = binary.AppendUvarint(dst, count)
	clear(k.slots)
	for i := range subjects {
		if k.first(subjects, i) {
			s := &subjects[i]
			dst = binary.AppendUvarint(dst, uint64(k.whose(s)))
			dst = append(append(dst, byte(s.Kind)), s.Hash[:]...)
		}
	}
	return dst
}

// whose is the number of a subject's visitor, 0 where it belongs to all events.
func (k *keep) whose(s *Subject) int32 {
	if s.Event == hit.Shared {
		return 0
	}
	return k.visitor(s.Event)
}

// first tells whether a subject is kept, and was not met before for the same visitor.
func (k *keep) first(subjects []Subject, i int) bool {
	s := &subjects[i]
	if s.Event != hit.Shared && k.visitor(s.Event) == 0 {
		return false
	}
	whose := k.whose(s)
	for at := binary.LittleEndian.Uint64(s.Hash[:]) + uint64(whose); ; at++ {
		slot := &k.slots[at%uint64(len(k.slots))]
		if *slot == 0 {
			*slot = int32(i + 1)
			return true
		}
		if of := &subjects[*slot-1]; of.Hash == s.Hash && k.whose(of) == whose {
			return false
		}
	}
}

// keepEvent appends what holds for one event.
func (j *Judgement) keepEvent(dst []byte, e int32) []byte {
	a := j.Verdicts[e].Activity
	dst = binary.AppendUvarint(dst, uint64(e))
	dst = binary.AppendUvarint(dst, uint64(j.keep.visitor(e)))
	dst = appendText(dst, a.ID)
	digest := &j.Route.digests[j.Route.rung(a.ID)]
	dst = append(dst, digest[:]...)
	dst = appendText(dst, j.Hit.EventName(e))
	of := stamps{hit: &j.Hit, event: e, now: j.at}
	own, sent := of.times()
	dst = binary.AppendVarint(binary.AppendVarint(dst, own), sent)
	at := len(dst)
	matter := a.matter()
	dst = j.SignalsOf(int(e)).AppendKept(append(dst, 0, 0), &matter)
	binary.BigEndian.PutUint16(dst[at:], uint16(len(dst)-at-2)) // at most 16 sources of 80 bytes
	return dst
}

// matter is what an activity's basis asks signals about.
func (a *Activity) matter() signal.Matter { return signal.Matter{Categories: a.sorted, TCF: a.tcf} }

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// appendCode is String, appended.
func (r Region) appendCode(dst []byte) []byte {
	if r.Country == [2]byte{} {
		return append(dst, world.groups[r.Group]...)
	}
	dst = append(dst, r.Country[:]...)
	if r.Part == [3]byte{} {
		return dst
	}
	dst = append(dst, '-')
	for _, c := range r.Part {
		if c != 0 {
			dst = append(dst, c)
		}
	}
	return dst
}

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

// mostKept is how many identifiers a visitor has in one hit whose events can wait: each is kept with each event.
// Whoever has more is a server's batch under one id, rather than a visitor.
const mostKept = 256

// keep is what writing facts needs, kept between hits. It holds numbers alone.
type keep struct {
	ready    bool // who is of one visitor was found
	visitors Visitors
	firstOf  []int32 // the first subject of all events; and, by the first event of a visitor, of that one; or hit.None
	counts   []int32 // likewise: how many there are
	nextOf   []int32 // by subject: the next one of the same visitor
	slots    []int32 // by hash: where in subjects it stands, counted from 1; 0: nowhere

	events  []int32 // that are kept
	numbers []int32 // by the first event of a visitor: its number among those of events; 0: it has none
}

// reset forgets the hit.
func (k *keep) reset() {
	k.ready = false
	k.visitors.Reset()
	k.firstOf, k.counts, k.nextOf = hit.Reused(k.firstOf), hit.Reused(k.counts), hit.Reused(k.nextOf)
	k.slots, k.events, k.numbers = hit.Reused(k.slots), hit.Reused(k.events), hit.Reused(k.numbers)
}

// Keep appends what [Kept] judges events by again, those of a list that are permitted and leave: their own facts, and
// the subjects of all events of their visitors. Where none leaves it appends nothing, nor where a visitor has more
// subjects than can be kept: such events cannot wait. The hit must have been judged.
func (j *Judgement) Keep(dst []byte, events []int) []byte {
	k := &j.keep
	if !k.ready {
		k.find(j.Subjects, len(j.Verdicts))
	}
	k.events = k.events[:0]
	for _, e := range events {
		if j.Out.Forward && j.Verdicts[e].Decision == Permit {
			k.events = append(k.events, int32(e))
		}
	}
	defer k.forget()
	if !k.number() || len(k.events) == 0 {
		return dst
	}
	dst = k.subjects(j.keepHit(dst), j.Subjects)
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

// find lists the subjects of each visitor, each once.
func (k *keep) find(subjects []Subject, events int) {
	k.ready = true
	if events > 1 {
		k.visitors.Join(subjects, events)
	}
	size := 1
	for size < 2*len(subjects) {
		size *= 2
	}
	k.slots, k.nextOf = grown(k.slots, size), grown(k.nextOf, len(subjects))
	k.firstOf, k.counts, k.numbers = grown(k.firstOf, events+1), grown(k.counts, events+1), grown(k.numbers, events)
	for i := range k.firstOf {
		k.firstOf[i] = hit.None
	}
	for i := len(subjects) - 1; i >= 0; i-- {
		if k.isNew(subjects, i) {
			of := k.list(&subjects[i])
			k.nextOf[i], k.firstOf[of] = k.firstOf[of], int32(i)
			k.counts[of]++
		}
	}
}

// root is the first event of the visitor that an event is of.
func (k *keep) root(event int32) int {
	if !k.visitors.Joined() {
		return 0
	}
	return k.visitors.Of(int(event))
}

// list is in which of the lists a subject is.
func (k *keep) list(s *Subject) int {
	if s.Event == hit.Shared {
		return 0
	}
	return k.root(s.Event) + 1
}

// isNew tells whether a subject was not met before for the same visitor.
func (k *keep) isNew(subjects []Subject, i int) bool {
	s := &subjects[i]
	whose := k.list(s)
	for at := binary.LittleEndian.Uint64(s.Hash[:]) + uint64(whose); ; at++ { // hashes are keyed, as in Visitors
		slot := &k.slots[at%uint64(len(k.slots))]
		if *slot == 0 {
			*slot = int32(i + 1)
			return true
		}
		if of := &subjects[*slot-1]; of.Hash == s.Hash && k.list(of) == whose {
			return false
		}
	}
}

// number numbers the visitors of the events that are kept, in their order, from 1. It tells whether they can wait.
func (k *keep) number() bool {
	last := int32(0)
	for _, e := range k.events {
		root := k.root(e)
		if k.counts[0]+k.counts[root+1] > mostKept {
			return false
		}
		if k.numbers[root] == 0 {
			last++
			k.numbers[root] = last
		}
	}
	return true
}

// forget takes the numbers back.
func (k *keep) forget() {
	for _, e := range k.events {
		k.numbers[k.root(e)] = 0
	}
}

// visitor is the number of an event's visitor.
func (k *keep) visitor(event int32) int32 { return k.numbers[k.root(event)] }

// subjects appends who the events are about: first those of all events, then each visitor's.
func (k *keep) subjects(dst []byte, subjects []Subject) []byte {
	count, last := k.counts[0], int32(0)
	for _, e := range k.events {
		if of := k.visitor(e); of > last {
			count, last = count+k.counts[k.root(e)+1], of
		}
	}
	dst = k.appendList(binary.AppendUvarint(dst, uint64(count)), subjects, 0, 0)
	last = 0
	for _, e := range k.events {
		if of := k.visitor(e); of > last {
			dst, last = k.appendList(dst, subjects, k.root(e)+1, of), of
		}
	}
	return dst
}

// appendList appends one of the lists, as subjects of the visitor of a number.
func (k *keep) appendList(dst []byte, subjects []Subject, list int, visitor int32) []byte {
	for i := k.firstOf[list]; i != hit.None; i = k.nextOf[i] {
		s := &subjects[i]
		dst = append(binary.AppendUvarint(dst, uint64(visitor)), byte(s.Kind))
		dst = append(dst, s.Hash[:]...)
	}
	return dst
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
		return append(dst, world().groups[r.Group]...)
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

package query

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// Found is a record that answers a question. It holds until the next one.
type Found struct {
	Number   uint64
	Numbered bool // the number is known: it is not of the records of the version before
	Record   []byte
	Parts    [][]byte      // the records that go on with it, where its fact takes several
	Shape    *ledger.Shape // of an event; nil: it names none, or none that is there
	Rungs    []byte        // the record of the rungs that an event names; nil: likewise
}

// Lines are all of its records, as they stand in the ledger.
func (f *Found) Lines() [][]byte { return append([][]byte{f.Record}, f.Parts...) }

// mask is a set of conditions, by their place.
type mask uint64

// values are those that are wanted of a member.
type values struct {
	list []string
	set  map[string]struct{} // where they are many
}

func valuesOf(list []string) values {
	v := values{list: list}
	if len(list) > 8 {
		v.set = make(map[string]struct{}, len(list))
		for _, value := range list {
			v.set[value] = struct{}{}
		}
	}
	return v
}

func (v *values) has(value string) bool {
	if v.set != nil {
		_, is := v.set[value]
		return is
	}
	return slices.Contains(v.list, value)
}

// named is what shapes and rungs say, by their ids.
type named struct {
	shapes map[string]*ledger.Shape
	rungs  map[string]*rungs
	fields map[string]mask // of shapes
}

type rungs struct {
	record []byte
	is     mask // conditions that it fulfils
}

// filter asks one question of records, in the order of their numbers. Of a new segment it knows no names.
type filter struct {
	q     *Question
	all   mask
	may   map[string]mask // by kind: conditions that its records may fulfil
	wants []values
	ended ended // events with a wanted outcome, where that is asked about
	names bool  // records of shapes and rungs are wanted themselves
	named named
	load  func(member, id string) // looks for a name that is not known; nil: nowhere

	part struct { // of a fact that takes several records
		is     mask
		found  Found
		record []byte
		more   [][]byte
		begun  bool
	}
}

// namesMembers are those that shapes and rungs alone have.
var namesMembers = []string{"rungs", "shape", "kept", "changed", "dropped", "ladder", "signals", "server"}

func newFilter(q *Question) *filter {
	f := &filter{q: q, may: mayBe(q), all: 1<<len(q.Where) - 1, names: len(q.Where) == 0}
	for i := range q.Where {
		c := &q.Where[i]
		f.wants = append(f.wants, valuesOf(c.Values))
		f.names = f.names || c.Member == "kind" || slices.Contains(namesMembers, c.Member)
	}
	f.forget()
	return f
}

// forget begins with another segment.
func (f *filter) forget() {
	f.named = named{map[string]*ledger.Shape{}, map[string]*rungs{}, map[string]mask{}}
	f.part.begun = false
}

// begun is the number of the record that the fact began with which the record of a number may go on with.
func (f *filter) begun(number uint64) uint64 {
	if f.part.begun {
		return f.part.found.Number
	}
	return number
}

// mayBe are the conditions that records of each kind may fulfil, by which members they have.
func mayBe(q *Question) map[string]mask {
	may := map[string]mask{}
	for kind, has := range members {
		for i := range q.Where {
			var is bool
			switch member := q.Where[i].Member; member {
			case Subject:
				is = slices.Contains(has, "subjects")
			case Field:
				is = kind == ledger.KindEvent
			case Purpose:
				is = true
			default:
				is = slices.Contains(has, member) || slices.Contains(everyKind, member) || kind == ledger.KindEvent ||
					kind == ledger.KindAttempt && member == "hit"
			}
			if is {
				may[kind] |= 1 << i
			}
		}
	}
	return may
}

// matches tells whether a record answers the question, with those before it that it goes on with.
func (f *filter) matches(number uint64, numbered bool, record []byte) (*Found, bool) {
	kind := ledger.KindOf(record)
	switch string(kind) {
	case ledger.KindRungs:
		f.learnRungs(record)
	case ledger.KindShape:
		f.learnShape(record)
	}
	if may, known := f.may[string(kind)]; known && may != f.all {
		return nil, false
	}
	part, parts := partOf(record)
	is := f.is(string(kind), record, parts <= 1)
	if parts <= 1 {
		f.part.begun = false
		if is != f.all || !f.wanted(string(kind), number, record) {
			return nil, false
		}
		found := &Found{Number: number, Numbered: numbered, Record: record}
		f.nameOf(string(kind), found)
		return found, true
	}
	p := &f.part
	if part == 1 {
		p.is, p.begun, p.more = 0, true, nil
		p.record = append(p.record[:0], record...)
		p.found = Found{Number: number, Numbered: numbered, Record: p.record}
	} else if p.begun {
		p.more = append(p.more, slices.Clone(record))
	}
	if p.is |= is; part < parts || !p.begun {
		return nil, false
	}
	p.begun = false
	if p.is != f.all || !f.wanted(string(kind), p.found.Number, p.record) {
		return nil, false
	}
	p.found.Parts = p.more
	f.nameOf(string(kind), &p.found)
	return &p.found, true
}

// wanted tells whether a record is asked about by when it was written, its number, and what it is.
func (f *filter) wanted(kind string, number uint64, record []byte) bool {
	if !f.names && (kind == ledger.KindRungs || kind == ledger.KindShape) || !f.q.Numbers.holds(number) {
		return false
	}
	if !f.q.timed() {
		return true
	}
	at, err := time.Parse(time.RFC3339Nano, gjson.GetBytes(record, "time").Str)
	return err == nil && f.q.inTime(at)
}

// is tells which conditions a record fulfils. Of one that is no part of a fact it stops at the first that it does not.
func (f *filter) is(kind string, record []byte, whole bool) (is mask) {
	for i := range f.q.Where {
		bit := mask(1) << i
		if f.fulfils(kind, record, i, bit) {
			is |= bit
		} else if whole {
			return 0
		}
	}
	return is
}

// fulfils tells whether a record fulfils the condition of a place.
func (f *filter) fulfils(kind string, record []byte, i int, bit mask) bool {
	name := f.q.Where[i].Member
	if name == "outcome" && kind == ledger.KindEvent {
		return f.ended.holds(gjson.GetBytes(record, "hit").Uint(), gjson.GetBytes(record, "event").Uint())
	}
	return f.says(kind, record, name, &f.wants[i], bit)
}

// says tells whether a record says one of the values of a member.
func (f *filter) says(kind string, record []byte, name string, want *values, bit mask) bool {
	switch name {
	case Subject, "subjects":
		return anyIn(record, want.list) && isAmong(gjson.GetBytes(record, "subjects"), want)
	case Field:
		return kind == ledger.KindEvent && f.fields(record)&bit != 0
	case Purpose:
		return f.purpose(record, want)
	}
	found := gjson.GetBytes(record, name)
	if found.Exists() || kind != ledger.KindEvent {
		if name == "hit" && !found.Exists() {
			return slices.ContainsFunc(gjson.GetBytes(record, "of.#.0").Array(), func(hit gjson.Result) bool {
				return want.has(hit.String())
			})
		}
		return isAmong(found, want)
	}
	of := f.rungsOf(record)
	return of != nil && of.is&bit != 0
}

// anyIn tells whether a text stands anywhere in a record. Of many it does not look.
func anyIn(record []byte, texts []string) bool {
	return len(texts) > 8 || slices.ContainsFunc(texts, func(text string) bool {
		return bytes.Contains(record, []byte(text))
	})
}

// purpose tells whether a record is about a purpose: its activity carries it, or somebody's act is about it.
func (f *filter) purpose(record []byte, want *values) bool {
	activity := gjson.GetBytes(record, "activity").Str
	for _, purpose := range want.list {
		if activity != "" && slices.Contains(f.q.Carried[purpose], activity) {
			return true
		}
	}
	for _, list := range purposeLists {
		if found := gjson.GetBytes(record, list); found.Exists() && isAmong(found, want) {
			return true
		}
	}
	return false
}

// purposeLists are members that hold purposes among others.
var purposeLists = []string{"objections", "scopes", "purposes"}

// isAmong tells whether a value, or one of a list, is among those that are wanted.
func isAmong(found gjson.Result, want *values) (is bool) {
	if !found.IsArray() {
		return found.Exists() && want.has(found.String())
	}
	found.ForEach(func(_, one gjson.Result) bool {
		is = want.has(one.String())
		return !is
	})
	return is
}

// learnRungs notes what rungs say of what is asked about.
func (f *filter) learnRungs(record []byte) {
	id := gjson.GetBytes(record, "rungs").Str
	of := f.named.rungs[id]
	if part, _ := partOf(record); of == nil || part <= 1 {
		of = &rungs{record: slices.Clone(record)}
		f.named.rungs[strings.Clone(id)] = of
	}
	for i := range f.q.Where {
		if found := gjson.GetBytes(record, f.q.Where[i].Member); found.Exists() && isAmong(found, &f.wants[i]) {
			of.is |= 1 << i
		}
	}
}

// learnShape notes the fields of a shape.
func (f *filter) learnShape(record []byte) {
	id := strings.Clone(gjson.GetBytes(record, "shape").Str)
	of := f.named.shapes[id]
	if part, _ := partOf(record); of == nil || part <= 1 {
		of = &ledger.Shape{ID: id}
		f.named.shapes[id] = of
	}
	for name, list := range map[string]*[]string{"kept": &of.Kept, "changed": &of.Changed, "dropped": &of.Dropped} {
		for _, field := range gjson.GetBytes(record, name).Array() {
			*list = append(*list, strings.Clone(field.String()))
		}
	}
	var is mask
	for i := range f.q.Where {
		if f.q.Where[i].Member == Field && slices.ContainsFunc(f.wants[i].list, func(field string) bool {
			return slices.Contains(of.Kept, field) || slices.Contains(of.Changed, field) || slices.Contains(of.Dropped, field)
		}) {
			is |= 1 << i
		}
	}
	f.named.fields[id] = is
}

// fields are the conditions on fields that the shape of an event fulfils.
func (f *filter) fields(record []byte) mask {
	id := gjson.GetBytes(record, "shape").Str
	f.know("shape", id)
	return f.named.fields[id]
}

// rungsOf are those that an event names; nil: none that are there.
func (f *filter) rungsOf(record []byte) *rungs {
	id := gjson.GetBytes(record, "rungs").Str
	f.know("rungs", id)
	return f.named.rungs[id]
}

// know looks for what a name stands for.
func (f *filter) know(member, id string) {
	if id != "" && f.load != nil && !f.knows(member, id) {
		f.load(member, id)
	}
}

// knows tells whether it is known.
func (f *filter) knows(member, id string) bool {
	if member == ledger.KindShape {
		return f.named.shapes[id] != nil
	}
	return f.named.rungs[id] != nil
}

// nameOf says what an event's names stand for.
func (f *filter) nameOf(kind string, found *Found) {
	if kind != ledger.KindEvent {
		return
	}
	f.fields(found.Record)
	found.Shape = f.named.shapes[gjson.GetBytes(found.Record, "shape").Str]
	if of := f.rungsOf(found.Record); of != nil {
		found.Rungs = of.record
	}
}

// hasParts tells whether a record is one of several of a fact: that is said at its end, before salt and checksum, whose
// lengths are known. It may say so of one that is whole.
func hasParts(record []byte) bool {
	const behind = len(`,"salt":"","crc":""}`) + 22 + 8
	at := len(record) - behind
	return at > 0 && record[at-1] >= '0' && record[at-1] <= '9' &&
		bytes.Contains(record[max(at-32, 0):at], []byte(`,"parts":`))
}

// partOf is which part of a fact a record is, and of how many; 0, 0: it is whole.
func partOf(record []byte) (part, parts int64) {
	if !hasParts(record) {
		return 0, 0
	}
	return gjson.GetBytes(record, "part").Int(), gjson.GetBytes(record, "parts").Int()
}

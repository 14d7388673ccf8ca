package index

import "github.com/tidwall/gjson"

// reader takes the terms of records, one after the other. What rungs and shapes say
// counts for the events that name them.
type reader struct {
	rungs, shapes map[string]*named // by id
	block         int               // that the records are in
	all           []uint64          // terms of the record; what was inherited in this block before is left out
	parts         bool              // the record goes on in the next one
	value         func(member string, value []byte)
	// what value was told last, by place in [Listed]: of those alone, and not again; nil: of all members
	told [][]byte
	flat flat
}

// named are the terms that a record of rungs, or a shape, gives to the events that name it.
type named struct {
	terms []uint64
	given int // the block in which an event got them last
}

// newReader has values told to whom it is given; nil: to nobody.
func newReader(value func(member string, value []byte)) reader {
	return reader{rungs: map[string]*named{}, shapes: map[string]*named{}, value: value}
}

// head is what the reader itself wants to know of a record.
type head struct {
	kind, rungs, shape []byte
	part, parts        int64
}

// read takes the terms of a record.
func (r *reader) read(record []byte) {
	r.all = r.all[:0]
	var h head
	if r.flat.read(record) {
		h = r.flat.head
		for i := range r.flat.found {
			of := &r.flat.found[i]
			put(r, of.of, record[of.from:of.to])
		}
	} else {
		h = r.readAny(record)
	}
	r.parts = h.part < h.parts
	switch string(h.kind) {
	case "rungs":
		name(r.rungs, h.rungs, inherited(record, "policy", "site", "region", "vendor", "endpoint"))
	case "shape":
		name(r.shapes, h.shape, inherited(record, "kept", "changed", "dropped"))
	case "event":
		r.inherit(r.rungs, h.rungs)
		r.inherit(r.shapes, h.shape)
	}
}

// inherit takes what an event's rungs or shape say, once a block.
func (r *reader) inherit(all map[string]*named, id []byte) {
	if len(id) == 0 {
		return
	}
	if from := all[string(id)]; from != nil && from.given != r.block {
		r.all = append(r.all, from.terms...)
		from.given = r.block
	}
}

// readAny takes the terms of a record whatever its form is.
func (r *reader) readAny(record []byte) (h head) {
	gjson.ParseBytes(record).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "kind":
			h.kind = []byte(value.Str)
		case "rungs":
			h.rungs = []byte(value.Str)
		case "shape":
			h.shape = []byte(value.Str)
		case "part":
			h.part = value.Int()
		case "parts":
			h.parts = value.Int()
		case "of":
			hits := memberOf([]byte("hit"))
			for _, one := range value.Array() {
				r.add(hits, one.Get("0"))
			}
		}
		if of := memberOf([]byte(key.Str)); of != nil {
			r.add(of, value)
		}
		return true
	})
	return h
}

// add adds the terms of a member.
func (r *reader) add(of *member, value gjson.Result) {
	if !value.IsArray() {
		put(r, of, value.String())
		return
	}
	value.ForEach(func(_, one gjson.Result) bool {
		put(r, of, one.String())
		return true
	})
}

func put[T string | []byte](r *reader, of *member, value T) {
	r.all = append(r.all, valueOf(of.begun, value))
	if r.value == nil {
		return
	}
	if r.told != nil {
		if of.listed < 0 || r.told[of.listed] != nil && string(r.told[of.listed]) == string(value) {
			return
		}
		r.told[of.listed] = append(r.told[of.listed][:0], value...)
	}
	r.value(of.term, []byte(value))
}

// inherited are the terms that members give to the events that name their record.
func inherited(record []byte, members ...string) (all []uint64) {
	for _, member := range members {
		value := gjson.GetBytes(record, member)
		switch {
		case value.IsArray():
			for _, one := range value.Array() {
				all = append(all, Term(terms[member], one.String()))
			}
		case value.Exists():
			all = append(all, Term(terms[member], value.String()))
		}
	}
	return all
}

// name notes what a record that is named says; of the parts of one, all.
func name(all map[string]*named, id []byte, says []uint64) {
	of := all[string(id)]
	if of == nil {
		of = new(named)
		all[string(id)] = of
	}
	of.terms = append(of.terms, says...)
	of.given = 0
}

// Values hands over what a record says that is indexed: the members as they are asked about, and each value.
func Values(record []byte, value func(member, value string)) {
	r := newReader(func(member string, text []byte) { value(member, string(text)) })
	r.read(record)
}

package scrub

import "github.com/tagwarden/tagwarden/rules/ascii"

// maxRounds bounds how often a result is looked over again: a marker's brackets can turn
// what stood beside a finding into one.
const maxRounds = 6

// maxDepth bounds how deep encodings are followed into each other.
const maxDepth = 3

// Append appends value to dst with a marker in place of every finding of the wanted kinds, and returns what was found.
// With nothing found, dst has gained exactly value. Scratch space is taken from dst's spare capacity, so value must not
// lie there; a dst that is used again and again costs no allocation.
func Append(dst, value []byte, want Set) ([]byte, Set) {
	return (*Detectors)(nil).Append(dst, value, want)
}

// Append is the function [Append], with a site's own detectors where [Own] is wanted.
func (d *Detectors) Append(dst, value []byte, want Set) ([]byte, Set) {
	return d.AppendWithin(nil, dst, value, want)
}

// AppendWithin is [Detectors.Append] for as long as the meter has steps left. Where they do not suffice, all of the
// value becomes "[scrubbed]".
func (d *Detectors) AppendWithin(m *Meter, dst, value []byte, want Set) ([]byte, Set) {
	l := look{want: want, most: m.rest()}
	if want.Has(Own) {
		l.own = d.rules()
	}
	dst, saw := l.append(dst, value)
	m.Spend(saw.steps)
	return dst, saw.found
}

// Find returns what [Append] would find, and scratch, grown if need be. Its content is of no use.
func Find(scratch, value []byte, want Set) ([]byte, Set) {
	return FindWithin(nil, scratch, value, want)
}

// FindWithin is [Find] for as long as the meter has steps left. Where they do not suffice, a token is found.
func FindWithin(m *Meter, scratch, value []byte, want Set) ([]byte, Set) {
	m.Spend(costIdle * len(value))
	l := look{want: want, most: m.rest()}
	if l.nothingToDo(value) {
		return scratch, 0
	}
	if l.want = l.narrow(value); l.want&All == 0 {
		return scratch, 0
	}
	base := len(scratch)
	scratch, saw := l.pass(scratch, value, 0)
	m.Spend(saw.steps)
	return scratch[:base], saw.found
}

func (l look) append(dst, value []byte) ([]byte, seen) {
	base, first := len(dst), costIdle*len(value)
	if l.most > 0 && l.nothingToDo(value) {
		return append(dst, value...), seen{steps: first}
	}
	narrowed := l
	narrowed.want, narrowed.most = l.narrow(value), l.most-first
	if narrowed.want&All == 0 {
		return append(dst, value...), seen{steps: first}
	}
	dst, saw := narrowed.pass(dst, value, 0)
	saw.steps += first
	if saw.found == 0 {
		return append(dst[:base], value...), saw
	}
	for range maxRounds {
		if saw.steps > l.most {
			break
		}
		end := len(dst)
		var again seen
		next := l
		next.most -= saw.steps
		dst, again = next.pass(dst, dst[base:end], 0)
		saw.steps += again.steps
		if again.found == 0 {
			return dst[:end], saw
		}
		saw.found |= again.found
		n := copy(dst[base:], dst[end:])
		dst = dst[:base+n]
	}
	return append(dst[:base], scrubbed...), saw
}

// PassesBy tells whether one look at a value shows that no detector can find anything in it. [Append] looks first, too:
// it is for those who would do something dearer before.
func PassesBy(value []byte, want Set) bool {
	l := look{want: want}
	return l.nothingToDo(value) || l.narrow(value)&All == 0
}

// scrubbed takes the place of a value that nothing better can be said of.
const scrubbed = "[scrubbed]"

// nothingToDo tells whether there is nothing to look for, or nothing to look at.
func (l look) nothingToDo(value []byte) bool {
	return l.want&All == 0 || len(l.own) == 0 && !l.want.expects(Name) && !suspicious(value)
}

// suspicious tells whether the value has anything a detector could start from: a digit, an at sign, an escape, a
// letter outside ASCII, a NUL, a bracket around what people call an at sign, a label that is followed by its value,
// a word that may be base64, or what people call a dot.
func suspicious(value []byte) bool {
	run, turned := 0, false
	for i, c := range value {
		f := flags[c]
		if f&fTrigger != 0 {
			return true
		}
		if f&fWord == 0 {
			if isSpace(c) && i+4 < len(value) && startsDot(value[i+1]) && spaced(value[i:], dotWords) > 0 {
				return true
			}
			run, turned = 0, false
			continue
		}
		// A short run without a capital is no base64 of a finding: "@" and two digits in a row give one, wherever they stand.
		turned = turned || run > 0 && ascii.IsUpper(c)
		if run++; run >= minRun && turned || run >= minDeep {
			return true
		}
	}
	return false
}

// pass appends src with its findings replaced, or nothing where nothing was found.
func (l look) pass(dst, src []byte, depth int) ([]byte, seen) {
	base := len(dst)
	if l.most <= 0 {
		return append(dst, scrubbed...), seen{found: Of(Token), steps: 1}
	}
	var s scan
	s.most, s.want, s.own = l.most, l.want, l.own
	text, offsets, deep := src, []byte(nil), false
	yes, tried := escaped(src)
	if s.spend(costTried * tried); yes {
		dst, text, offsets, deep = s.unescape(dst, src)
	}
	out := len(dst)
	if !deep {
		s.begin(text, depth)
	}
	if deep || s.over() {
		return append(dst[:base], scrubbed...), seen{found: Of(Token), steps: s.steps}
	}
	var saw seen
	from := 0
	for {
		var f finding
		var ok bool
		dst, f, ok = s.next(dst)
		if !ok {
			break
		}
		saw.note(&f)
		s.spend(costFound)
		dst = append(dst, src[from:origin(offsets, f.start)]...)
		dst = append(dst, '[')
		dst = append(dst, f.label()...)
		dst = append(dst, ']')
		from = origin(offsets, f.end)
	}
	if s.over() {
		saw.found, saw.steps = saw.found|Of(Token), s.steps
		return append(dst[:base], scrubbed...), saw
	}
	saw.steps = s.steps
	if saw.found == 0 {
		return dst[:base], saw
	}
	dst = append(dst, src[from:]...)
	n := copy(dst[base:], dst[out:])
	return dst[:base+n], saw
}

// begin makes the scan ready for a text that lies in so many encodings.
func (s *scan) begin(text []byte, depth int) {
	s.text, s.depth, s.digit = text, depth, -1
	if s.spend(costPass + costByte*len(text)); s.over() {
		return
	}
	s.mail = emails{&s.view}.next(0)
	s.findOwn(0)
}

// Finding is a part of a value, end excluded, with what it is.
type Finding struct {
	Start, End int
	Kind       Kind
	Label      string // as it stands in the marker, without brackets
}

// Locate lists what [Detectors.Append] replaces when it first goes over a value, in order. It is for reports, and
// allocates.
func (d *Detectors) Locate(value []byte, want Set) []Finding {
	l := look{want: want, most: unbounded}
	if want.Has(Own) {
		l.own = d.rules()
	}
	if l.nothingToDo(value) {
		return nil
	}
	var s scan
	s.most, s.want, s.own = l.most, l.want, l.own
	text, offsets, deep := value, []byte(nil), false
	var scratch []byte
	if yes, _ := escaped(value); yes {
		scratch, text, offsets, deep = s.unescape(nil, value)
	}
	if deep {
		return []Finding{{0, len(value), Token, Token.String()}}
	}
	var list []Finding
	s.begin(text, 0)
	for {
		var f finding
		var ok bool
		if scratch, f, ok = s.next(scratch); !ok {
			return list
		}
		list = append(list, Finding{origin(offsets, f.start), origin(offsets, f.end), f.kind, f.label()})
	}
}

package scrub

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unsafe"
)

// Limits on a site's own detectors: they keep the cost of a byte within sight.
const (
	MaxOwn     = 16   // detectors
	MaxPattern = 512  // bytes of a pattern
	maxProgram = 2000 // instructions of a compiled pattern
	maxMatches = 64   // of one pattern in one value; behind them the rest of the value is taken for a finding
)

// Rule is a detector of a site's own.
type Rule struct {
	Label    string // stands in brackets in a finding's place: "customer_no"
	Pattern  string // RE2 syntax, as package regexp reads it; it is asked of the value as people read it, escapes undone
	Checksum string // one of [Checksums], over the letters and digits of a match; "" for none
}

// Detectors are a site's own detectors, compiled by [Compile]. They never change and are safe for concurrent use; nil
// holds none.
type Detectors struct {
	own  []own
	from []Rule // that they were compiled from
}

// own is one compiled [Rule].
type own struct {
	label   string
	pattern *regexp.Regexp
	check   checksum
	reach   *reach
}

// RuleError says which of the rules cannot be compiled, and which of its parts: label, pattern or checksum.
type RuleError struct {
	Rule int
	Part string
	Msg  string
}

// Error returns what is wrong, and what would be right.
func (e *RuleError) Error() string { return e.Msg }

// Compile makes detectors of rules. The error is a *[RuleError].
func Compile(rules []Rule) (*Detectors, error) {
	d := &Detectors{from: slices.Clone(rules)}
	for i, r := range rules {
		fault := func(part, format string, args ...any) error {
			return &RuleError{Rule: i, Part: part, Msg: fmt.Sprintf(format, args...)}
		}
		if i == MaxOwn {
			return nil, fault("label", "there are %d detectors: at most %d are read", len(rules), MaxOwn)
		}
		if !isName(r.Label) {
			return nil, fault("label",
				"a label is 1 to 32 small letters, digits and underscores, a letter first, such as customer_no")
		}
		check, known := parseChecksum(r.Checksum)
		if !known {
			return nil, fault("checksum", "the checksum %q is not known: %s are", r.Checksum, strings.Join(Checksums(), ", "))
		}
		pattern, far, err := compilePattern(r.Pattern)
		if err != nil {
			return nil, fault("pattern", "%v", err)
		}
		d.own = append(d.own, own{r.Label, pattern, check, far})
	}
	for i := range d.own {
		if marker := d.marked(d.own[i].pattern); marker != "" {
			return nil, &RuleError{Rule: i, Part: "pattern", Msg: "the pattern matches " + marker +
				", which is put in the place of findings: make it say more of what it looks for"}
		}
	}
	return d, nil
}

// Rules are what the detectors were compiled from. They are not to be changed.
func (d *Detectors) Rules() []Rule {
	if d == nil {
		return nil
	}
	return d.from
}

// Len counts the detectors.
func (d *Detectors) Len() int {
	if d == nil {
		return 0
	}
	return len(d.own)
}

func (d *Detectors) rules() []own {
	if d == nil {
		return nil
	}
	return d.own
}

// marked returns a marker that the pattern matches, "" where there is none.
func (d *Detectors) marked(p *regexp.Regexp) string {
	markers := make([]string, 0, int(NumKinds)+1+len(d.own))
	for i := range detectors {
		markers = append(markers, detectors[i].name)
	}
	markers = append(markers, "scrubbed")
	for i := range d.own {
		markers = append(markers, d.own[i].label)
	}
	for _, m := range markers {
		if m = "[" + m + "]"; p.MatchString(m) {
			return m
		}
	}
	return ""
}

func isName(label string) bool {
	for i, c := range []byte(label) {
		small := c >= 'a' && c <= 'z'
		if !small && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return label != "" && len(label) <= 32
}

func compilePattern(text string) (pattern *regexp.Regexp, far *reach, err error) {
	if len(text) > MaxPattern {
		return nil, nil, fmt.Errorf("the pattern has %d bytes: at most %d are read", len(text), MaxPattern)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, nil, errors.New("this is no pattern of RE2: " + strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, nil, err
	}
	if len(program.Inst) > maxProgram {
		return nil, nil, fmt.Errorf("the pattern unfolds to %d steps, at most %d are taken: use smaller counts in braces",
			len(program.Inst), maxProgram)
	}
	if shortestMatch(tree) == 0 {
		return nil, nil, errors.New("the pattern matches the empty text: make it ask for at least one character")
	}
	pattern, err = regexp.Compile(text)
	return pattern, reachOf(tree), err
}

// shortestMatch returns the least number of characters that a match has.
func shortestMatch(tree *syntax.Regexp) int {
	switch tree.Op {
	case syntax.OpLiteral:
		return len(tree.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return shortestMatch(tree.Sub[0])
	case syntax.OpRepeat:
		return tree.Min * shortestMatch(tree.Sub[0])
	case syntax.OpConcat:
		n := 0
		for _, part := range tree.Sub {
			n += shortestMatch(part)
		}
		return n
	case syntax.OpAlternate:
		n := shortestMatch(tree.Sub[0])
		for _, way := range tree.Sub[1:] {
			n = min(n, shortestMatch(way))
		}
		return n
	default: // nothing, stars, question marks, edges
		return 0
	}
}

// ownNext is what one of a site's own detectors finds next. It is kept small: there
// is one for each detector in every scan.
type ownNext struct {
	start, end uint32 // start is past the text where there is nothing
	read       uint32 // the text was read up to here
	tries      uint8
	asked      bool
}

// find moves to the first match at or behind from that the checksum confirms. Behind maxMatches it gives up and
// takes the rest for a match: patterns of some forms read all of the text for each of many matches. At most most
// steps are taken; it returns how many were.
func (n *ownNext) find(o *own, text []byte, from, most int) (work int) {
	n.asked = true
	n.start, n.end = uint32(len(text)+1), uint32(len(text)+1)
	for ; n.tries < maxMatches && work <= most; n.tries++ {
		m := o.pattern.Find(text[from:])
		if len(m) == 0 {
			return work + n.cost(from, len(text))
		}
		// Find returns a part of what it is given; FindIndex would say where, and allocate.
		start := int(uintptr(unsafe.Pointer(unsafe.SliceData(m))) - uintptr(unsafe.Pointer(unsafe.SliceData(text))))
		work += n.cost(from, o.reach.from(text, start))
		if from = start + len(m); o.check.holds(m) {
			n.start, n.end = uint32(start), uint32(from)
			n.tries++
			return work
		}
	}
	if from < len(text) {
		n.start, n.end = uint32(from), uint32(len(text))
	}
	return work
}

package iab

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A second reading of TC and GPP strings: slow, over texts of '0' and '1', written straight from the specifications
// of IAB Europe and the IAB Tech Lab, and nothing shared with what is tested. A string of which the two say
// different things is an error of one of them.

// slowBits is what is still to be read of a segment.
type slowBits struct {
	rest string
	bad  bool
}

const sixLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// slowly begins to read a segment.
func slowly(segment string) *slowBits {
	s, all := new(slowBits), new(strings.Builder)
	for _, c := range []byte(segment) {
		value := strings.IndexByte(sixLetters, c)
		s.bad = s.bad || value < 0
		for bit := 5; bit >= 0; bit-- {
			all.WriteByte('0' + byte(value>>bit&1))
		}
	}
	s.rest = all.String()
	return s
}

// take takes n bits as they are.
func (s *slowBits) take(n int) (bits string) {
	if s.bad = s.bad || n > len(s.rest); s.bad {
		return ""
	}
	bits, s.rest = s.rest[:n], s.rest[n:]
	return bits
}

func (s *slowBits) number(n int) int {
	v, _ := strconv.ParseInt("0"+s.take(n), 2, 64)
	return int(v)
}

// letters are two of six bits each.
func (s *slowBits) letters() string {
	a, b := s.number(6), s.number(6)
	s.bad = s.bad || a > 25 || b > 25
	return string(rune('A'+a)) + string(rune('A'+b))
}

// end: what is left is padding.
func (s *slowBits) end() { s.bad = s.bad || strings.Contains(s.rest, "1") }

// fibonacci is a code of at most 24 bits, which its second one in a row ends.
func (s *slowBits) fibonacci() (v int) {
	at := strings.Index(s.rest, "11")
	if s.bad = s.bad || at < 0 || at+2 > 24; s.bad {
		return 0
	}
	a, b := 1, 2
	for _, bit := range s.take(at + 2)[:at+1] {
		if bit == '1' {
			v += a
		}
		a, b = b, a+b
	}
	return v
}

// ids are runs of ids, ascending and apart once they are tidy.
type ids [][2]int

func (s *slowBits) ranges(highest int, fibonacci bool) (all ids) {
	before := 0
	for range s.number(12) {
		isRange := s.number(1) == 1
		var first, last int
		switch {
		case fibonacci && isRange:
			first = before + s.fibonacci()
			last = first + s.fibonacci()
		case fibonacci:
			first = before + s.fibonacci()
			last = first
		case isRange:
			first, last = s.number(16), s.number(16)
		default:
			first = s.number(16)
			last = first
		}
		if s.bad = s.bad || first < 1 || last < first || last > highest; s.bad {
			return nil
		}
		all, before = append(all, [2]int{first, last}), last
	}
	return all
}

// set is a section of vendors: MaxVendorId, IsRangeEncoding, and a bit for each or ranges.
func (s *slowBits) set(fibonacci bool) (all ids) {
	highest := s.number(16)
	if s.number(1) == 1 {
		return s.ranges(highest, fibonacci)
	}
	for i, bit := range s.take(highest) {
		if bit == '1' {
			all = append(all, [2]int{i + 1, i + 1})
		}
	}
	return all
}

// String lists the runs, neighbours put together.
func (all ids) String() string {
	slices.SortFunc(all, func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) })
	var tidy ids
	for _, run := range all {
		if n := len(tidy); n > 0 && run[0] <= tidy[n-1][1]+1 {
			tidy[n-1][1] = max(tidy[n-1][1], run[1])
		} else {
			tidy = append(tidy, run)
		}
	}
	return fmt.Sprint([][2]int(tidy))
}

// restrictions are {PurposeId, RestrictionType, ranges}; in sections of GPP the ranges are a set.
func (s *slowBits) restrictions(fibonacci bool) string {
	all := map[[2]int]ids{}
	for range s.number(12) {
		of := [2]int{s.number(6), s.number(2)}
		if s.bad = s.bad || of[0] == 0 || of[1] == 3; s.bad {
			return ""
		}
		if fibonacci {
			all[of] = append(all[of], s.set(true)...)
		} else {
			all[of] = append(all[of], s.ranges(65535, false)...)
		}
	}
	return restrictionsOn(all)
}

func restrictionsOn(all map[[2]int]ids) string {
	var text []string
	for purpose := 1; purpose < 64; purpose++ {
		for kind := range 3 {
			if vendors := all[[2]int{purpose, kind}]; len(vendors) > 0 {
				text = append(text, fmt.Sprintf(" %d/%d %s", purpose, kind, vendors))
			}
		}
	}
	return strings.Join(text, "")
}

// purposes lists the ones of a field.
func purposes(bits string) string {
	var all []int
	for i, bit := range bits {
		if bit == '1' {
			all = append(all, i+1)
		}
	}
	return fmt.Sprint(all)
}

// head is what cores of the TCF have in common, up to the policy's version.
func (s *slowBits) head(version int) string {
	got := s.number(6)
	s.bad = s.bad || got != version
	return fmt.Sprint(got, s.number(36), s.number(36), s.number(12), s.number(12), s.number(6), s.letters(),
		s.number(12), s.number(6))
}

func (s *slowBits) publisher() string {
	consent, interest, n := s.take(24), s.take(24), s.number(6)
	return fmt.Sprint(" publisher ", purposes(consent), purposes(interest), n, purposes(s.take(n)), purposes(s.take(n)))
}

// slowTC reads a TC string (IAB Europe, "Consent string and vendor list format v2"); ok is false where it is malformed.
func slowTC(text string) (words string, ok bool) {
	if len(text) > 8192 {
		return "", false
	}
	segments := strings.Split(text, ".")
	s := slowly(segments[0])
	words = s.head(2)
	words += fmt.Sprint(s.take(1), s.take(1), purposes(s.take(12)), purposes(s.take(24)), purposes(s.take(24)),
		s.take(1), s.letters())
	words += fmt.Sprint(" consents ", s.set(false), " interests ", s.set(false), s.restrictions(false))
	s.end()
	bad := s.bad
	found := map[int]string{}
	for _, segment := range segments[1:] {
		s := slowly(segment)
		kind := s.number(3)
		_, again := found[kind]
		switch {
		case again, kind < 1, kind > 3:
			return "", false
		case kind == 1:
			found[kind] = fmt.Sprint(" disclosed ", s.set(false))
		case kind == 2:
			found[kind] = fmt.Sprint(" allowed ", s.set(false))
		default:
			found[kind] = s.publisher()
		}
		s.end()
		bad = bad || s.bad
	}
	return words + found[1] + found[2] + found[3], !bad
}

// slowCA reads TCF Canada, version 1 (IAB Canada), with ranges of either kind.
func slowCA(text string) (words string, ok bool) {
	if words, ok = slowCAWith(text, true); ok {
		return words, true
	}
	return slowCAWith(text, false)
}

func slowCAWith(text string, fibonacci bool) (words string, ok bool) {
	segments := strings.Split(text, ".")
	s := slowly(segments[0])
	words = s.head(1)
	words += fmt.Sprint(s.take(1), purposes(s.take(12)), purposes(s.take(24)), purposes(s.take(24)))
	words += fmt.Sprint(" express ", s.set(fibonacci), " implied ", s.set(fibonacci))
	if len(s.rest) >= 12 {
		words += s.restrictions(fibonacci)
	}
	s.end()
	bad := s.bad
	found := map[int]string{}
	for _, segment := range segments[1:] {
		s := slowly(segment)
		kind := s.number(3)
		_, again := found[kind]
		switch {
		case again, kind != 1 && kind != 3:
			return "", false
		case kind == 1:
			found[kind] = fmt.Sprint(" disclosed ", s.set(fibonacci))
		default:
			found[kind] = s.publisher()
		}
		s.end()
		bad = bad || s.bad
	}
	return words + found[1] + found[3], !bad
}

// slowUSLayout is how a US section is laid out (IAB Tech Lab, "GPP Sections"): how many values of two bits there are,
// and which of them are the opt-outs of sale, sharing and targeted advertising; 0 is none.
type slowUSLayout struct{ values, sale, sharing, targeted int }

var slowUSLayouts = map[int]slowUSLayout{
	7: {32, 6, 7, 8}, 8: {20, 3, 4, 0}, 9: {17, 3, 0, 4}, 10: {16, 3, 0, 4}, 11: {18, 4, 0, 5}, 12: {19, 3, 0, 4},
	13: {20, 3, 0, 4}, 14: {20, 3, 0, 4},
	15: {23, 3, 0, 4}, 16: {18, 3, 0, 4}, 17: {23, 3, 0, 4}, 18: {18, 4, 0, 5}, 19: {18, 3, 0, 4}, 20: {20, 3, 0, 4},
	21: {24, 3, 0, 4}, 22: {18, 3, 0, 4},
	23: {18, 3, 0, 4}, 24: {8, 5, 0, 6}, 25: {9, 5, 0, 6}, 26: {9, 5, 0, 6}, 27: {9, 5, 0, 6},
}

// slowUS reads a US section: what it says, and what the visitor opted out of.
func slowUS(id int, text string) (words string, out USOptOuts, ok bool) {
	parts := strings.Split(text, ".")
	s := slowly(parts[0])
	long := len(parts[0]) > 32
	if id >= 24 && len(s.rest) >= 6 && !s.bad && slowly(parts[0]).number(6) == id {
		// as the documents have it: a header first
		s.number(6)
		s.bad = s.number(6) != 1 || s.bad
		for range s.number(12) {
			if s.number(1) == 1 {
				s.fibonacci()
			}
			s.fibonacci()
		}
		if len(parts) > 1 && !s.bad && !strings.Contains(s.rest, "1") {
			parts = parts[1:]
			s = slowly(parts[0])
			long = long || len(parts[0]) > 32
		}
	}
	version, layout := s.number(6), slowUSLayouts[id]
	switch {
	case id == 7 && version == 1 && len(s.rest) >= 54 && !strings.Contains(s.rest[54:], "1"):
		layout.values = 27
	case id == 7 && version == 1: // in the layout of version 2, whatever it says
	case id == 7 && version != 2, id > 7 && id < 24 && version != 1:
		return "", out, false
	}
	all := []int{version}
	for range layout.values {
		all = append(all, s.number(2))
	}
	s.end()
	bad := s.bad || long || slices.Contains(all[1:], 3) || len(parts) > 2
	optedOut := func(at int) bool { return at > 0 && all[1+at] == 1 }
	out = USOptOuts{Sale: optedOut(layout.sale), Sharing: optedOut(layout.sharing), Targeted: optedOut(layout.targeted),
		Present: true}
	if len(parts) == 2 {
		s := slowly(parts[1])
		if id >= 25 {
			for range 8 {
				all = append(all, s.number(2))
			}
			bad = bad || slices.Contains(all[1+layout.values:], 3)
		} else {
			bad = s.number(2) != 1 || bad
			all = append(all, s.number(1))
			out.GPC = all[len(all)-1] == 1
		}
		s.end()
		bad = bad || s.bad || len(parts[1]) > 32
	}
	return fmt.Sprint(all), out, !bad
}

var slowUSP = regexp.MustCompile(`^1[YN-]{3}$`)

// slowGPP reads a GPP string (IAB Tech Lab, "Consent String Specification"): the words of
// each section, and all opt-outs together.
func slowGPP(text string) (words string, out USOptOuts, ok bool) {
	parts := strings.Split(text, "~")
	s := slowly(parts[0])
	kind, version := s.number(6), s.number(6)
	var sections []int
	for range s.number(12) {
		isRange, last := s.number(1) == 1, 0
		if len(sections) > 0 {
			last = sections[len(sections)-1]
		}
		first := last + s.fibonacci()
		if last = first; isRange {
			last += s.fibonacci()
		}
		if s.bad || last > 63 {
			return "", out, false
		}
		for id := first; id <= last; id++ {
			sections = append(sections, id)
		}
	}
	s.end()
	if s.bad || kind != 3 || version != 1 || len(parts[0]) > 32 || len(text) > 8192 || len(parts) != 1+len(sections) {
		return "", out, false
	}
	var all []string
	for i, id := range sections {
		section, said := parts[1+i], ""
		ok := section != ""
		switch {
		case !ok:
		case id == 2:
			said, ok = slowTC(section)
		case id == 5:
			said, ok = slowCA(section)
		case id == 6:
			said, ok = section, slowUSP.MatchString(section)
			out.Present, out.Sale = true, out.Sale || ok && section[2] == 'Y'
		case id >= 7 && id <= 27:
			var one USOptOuts
			said, one, ok = slowUS(id, section)
			out = USOptOuts{
				Sale: out.Sale || one.Sale, Sharing: out.Sharing || one.Sharing, Targeted: out.Targeted || one.Targeted,
				GPC:     out.GPC || one.GPC,
				Present: true, Unclear: out.Unclear,
			}
		case id > 27:
			out.Unclear = true
		}
		if !ok {
			return "", USOptOuts{}, false
		}
		all = append(all, fmt.Sprint(" §", id, " ", said))
	}
	return strings.Join(all, ""), out, true
}

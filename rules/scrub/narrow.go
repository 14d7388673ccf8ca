package scrub

import "github.com/tagwarden/tagwarden/rules/ascii"

// trait is something that a text has. A detector names those that it cannot do without, so that one look at a text
// tells which of them may find anything there.
type trait uint16

// The traits. What is counted is counted all over the text.
const (
	oneDigit trait = 1 << iota
	fourDigits
	fiveDigits
	sevenDigits
	twelveDigits
	letters // a letter of ASCII
	atSigns // an at sign, or what may stand for one: a bracket, "=", a space in front of a word that may mean it
	hosts   // three dots or two colons
	joints  // what stands between a label and its value
	streets // gaps enough for a street and its number: two, or one where they may be a single word
	longish // as long as an address of a machine, the number of an account, or a key

	never // what is narrowed has none of it
)

// What is narrowed: a value of so many bytes at most. In what is longer much can be
// found, and looking for it takes its time.
const mostNarrowed = 255

// What a text has to be long for: a hardware address, the shortest of what longish says; "Abcweg 5", which has one gap.
const (
	minLongish   = 14
	minOneStreet = 8
)

// What is counted at once, in eight bits each: a value that is narrowed has no more bytes.
const (
	aDigit uint64 = 1 << (8 * iota)
	aDot
	aColon
	aGap
	aLetter
	aJoint
	anAtSign
)

// counted is what each byte adds.
var counted = func() (t [256]uint64) {
	for c := range t {
		f := flags[c]
		for _, of := range [...]struct {
			flag uint16
			adds uint64
		}{{fDigit, aDigit}, {fLetter, aLetter}, {fGap, aGap}} {
			if f&of.flag != 0 {
				t[c] += of.adds
			}
		}
	}
	for _, of := range [...]struct {
		bytes string
		adds  uint64
	}{{".", aDot}, {":", aColon}, {"/", aGap}, {":=/ +\"'()\\]>", aJoint}, {"@=([{<", anAtSign}} {
		for _, b := range []byte(of.bytes) {
			t[b] += of.adds
		}
	}
	return t
}()

// narrow returns the kinds of want that may be found in a value as it stands; all of them where it
// is long, or may stand for another text.
func (l look) narrow(value []byte) Set {
	if len(value) > mostNarrowed || len(l.own) > 0 || l.want.expects(Name) {
		return l.want
	}
	has, plain := traitsOf(value)
	if !plain {
		return l.want
	}
	want := l.want
	for k := range NumKinds {
		if detectors[k].needs&^has != 0 {
			want &^= 1<<k | 1<<(k+expectShift)
		}
	}
	return want
}

// traitsOf tells what a value of at most [mostNarrowed] bytes has. It is not plain where some of it may stand for
// another text: it has an escape, a character outside ASCII, or what may be base64, base32 or hex.
func traitsOf(value []byte) (has trait, plain bool) {
	var sum uint64
	run, some, turned := 0, uint16(0), false // of what base64 may have
	for i, c := range value {
		f := flags[c]
		if f&fEscape != 0 {
			return 0, false
		}
		sum += counted[c]
		if isSpace(c) && i+1 < len(value) && startsAt(value[i+1]) {
			has |= atSigns
		}
		if f&fStd == 0 {
			run, some, turned = 0, 0, false
			continue
		}
		some |= f
		turned = turned || run > 0 && ascii.IsUpper(c)
		if run++; run >= minRun && (turned || some&fDigit != 0) || run >= minDeep { // see suspicious
			return 0, false
		}
	}
	if count(sum, aDigit) >= minPairs && len(value) >= 3*minPairs-1 { // bytes in hex that stand apart
		return 0, false
	}
	return has | traitsFrom(sum, len(value)), true
}

// count is how many of a thing there are.
func count(sum, of uint64) int { return int(sum/of) & 0xff }

// traitsFrom tells the traits that follow from what was counted in n bytes.
func traitsFrom(sum uint64, n int) (has trait) {
	digits, gaps := count(sum, aDigit), count(sum, aGap)
	for _, of := range [...]struct {
		yes bool
		is  trait
	}{
		{digits >= 1, oneDigit}, {digits >= 4, fourDigits}, {digits >= 5, fiveDigits}, {digits >= 7, sevenDigits},
		{digits >= 12, twelveDigits},
		{count(sum, aLetter) > 0, letters},
		{count(sum, anAtSign) > 0, atSigns},
		{count(sum, aDot) >= 3 || count(sum, aColon) >= 2, hosts},
		{count(sum, aJoint) > 0, joints},
		{gaps > 1 || gaps > 0 && n >= minOneStreet, streets},
		{n >= minLongish, longish},
	} {
		if of.yes {
			has |= of.is
		}
	}
	return has
}

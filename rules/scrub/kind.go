package scrub

import "math/bits"

// Kind is what a detector finds.
type Kind uint8

// The kinds, with the marker that takes a finding's place.
const (
	Email      Kind = iota // RFC 5321 address, also with a unicode local part or domain: [email]
	Phone                  // E.164 number, or a national one with separators or a label: [phone]
	Card                   // payment card, ISO/IEC 7812: Luhn digit, issuer range and length: [card]
	IBAN                   // ISO 13616: country, length and mod-97: [iban]
	NationalID             // national person numbers with a check digit or a fixed form: [id]
	IP                     // IPv4 or IPv6 address of a host: [ip]
	MAC                    // EUI-48 hardware address: [mac]
	JWT                    // RFC 7519 token, or its header alone: [jwt]
	Key                    // secret with a well-known prefix: cloud, payment, source hosting: [key]
	Geo                    // latitude and longitude with four decimals or more, or labelled: [geo]
	Address                // street with house number: [address]
	BirthDate              // date that a label calls a birth date: [date]
	Token                  // value that a label calls a secret: [token]
	Hash                   // MD5, SHA-1 or SHA-256 that a label ties to a person: [hash]
	Name                   // name of a person that a label calls one: [name]
	Own                    // what a detector of a site's own finds; its label is the marker

	// NumKinds is the number of kinds.
	NumKinds
)

// detector is a row of the table of detectors: all but the finding itself, which is in the detector's own file.
type detector struct {
	name  string // stands in the marker
	start start  // of findings
	needs trait  // what a text has where there are any
}

// start is what a finding may start with.
type start uint8

const (
	atWord    start = iota // any word; or it is looked for ahead of the scan
	atDigit                // a digit
	atLetter               // a letter
	atWhether              // either
)

// detectors is the table of detectors. A new one is a file, a line here and among the kinds, and its place in
// starts.go.
var detectors = [NumKinds]detector{
	Email:      {"email", atWord, atSigns},
	Phone:      {"phone", atDigit, sevenDigits},
	Card:       {"card", atDigit, twelveDigits},
	IBAN:       {"iban", atLetter, oneDigit | longish},
	NationalID: {"id", atWhether, fiveDigits},
	IP:         {"ip", atWhether, hosts},
	MAC:        {"mac", atWhether, longish},
	JWT:        {"jwt", atWord, never},
	Key:        {"key", atWord, longish},
	Geo:        {"geo", atDigit, fourDigits},
	Address:    {"address", atWhether, oneDigit | letters | streets},
	BirthDate:  {"date", atWhether, fourDigits},
	Token:      {"token", atWord, letters | joints},
	Hash:       {"hash", atWord, never},
	Name:       {"name", atLetter, letters | joints},
	Own:        {"own", atWord, never},
}

// What may start at a digit, and at a letter, beside what is looked for at any word.
var atDigits, atLetters = starting(atDigit), starting(atLetter)

func starting(at start) (set Set) {
	for k := range NumKinds {
		if detectors[k].start&at != 0 {
			set |= 1 << k
		}
	}
	return set
}

// String returns the kind's name as it stands in its marker, without brackets.
func (k Kind) String() string {
	if k < NumKinds {
		return detectors[k].name
	}
	return "scrubbed"
}

// Set is a set of kinds. The zero Set holds none: nothing is looked for. A Set also says of which kinds the caller
// expects bare values (see [Set.Expecting]).
type Set uint64

// All holds every kind, none of them expected.
const All Set = 1<<NumKinds - 1

// expectShift is where the bits of expected kinds begin; there is room for as many kinds.
const expectShift = 32

const _ = uint(expectShift - NumKinds) // more kinds than there is room for do not compile

// Of returns the set of these kinds.
func Of(kinds ...Kind) Set {
	var s Set
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}

// Has tells whether the set holds the kind.
func (s Set) Has(k Kind) bool { return s&(1<<k) != 0 }

// Without returns the set without these kinds.
func (s Set) Without(kinds ...Kind) Set {
	for _, k := range kinds {
		s &^= 1<<k | 1<<(k+expectShift)
	}
	return s
}

// Expecting returns the set with these kinds, to be found without a label too: [Phone] and [NationalID] as bare digits,
// [BirthDate] as any date, [Token] as any long mix of letters and digits, [Hash] as any 32, 40 or 64 hex digits, [Name]
// as words that start with a capital. For fields whose name or class says so.
func (s Set) Expecting(kinds ...Kind) Set {
	for _, k := range kinds {
		s |= 1<<k | 1<<(k+expectShift)
	}
	return s
}

// plusOnly is a set's bit for [Set.WithPlus].
const plusOnly Set = 1 << 63

// WithPlus returns the set with phone numbers to be found only where they begin with "+" and have eight digits or more:
// for values that are mostly numbers.
func (s Set) WithPlus() Set { return s | plusOnly }

func (s Set) expects(k Kind) bool { return s&(1<<(k+expectShift)) != 0 }

// First returns the kind that stands first in the list of kinds; false where the set is empty.
func (s Set) First() (Kind, bool) {
	n := bits.TrailingZeros64(uint64(s))
	return Kind(n), n < int(NumKinds)
}

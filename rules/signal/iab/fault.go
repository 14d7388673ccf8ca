package iab

// fault says what is wrong with a consent string, never what the string said. As a number
// it takes nothing with it to the heap.
type fault uint8

// The faults. The zero value is none.
const (
	fine fault = iota
	tooLong
	truncated
	alphabet
	padding
	notLetters
	endlessCode
	backwardRange
	highRange
	manySegments
	tcVersion
	unknownSegment
	repeatedSegment
	restrictsNothing
	restrictionType
	notFour
	uspVersion
	uspLetter
	badJSON
	noUSPString
	uspNoText
	uspTwice
	acVersion
	acSecondPart
	acNoDisclosed
	acID
	acCharacter
	acEmptyID
	longSection
	sectionVersion
	valueThree
	unknownSubsection
	caVersion
	sectionCount
	headerType
	headerVersion
	sectionID
	emptySection

	numFaults
)

var faultWords = [numFaults]string{
	fine:              "nothing",
	tooLong:           "longer than the length cap",
	truncated:         "ends before its last field",
	alphabet:          "a character outside base64url",
	padding:           "bits set after the last field, where padding is zero",
	notLetters:        "a language or country that is not of letters",
	endlessCode:       "a Fibonacci code that does not end",
	backwardRange:     "a range that ends before it begins, or begins at 0",
	highRange:         "a range above the highest id",
	manySegments:      "more segments than there are kinds",
	tcVersion:         "a TC string that is not of version 2",
	unknownSegment:    "a segment of no known kind",
	repeatedSegment:   "a segment that comes twice",
	restrictsNothing:  "a restriction of purpose 0",
	restrictionType:   "a restriction of type 3",
	notFour:           "a US privacy string that is not of four characters",
	uspVersion:        "a US privacy string that is not of version 1",
	uspLetter:         "a character that is not Y, N or -",
	badJSON:           "JSON that is not valid",
	noUSPString:       "JSON without uspString",
	uspNoText:         "uspString that is not a string",
	uspTwice:          "uspString more than once",
	acVersion:         "additional consent that is not of version 1 or 2",
	acSecondPart:      "additional consent of version 1 with a second part",
	acNoDisclosed:     "additional consent of version 2 without ~dv.",
	acID:              "a provider id that begins with 0 or has more than 5 digits",
	acCharacter:       "a character that is neither digit nor dot",
	acEmptyID:         "an empty provider id",
	longSection:       "a section longer than its fields",
	sectionVersion:    "a section of no known version",
	valueThree:        "a value of 3",
	unknownSubsection: "a subsection of no known kind",
	caVersion:         "TCF Canada that is not of version 1",
	sectionCount:      "not as many sections as the header names",
	headerType:        "a header that is not of type 3",
	headerVersion:     "a header that is not of version 1",
	sectionID:         "a section id above 63",
	emptySection:      "an empty section",
}

// Error returns the fault in words.
func (f fault) Error() string {
	if f < numFaults {
		return faultWords[f]
	}
	return "unknown"
}

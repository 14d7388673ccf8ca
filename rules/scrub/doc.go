// Package scrub finds personal data in values that nobody declared to hold any: page titles,
// search terms, error texts, addresses.
//
// [Append] copies a value and puts a marker ("[email]", "[phone]" ...) in place of every finding. It goes over the
// value once for all detectors, looks inside encodings (percent, HTML entities, JSON escapes, full-width digits,
// base64, base32, hex, also of UTF-16 and of what is compressed) and, where the decoded form holds a finding, replaces
// the encoded run as a whole. [Detectors] are a site's own, beside those of each [Kind].
//
// A detector is a file with a small type that reads the text through a view, which all of them share: email.go,
// phone.go, card.go and so on. kind.go lists them; starts.go says which of them are asked at a place, and who is asked
// first.
//
// Promise: what Append returns holds nothing that Append would find again, and the time it takes grows with the value's
// length, not faster. What it takes is counted in steps, and a [Meter] bounds them for the values of a hit together.
// Names of persons and cities are not found: no pattern can tell them from other words; drop such fields.
package scrub

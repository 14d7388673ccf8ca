// Package scrub finds personal data in values that nobody declared to hold any: page titles, search terms, error texts, addresses.
//
// Append copies a value and puts a marker ("[email]", "[phone]" ...) in place of every finding. It goes over the value once for
// all detectors, looks inside encodings (percent, HTML entities, JSON escapes, full-width digits, base64, hex) and, where the
// decoded form holds a finding, replaces the encoded run as a whole.
//
// Promise: what Append returns holds nothing that Append would find again, and the time it takes grows with the value's length,
// not faster. What it takes is counted in steps, and a Meter bounds them for the values of a hit together. Names of persons and cities are not found: no pattern can tell them from other words; drop such fields.
package scrub

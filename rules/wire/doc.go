// Package wire reads requests as they stand on the wire: where one ends, what its head says, where it comes from. It is
// handed bytes, and refuses what two parsers might read in two ways (RFC 9112). The server asks it beside its parser;
// explain, replay and tests read whole requests by the same rules. It promises that what it takes has one reading.
package wire

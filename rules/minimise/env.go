package minimise

import (
	"net/netip"
	"time"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// Env is what the actions of one event may know besides the value. They only read it, but for Work.
type Env struct {
	Now       time.Time         // when the event is judged
	Keys      *pseudonym.Keys   // nil, or not of Now's period: what needs a key is dropped
	Vendor    string            // id in the server file
	Family    string            // what the vendor's family is called as a scope of keys; see [pseudonym.Scope]
	Purpose   string            // id of the activity's first purpose
	Site      string            // id in the server file
	Formats   pseudonym.Formats // of ids that the vendor's SDKs make
	Consented bool              // consent carries all that the value belongs to
	IP        netip.Addr        // the visitor's address; the zero Addr where it is not known
	UserAgent []byte            // the visitor's user agent, as received
	Rare      Rarity            // nil: every value is rare
	Detectors *scrub.Detectors  // of the sites' own; nil: none
	Work      *scrub.Meter      // what may be spent on the values of the whole hit; nil: there is no bound
	Memo      Memo              // of what became of values in other hits; nil: each is minimised anew
	// for rare with others: the value with those of the event's other fields; empty: it is rare
	Together []byte
}

// Rarity knows how many networks shared a value in the last days. It is read by many goroutines at once.
type Rarity interface {
	// Common tells whether at least k did on one of the last days, today included. It must not keep value.
	Common(class hit.Class, value []byte, k, days int) bool
}

// ValueKind is what a value is in JSON; in queries and forms every value is text.
type ValueKind uint8

// The kinds of value.
const (
	TextValue ValueKind = iota
	NumberValue
	BoolValue
	NullValue
)

// Value is a field's value, decoded: percent escapes of the query and JSON escapes are resolved.
type Value struct {
	Class  hit.Class
	Format pseudonym.Format // of identifiers
	Exact  bool             // the vendor takes those of the format alone
	Bytes  []byte
	Kind   ValueKind
}

// Outcome says what became of a value. The zero Outcome is [Dropped].
type Outcome uint8

// The outcomes.
const (
	Dropped         Outcome = iota // nothing was appended: key and value go
	Kept                           // nothing was appended: the value passes byte for byte
	Rewritten                      // the new value was appended; it is text
	RewrittenNumber                // the new value was appended; it is a number of JSON
)

// String names the outcome.
func (o Outcome) String() string {
	switch o {
	case Dropped:
		return "dropped"
	case Kept:
		return "kept"
	case Rewritten, RewrittenNumber:
		return "rewritten"
	default:
		return "unknown"
	}
}

package rules

import (
	"time"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// Inputs are what judging needs beside hit and policy.
type Inputs struct {
	Now    time.Time
	Latest time.Time // later than Now where the clock went back: what had expired by then stays expired

	Keys *Keys           // nil: hits with identifiers are refused
	Rare minimise.Rarity // nil: every value is rare

	// ObjectionsUnavailable: no objection can be taken now. Nothing travels then on a basis that one may object to.
	ObjectionsUnavailable bool
	// ObjectionsStale: other nodes may know of objections that this one does not. Likewise.
	ObjectionsStale bool

	Strings signal.Strings // decoded consent strings, kept between hits; nil: each is decoded anew

	Memo minimise.Memo // what became of values in other hits below this very policy; nil: each is minimised anew

	Choices signal.Memo // what sources said of cookies in other hits below this very policy; nil: each is read

	IDs IDs // names of shapes and rungs, kept between hits; nil: each is made anew

	Denials Denials // which events were denied before; nil: none was

	Memory hit.Memory // asked for room before the hit takes it; nil: there is always some

	// NewestForm: whoever looks up objections knows no subject of an older form than [pseudonym.NewestForm], so that
	// no identifier needs to be looked up in one.
	NewestForm bool
}

// Subject is an identifier of an event as the world may keep it: a keyed hash.
type Subject struct {
	Event  int32 // hit.Shared: it belongs to every event of the hit
	Class  hit.Class
	Form   uint8 // number of its normal form; one of an older form, or of none, is there to be looked up alone
	Kind   SubjectKind
	Hash   [16]byte // below the key of objections
	Ledger [16]byte // below the key of the ledger, where it is of the newest form; [Judgement.Identity] says it of all
}

// SubjectKind says whom an identifier stands for.
type SubjectKind uint8

// The kinds. The zero SubjectKind joins nothing.
const (
	OtherSubject SubjectKind = iota // a group, a name that a site chose for a browser, whatever else
	Person                          // a user id, an e-mail address, a phone number
	Browser                         // a browser or device, in the random form that its SDK gives an id
	Mentioned                       // somebody who may be another than the visitor: joins nothing, and nothing follows
)

// Header is a header that the vendor is sent.
type Header struct {
	Name  string
	Value []byte
}

// Outgoing is the request to the vendor. It holds nothing that was not put there on purpose. Its bytes belong to the
// [Judgement].
type Outgoing struct {
	Forward  bool
	Method   string
	Upstream string // address of the vendor's host, "https://host" with a path where the operator gave one
	Path     []byte
	Query    []byte
	Headers  []Header
	Body     []byte
}

// Judgement is one hit on its way: taken apart, judged, minimised and put together again. It is made to be used again
// and again; its zero value is ready. It is made of what each stage keeps, and a stage is handed what those before it
// found, to be read only.
type Judgement struct {
	readState // Hit, Policy, Site, Route, Path, Owner, Region, Signals and Subjects

	// written by the caller between Read and Judge: one an event; none at all is read as "everyone objects"
	Objections []Objections

	decideState   // Verdicts
	minimiseState // Counts
	encodeState   // Out

	Reason Reason // why the hit as a whole is refused; Unjudged while it is not
	shapes shapes // of its events, once asked for
	keep   keep   // facts of its events, likewise
	alone  alone  // the request of one of its events, likewise
}

// Reset makes the judgement ready for another hit and keeps its memory.
func (j *Judgement) Reset() {
	j.readState.reset()
	j.Objections = hit.Recycled(j.Objections)
	j.decideState.reset()
	j.minimiseState.reset()
	j.encodeState.reset()
	j.Reason = Unjudged
	j.shapes.reset()
	j.keep.reset()
	j.alone.reset()
}

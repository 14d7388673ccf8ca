package ledger

import (
	"encoding/base64"
	"encoding/hex"
	"time"

	"go.uber.org/zap/zapcore"
)

// Kinds of records, as the member "kind" names them.
const (
	KindStart   = "start"   // a node began to write: node, policy, version
	KindSegment = "segment" // a node goes on in another segment: node
	KindStop    = "stop"    // it ended in good order
	KindReload  = "reload"  // another policy, or the refusal of one
	KindKey     = "key"     // which keys a node begins with, or that some were replaced
	KindShape   = "shape"   // which fields were kept, dropped and changed, named once a segment
	KindRungs   = "rungs"   // by what events were judged, and how, named once a segment
	KindEvent   = "event"   // what was decided of one event, before it left
	KindOutcome = "outcome" // how delivery ended, or an attempt at it
	KindAttempt = "attempt" // an attempt is about to begin that may not be made twice
	KindQueue   = "queue"   // somebody had parked events wait again, or events deleted: text
	KindBackup  = "backup"  // the data folder was copied, or a node began with such a copy: text
	KindExport  = "export"  // to whom records are sent as they are written, or which were not: text
	KindRefused = "refused" // hits refused before a site was known: one aggregate a minute
)

// Event is what was decided of one event. Strings and slices are only read while Append runs. It never holds a field's
// value. By what it was judged, and how, stands in the [Rungs] that it names; of a hit that was refused as a whole,
// which names none, endpoint, policy and region stand in the record itself.
type Event struct {
	Hit       uint64 // those of one hit share it
	Index     int    // of the event in its hit
	Site      string
	Vendor    string
	Endpoint  string // "" where Rungs says it
	Name      string // scrubbed, at most 64 characters
	Decision  string
	Reason    string
	Activity  string
	Basis     string
	LIA       string   // the assessment
	Version   int      // of the assessment
	Policy    string   // digest; "" where Rungs says it
	Region    string   // the same
	Rungs     string   // id of Rungs
	ConsentAt int64    // when the consent was given that it travels on, Unix seconds; 0 where no source tells
	Dates     []int64  // of what each of the signals in Rungs says, where one has another date; 0: it does not tell
	Objected  []string // scopes that applied
	Restrict  bool     // one of them is a restriction (Art. 18)
	Decided   uint64   // number of the decision that it travels by though somebody objected; 0: none
	KeptSince int64    // since when an opt-out by the browser's signal is kept, Unix seconds; 0: none is
	Subjects  [][16]byte
	Form      uint8    // number of the normal form that the subjects were hashed in
	Shape     string   // id of a shape; "" where nothing was decoded
	In, Out   int      // bytes
	Digest    [32]byte // keyed, over salt and the bytes that left; zero where none did
	Queued    bool     // it waits for its vendor: an outcome follows, however long that takes
	Recovered bool     // the record was lost, and was written again of what waits
	Shared    bool     // it waits where any node of the cluster may take it: the outcome here is that it was handed over
	Taken     string   // node and hit by which it was accepted, where this node took it from there: "a 1764454800000123"
	Salt      [16]byte

	rest bool     // it continues another record, and repeats nothing but what names the event
	hex  [64]byte // room to write hashes in
}

// Outcome is how the delivery of events ended. Where a vendor took them, that alone is recorded.
type Outcome struct {
	Hit     uint64
	Events  []int // those that travelled together, by their index in the hit
	Vendor  string
	Outcome string
	Why     string
	Status  int
	InDoubt bool // it did not end, and may have arrived, by this attempt or an earlier one

	of []ExchangedHit // in place of hit and events
}

// Together is the outcome as that of events of several hits, which travelled together, in place of its own.
func (o Outcome) Together(of []ExchangedHit) Outcome {
	o.of = of
	return o
}

// Each yields the hits of the outcome's events, with their indices there, until yield returns false.
func (o *Outcome) Each(yield func(hit uint64, events []int) bool) {
	if o.of == nil {
		yield(o.Hit, o.Events)
		return
	}
	for i := range o.of {
		if !yield(o.of[i].Hit, o.of[i].Events) {
			return
		}
	}
}

// Refused is how many hits were refused for one reason before a site was known.
type Refused struct {
	From, To time.Time
	Reason   string
	Count    uint64
}

// Note is a record of what happened to the server: start, stop, reload.
type Note struct {
	Kind   string
	Policy string
	Text   string // what changed, or why not; no personal data
	node   string
}

// newZap makes the encoder of records: zap's JSON encoder, one line a record, the
// members in the order they are written here.
func newZap() zapcore.Encoder {
	return zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		TimeKey: "time", MessageKey: "kind", SkipLineEnding: true,
		EncodeTime: zapcore.RFC3339NanoTimeEncoder, EncodeDuration: zapcore.StringDurationEncoder,
	})
}

// Records write their members themselves: on the hot path that costs neither a list of fields nor an allocation.
var (
	_ zapcore.ObjectMarshaler = (*Event)(nil)
	_ zapcore.ObjectMarshaler = (*Outcome)(nil)
	_ zapcore.ObjectMarshaler = (*Refused)(nil)
	_ zapcore.ObjectMarshaler = (*Note)(nil)
)

// MarshalLogObject writes an event's members. What is empty is left out.
func (e *Event) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddUint64("hit", e.Hit)
	to.AddInt("event", e.Index)
	addText(to, "site", e.Site)
	addText(to, "vendor", e.Vendor)
	addText(to, "endpoint", e.Endpoint)
	addText(to, "name", e.Name)
	addText(to, "decision", e.Decision)
	addText(to, "reason", e.Reason)
	addText(to, "activity", e.Activity)
	addText(to, "basis", e.Basis)
	if e.LIA != "" {
		addText(to, "assessment", e.LIA)
		to.AddInt("assessment_version", e.Version)
	}
	addText(to, "policy", e.Policy)
	addText(to, "region", e.Region)
	addText(to, "rungs", e.Rungs)
	if err := e.addChoices(to); err != nil {
		return err
	}
	addText(to, "shape", e.Shape)
	if !e.rest {
		to.AddInt("bytes_in", e.In)
		to.AddInt("bytes_out", e.Out)
	}
	if e.Digest != [32]byte{} {
		to.AddString("digest", base64.RawStdEncoding.EncodeToString(e.Digest[:]))
	}
	addTrue(to, "queued", e.Queued)
	addTrue(to, "recovered", e.Recovered)
	addTrue(to, "shared", e.Shared)
	addText(to, "taken", e.Taken)
	return nil
}

// addChoices writes what the visitor chose, and whose choice it was.
func (e *Event) addChoices(to zapcore.ObjectEncoder) error {
	addInstant(to, "consent_at", e.ConsentAt)
	if len(e.Dates) > 0 {
		if err := to.AddArray("dates", instants(e.Dates)); err != nil {
			return err
		}
	}
	if err := addTexts(to, "objections", e.Objected); err != nil {
		return err
	}
	addTrue(to, "restriction", e.Restrict)
	addNumber(to, "decided", e.Decided)
	addInstant(to, "kept_since", e.KeptSince)
	if len(e.Subjects) > 0 {
		addForm(to, e.Form)
		return to.AddArray("subjects", (*subjects)(e))
	}
	return nil
}

func (e *Event) items() int { return len(e.Objected) + len(e.Subjects) }

// halve makes two records of one that is too long for a line.
func (e *Event) halve() (first, rest divisible) {
	h := halving{left: (sizes(e.Objected, size) + sizes(e.Subjects, hashSize)) / 2}
	a, b := *e, Event{Hit: e.Hit, Index: e.Index, Form: e.Form, rest: true}
	a.Objected, b.Objected = take(&h, e.Objected, size)
	a.Subjects, b.Subjects = take(&h, e.Subjects, hashSize)
	return &a, &b
}

// addForm writes the number of a form; records of the first one do not say it.
func addForm(to zapcore.ObjectEncoder, form uint8) {
	if form > 1 {
		to.AddUint8("form", form)
	}
}

// MarshalLogObject writes an outcome's members. What is empty is left out.
func (o *Outcome) MarshalLogObject(to zapcore.ObjectEncoder) error {
	if err := o.addEvents(to); err != nil {
		return err
	}
	addText(to, "vendor", o.Vendor)
	addText(to, "outcome", o.Outcome)
	addText(to, "why", o.Why)
	if o.Status != 0 {
		to.AddInt("status", o.Status)
	}
	if o.InDoubt {
		to.AddBool("in_doubt", true)
	}
	return nil
}

// addEvents writes whose outcome it is.
func (o *Outcome) addEvents(to zapcore.ObjectEncoder) error {
	if len(o.of) > 0 {
		return to.AddArray("of", exchangedHits(o.of))
	}
	to.AddUint64("hit", o.Hit)
	return to.AddArray("events", numbers(o.Events))
}

// MarshalLogObject writes an aggregate's members.
func (r *Refused) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddTime("from", r.From.UTC())
	to.AddTime("to", r.To.UTC())
	to.AddString("reason", r.Reason)
	to.AddUint64("count", r.Count)
	return nil
}

// MarshalLogObject writes a note's members.
func (n *Note) MarshalLogObject(to zapcore.ObjectEncoder) error {
	addText(to, "node", n.node)
	addText(to, "policy", n.Policy)
	addWords(to, "text", n.Text)
	return nil
}

type subjects Event

// MarshalLogArray writes hashes in hex.
func (s *subjects) MarshalLogArray(e zapcore.ArrayEncoder) error {
	for i := range s.Subjects {
		e.AppendByteString(hexInto(s.hex[:0], s.Subjects[i][:]))
	}
	return nil
}

func hexInto(dst, b []byte) []byte { return hex.AppendEncode(dst, b) }

package ledger

import (
	"errors"
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
	KindShape   = "shape"   // which fields were kept, dropped and changed, named once
	KindEvent   = "event"   // what was decided of one event, before it left
	KindOutcome = "outcome" // how delivery ended
	KindRefused = "refused" // hits refused before a site was known: one aggregate a minute
)

// Event is what was decided of one event. Strings and slices are only read while Append runs. It never holds a field's value.
type Event struct {
	Hit       uint64 // those of one hit share it
	Index     int    // of the event in its hit
	Site      string
	Vendor    string
	Endpoint  string
	Name      string // scrubbed, at most 64 characters
	Decision  string
	Reason    string
	Activity  string
	Basis     string
	LIA       string // the assessment
	Version   int    // of the assessment
	Policy    string // digest
	Region    string
	Signals   []Signal
	Objected  []string // scopes that applied
	Restrict  bool     // one of them is a restriction (Art. 18)
	Decided   uint64   // number of the decision that it travels by though somebody objected; 0: none
	Subjects  [][16]byte
	Form      uint8  // number of the normal form that the subjects were hashed in
	Shape     string // id of a shape; "" where nothing was decoded
	In, Out   int    // bytes
	Salt      [16]byte
	Digest    [32]byte // keyed, over salt and the bytes that left; zero where none did
	Recovered bool

	hex [64]byte // room to write hashes in
}

// Signal is a signal as a fact.
type Signal struct {
	Source string
	State  string
	Says   string
}

// Outcome is how the delivery of an event ended.
type Outcome struct {
	Hit     uint64
	Events  int // how many events of the hit travelled
	Vendor  string
	Outcome string
	Why     string
	Status  int
}

// Refused is how many hits were refused for one reason before a site was known.
type Refused struct {
	From, To time.Time
	Reason   string
	Count    uint64
}

// Shape is which fields of an event were kept, dropped and changed. Names are those of catalog and policy; what neither knows is "*".
type Shape struct {
	ID      string
	Kept    []string
	Changed []string
	Dropped []string
}

// Note is a record of what happened to the server: start, stop, reload.
type Note struct {
	Kind   string
	Policy string
	Text   string // what changed, or why not; no personal data
	node   string
}

// newZap makes the encoder of records: zap's JSON encoder, one line a record, the members in the order they are written here.
func newZap() zapcore.Encoder {
	return zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		TimeKey: "time", MessageKey: "kind", LineEnding: "\n",
		EncodeTime: zapcore.RFC3339NanoTimeEncoder, EncodeDuration: zapcore.StringDurationEncoder,
	})
}

// Records write their members themselves: on the hot path that costs neither a list of fields nor an allocation.
var (
	_ zapcore.ObjectMarshaler = (*Event)(nil)
	_ zapcore.ObjectMarshaler = (*Outcome)(nil)
	_ zapcore.ObjectMarshaler = (*Refused)(nil)
	_ zapcore.ObjectMarshaler = (*Shape)(nil)
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
		to.AddString("assessment", e.LIA)
		to.AddInt("assessment_version", e.Version)
	}
	addText(to, "policy", e.Policy)
	addText(to, "region", e.Region)
	if err := e.addChoices(to); err != nil {
		return err
	}
	addText(to, "shape", e.Shape)
	to.AddInt("bytes_in", e.In)
	to.AddInt("bytes_out", e.Out)
	to.AddByteString("salt", hexInto(e.hex[:0], e.Salt[:]))
	if e.Digest != [32]byte{} {
		to.AddByteString("digest", hexInto(e.hex[:0], e.Digest[:]))
	}
	addTrue(to, "recovered", e.Recovered)
	return nil
}

// addChoices writes what the visitor chose, and whose choice it was.
func (e *Event) addChoices(to zapcore.ObjectEncoder) error {
	if len(e.Signals) > 0 {
		if err := to.AddArray("signals", (*signals)(&e.Signals)); err != nil {
			return err
		}
	}
	if len(e.Objected) > 0 {
		if err := to.AddArray("objections", (*texts)(&e.Objected)); err != nil {
			return err
		}
	}
	addTrue(to, "restriction", e.Restrict)
	addNumber(to, "decided", e.Decided)
	if len(e.Subjects) > 0 {
		addForm(to, e.Form)
		return to.AddArray("subjects", (*subjects)(e))
	}
	return nil
}

// addForm writes the number of a form; records of the first one do not say it.
func addForm(to zapcore.ObjectEncoder, form uint8) {
	if form > 1 {
		to.AddUint8("form", form)
	}
}

// MarshalLogObject writes an outcome's members.
func (o *Outcome) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddUint64("hit", o.Hit)
	to.AddInt("events", o.Events)
	to.AddString("vendor", o.Vendor)
	to.AddString("outcome", o.Outcome)
	to.AddString("why", o.Why)
	if o.Status != 0 {
		to.AddInt("status", o.Status)
	}
	return nil
}

// MarshalLogObject writes an aggregate's members.
func (r *Refused) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddTime("from", r.From.UTC())
	to.AddTime("to", r.To.UTC())
	to.AddString("reason", r.Reason)
	to.AddUint64("count", r.Count)
	return nil
}

// MarshalLogObject writes a shape's members.
func (s *Shape) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddString("shape", s.ID)
	return errors.Join(
		to.AddArray("kept", (*texts)(&s.Kept)), to.AddArray("changed", (*texts)(&s.Changed)), to.AddArray("dropped", (*texts)(&s.Dropped)))
}

// MarshalLogObject writes a note's members.
func (n *Note) MarshalLogObject(to zapcore.ObjectEncoder) error {
	addText(to, "node", n.node)
	addText(to, "policy", n.Policy)
	addText(to, "text", n.Text)
	return nil
}

func addText(to zapcore.ObjectEncoder, name, text string) {
	if text != "" {
		to.AddString(name, text)
	}
}

type texts []string

// MarshalLogArray writes texts.
func (t *texts) MarshalLogArray(e zapcore.ArrayEncoder) error {
	for _, text := range *t {
		e.AppendString(text)
	}
	return nil
}

type signals []Signal

// MarshalLogArray writes each signal as an object.
func (s *signals) MarshalLogArray(e zapcore.ArrayEncoder) error {
	for i := range *s {
		if err := e.AppendObject(&(*s)[i]); err != nil {
			return err
		}
	}
	return nil
}

// MarshalLogObject writes a signal as facts.
func (s *Signal) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddString("source", s.Source)
	e.AddString("state", s.State)
	if s.Says != "" {
		e.AddString("says", s.Says)
	}
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

func hexInto(dst, b []byte) []byte {
	const lower = "0123456789abcdef"
	for _, c := range b {
		dst = append(dst, lower[c>>4], lower[c&15])
	}
	return dst
}

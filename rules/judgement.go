package rules

import (
	"bytes"
	"time"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/codec"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/scrub"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// Inputs are what judging needs beside hit and policy.
type Inputs struct {
	Now  time.Time
	Keys *Keys           // nil: hits with identifiers are refused
	Rare minimise.Rarity // nil: every value is rare

	// Deaf: no objection can be taken now. Nothing travels then on a basis that one may object to.
	Deaf bool

	Strings signal.Strings // decoded consent strings, kept between hits; nil: each is decoded anew

	Memory hit.Memory // asked for room before the hit takes it; nil: there is always some
}

// Subject is an identifier of an event as the world may keep it: a keyed hash.
type Subject struct {
	Event  int32 // hit.Shared: it belongs to every event of the hit
	Class  hit.Class
	Hash   [16]byte // below the key of objections
	Ledger [16]byte // below the key of the ledger
}

// Header is a header that the vendor is sent.
type Header struct {
	Name  string
	Value []byte
}

// Outgoing is the request to the vendor. It holds nothing that was not put there on purpose. Its bytes belong to the Judgement.
type Outgoing struct {
	Forward  bool
	Method   string
	Upstream string // address of the vendor's host, "https://host" with a path where the operator gave one
	Path     []byte
	Query    []byte
	Headers  []Header
	Body     []byte
}

// Judgement is one hit on its way: taken apart, judged, minimised and put together again. It is made to be used again and again; its
// zero value is ready. The fields are grouped by the stage that writes them; later stages only read.
type Judgement struct {
	Hit hit.Hit // Request: receive; the rest: decode

	// route
	Policy *Policy
	Site   *Site
	Route  *Route
	Path   []byte     // as the vendor knows it
	Reason Reason     // why the hit as a whole is refused; Unjudged while it is not
	Owner  *Recipient // whose the path is where it leads nowhere, or not by this method; nil where it is nobody's

	// observe
	Region   Region
	Signals  []signal.Signals // one, or one an event
	Subjects []Subject

	// written by the caller between Read and Judge: one an event; none at all is read as "everyone objects"
	Objections []Objections

	// decide
	Verdicts []Verdict
	rungs    []Rung

	// encode
	Out Outgoing

	said      signal.Signals // by the whole hit
	ask       signal.Ask
	scratch   signal.Scratch
	opener    codec.Opener
	assembler codec.Assembler
	body      []byte // without its content coding
	coded     []byte // as received, where it had one
	out       []byte
	plans     []*plan
	inners    [3]inner         // by depth: the object that a constant was last put into
	common    string           // the purpose that all events have
	setShared []bool           // by plan and constant: it stands in what all events share
	setThere  []bool           // by constant of an event's plan: it stands in the event, or in what all share
	lowered   []signal.Storage // by event, the whole hit first: what it stated as granted and does no more
	stated    []bool           // likewise: it speaks of personalised ads
	carried   []bool           // by event, the whole hit first: it holds the address already
	shape     []uint64         // of an event
	shared    []uint64         // of what all events share, once asked for
	shapeText []byte
	forms     forms
	hashed    [64]int32 // by a form's sum: the one that was hashed last
	whole     []byte    // the visitor's address
	part      []byte    // room to look things over in
	told      []byte    // what is left of the address
	toldBy    *minimise.Action
	env       minimise.Env
	work      scrub.Meter // what may still be spent on the hit
	counted   []Counted
	combined  []byte // values of several fields together
	firstOf   [hit.NumClasses]int32
	firstsOf  int32 // the event that firstOf is of

	firstOfHit [hit.NumClasses]int32 // likewise, of what all events share
	view       eventView
	trace      *Trace
	inner      []byte // what leaves, before a content coding is put back around it
	eventText  []byte

	firstsKnown bool
}

// Reset makes the judgement ready for another hit and keeps its memory.
func (j *Judgement) Reset() {
	j.Hit.Reset()
	j.Policy, j.Site, j.Route, j.Path, j.Reason, j.Owner = nil, nil, nil, nil, Unjudged, nil
	j.Region = Region{}
	j.Signals, j.Subjects, j.Objections = hit.Recycled(j.Signals), hit.Recycled(j.Subjects), hit.Recycled(j.Objections)
	j.Verdicts, j.rungs = hit.Recycled(j.Verdicts), hit.Recycled(j.rungs)
	j.Out = Outgoing{Headers: j.Out.Headers[:0]}
	j.body, j.coded, j.out, j.plans = hit.Recycled(j.body), nil, hit.Recycled(j.out), j.plans[:0]
	j.common, j.shared = "", j.shared[:0]
	j.part, j.told, j.shapeText = hit.Recycled(j.part), hit.Recycled(j.told), hit.Recycled(j.shapeText)
	clear(j.counted)
	j.counted, j.combined, j.firstsKnown = hit.Recycled(j.counted), hit.Recycled(j.combined), false
	j.lowered, j.stated, j.carried = hit.Recycled(j.lowered), hit.Recycled(j.stated), hit.Recycled(j.carried)
	j.trace, j.opener.Memory, j.inner, j.eventText = nil, nil, nil, hit.Recycled(j.eventText)
	j.work = scrub.Meter{}
	j.assembler.Reset()
	j.ask.Reset()
	j.forms.reset()
}

// SignalsOf returns what holds for an event.
func (j *Judgement) SignalsOf(event int) *signal.Signals {
	return &j.Signals[min(event, len(j.Signals)-1)]
}

// Rungs returns the ladder of a verdict as far as it was climbed.
func (j *Judgement) Rungs(v *Verdict) []Rung { return j.rungs[v.first:v.last] }

// Permitted counts the events that travel.
func (j *Judgement) Permitted() int {
	n := 0
	for i := range j.Verdicts {
		if j.Verdicts[i].Decision == Permit {
			n++
		}
	}
	return n
}

// DeniedAnswer is what the SDK gets where nothing was forwarded; nil where the path is nobody's.
func (j *Judgement) DeniedAnswer() *catalog.AnswerFile {
	switch {
	case j.Route != nil:
		return j.Route.Endpoint.DeniedFor(j.Hit.Request.Query)
	case j.Owner == nil:
		return nil
	default:
		return j.neutral()
	}
}

// What a vendor's SDK gets for what this version does not know of it: all is well, and there is nothing. A browser would complain of a
// script or a style sheet that is none.
var (
	nothing  = catalog.AnswerFile{Status: 204}
	noScript = catalog.AnswerFile{Status: 200, Type: "text/javascript"}
	noStyle  = catalog.AnswerFile{Status: 200, Type: "text/css"}
)

// neutral chooses among them by what the browser wants it for (W3C Fetch Metadata), or by the path where it does not say. A worker is
// given nothing: an empty one would stay.
func (j *Judgement) neutral() *catalog.AnswerFile {
	r := &j.Hit.Request
	dest, _ := r.One("Sec-Fetch-Dest")
	unsaid := len(dest) == 0 && string(r.Method) == "GET"
	switch {
	case string(dest) == "script", unsaid && bytes.HasSuffix(r.Path, []byte(".js")):
		return &noScript
	case string(dest) == "style", unsaid && bytes.HasSuffix(r.Path, []byte(".css")):
		return &noStyle
	default:
		return &nothing
	}
}

// eventView shows one event to a condition.
type eventView struct {
	j     *Judgement
	event int32
}

// Name returns the event's name.
func (v *eventView) Name() string { return v.j.Hit.EventName(v.event) }

// Param returns the value of the event's field of that name, as the vendor names it; of a name that stands twice, the first.
func (v *eventView) Param(name string) string {
	h := &v.j.Hit
	fields := v.j.Route.Recipient.Catalog.Fields
	for _, of := range [2]int32{v.event, hit.Shared} {
		for i := h.FirstOf(of); i != hit.None; i = h.Nodes[i].Peer {
			n := &h.Nodes[i]
			v.j.work.Spend(costNode)
			if n.Kind.Holds() || n.Opened || n.Kind == hit.Raw {
				continue
			}
			if n.Field != hit.None && fields[n.Field].Path == name || string(h.Bytes(h.KeySpan(i))) == name {
				return string(h.Text(i))
			}
		}
	}
	return ""
}

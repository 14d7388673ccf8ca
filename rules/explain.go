package rules

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// Question is a hit to be judged without sending it anywhere.
type Question struct {
	Request    hit.Request
	Refused    bool     // the request could not be read in one way only
	Objections []string // scopes, as Policy.AskedObjection reads them; of every subject in the hit
	// by consent category: granted or refused, as receipts of choices say for every subject in the hit
	Receipts  map[string]string
	Decisions []string // that stand for every subject in the hit, as AskedLift reads them
	At        time.Time
	Keys      *Keys
	Region    string          // in place of what the hit tells; "" for that
	Signals   *signal.Signals // in place of what the hit says; nil for that
	Supposed  signal.Supposed // in place of what the hit says by the same sources; nothing in its zero value
	Otherwise bool            // what would become of fields of denied events is asked for, too
}

// Explanation is a verdict as people and other tools read it. Its JSON is fixed: members may be added, none taken away.
type Explanation struct {
	Site     string            `json:"site"`
	Vendor   string            `json:"vendor"`
	Endpoint string            `json:"endpoint"`
	Policy   string            `json:"policy"`
	Region   string            `json:"region"`
	Server   bool              `json:"server,omitempty"` // a server that may send as such sent it
	Decision string            `json:"decision"`         // permit where at least one event travels
	Reason   string            `json:"reason,omitempty"` // why the hit was refused as a whole
	Why      string            `json:"why,omitempty"`    // more of that, in words, where the reason alone does not say
	Signals  []ExplainedSignal `json:"signals"`
	Events   []ExplainedEvent  `json:"events"`
	Shared   []ExplainedField  `json:"shared,omitempty"` // fields that belong to the whole hit
	Forward  *ExplainedRequest `json:"forward"`          // null where nothing is forwarded
	Respond  ExplainedResponse `json:"respond"`
	// the vendor is asked for an answer: the SDK gets that one, and respond stands for it
	Asked    bool           `json:"asked,omitempty"`
	Bytes    ExplainedBytes `json:"bytes"`
	Subjects int            `json:"subjects"` // identifiers that objections are looked up by

	Left []Left `json:"-"` // what left, for those who hold promises against it
}

// ExplainedSignal is a signal that the site lists.
type ExplainedSignal struct {
	Source string `json:"source"`
	Where  string `json:"where"`
	State  string `json:"state"` // absent, valid or malformed
	Says   string `json:"says"`
}

// ExplainedEvent is what was decided of one event.
type ExplainedEvent struct {
	Index      int              `json:"index"`
	Name       string           `json:"name"`
	Decision   string           `json:"decision"`
	Reason     string           `json:"reason"`
	Activity   string           `json:"activity"`
	Basis      string           `json:"basis"`
	Assessment string           `json:"assessment"`
	Objections []string         `json:"objections,omitempty"`
	Ladder     []ExplainedRung  `json:"ladder"`
	Fields     []ExplainedField `json:"fields"`

	Facts Facts `json:"-"` // what the members say, for those who compare
}

// ExplainedRung is one activity of the ladder.
type ExplainedRung struct {
	Activity string `json:"activity"`
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
	// which source refuses, where a refusal has to do with it; which decision carries it
	Why string `json:"why,omitempty"`
}

// ExplainedField is what became of one field. Identifying values in Before may be masked by who
// prints it; After is what is forwarded.
type ExplainedField struct {
	Path   string   `json:"path"`
	Class  string   `json:"class"`
	Action string   `json:"action"`
	Before string   `json:"before"`
	After  string   `json:"after"`
	Sent   bool     `json:"sent"`
	Why    string   `json:"why,omitempty"`   // why it is dropped though a line names it
	Found  []string `json:"found,omitempty"` // what the scrubber found, by the labels of its markers
	// the line that decided; missing where no line names the field, and of a denied event
	Rule string `json:"rule,omitempty"`

	Otherwise []ExplainedOtherwise `json:"otherwise,omitempty"` // of a denied event, where it was asked for
}

// ExplainedOtherwise is what would become of a field, had its event travelled on an activity that denied it.
type ExplainedOtherwise struct {
	Activity string `json:"activity"`
	Action   string `json:"action"`
	After    string `json:"after"`
	Sent     bool   `json:"sent"`
	Why      string `json:"why,omitempty"`
	Rule     string `json:"rule,omitempty"`
}

// ExplainedRequest is the request to the vendor. Body is text, or BodyBase64 where it is not UTF-8.
type ExplainedRequest struct {
	Method     string            `json:"method"`
	URL        string            `json:"url"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
	BodyBase64 string            `json:"body_base64,omitempty"`
}

// ExplainedResponse is what the SDK gets, from the catalog; of a hit that is forwarded
// what it gets when the vendor takes it.
type ExplainedResponse struct {
	Status     int               `json:"status"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
	BodyBase64 string            `json:"body_base64,omitempty"`
}

// ExplainedBytes are sizes of query and body.
type ExplainedBytes struct {
	In  int `json:"in"`
	Out int `json:"out"`
}

// Explain judges a hit by the very code that serves, and says why. The error says which scope or region is unknown.
func (p *Policy) Explain(q *Question) (*Explanation, error) {
	var objections Objections
	for _, scope := range q.Objections {
		o, ok := p.AskedObjection(scope, q.At)
		if !ok {
			return nil, fmt.Errorf("%q is no scope of an objection: a purpose's id, vendor:ID or all is", scope)
		}
		objections.Merge(o)
	}
	if err := objections.suppose(p, q.Decisions); err != nil {
		return nil, err
	}
	var err error
	if objections.Receipts, err = AskedReceipt(p, q.Receipts, q.At); err != nil {
		return nil, err
	}
	var region Region
	if q.Region != "" {
		if region, err = ParseRegion(q.Region); err != nil {
			return nil, err
		}
	}
	answer := answering{policy: p, question: q, objections: objections, region: region}
	j, trace := new(Judgement), new(Trace)
	if x := answer.preflight(j); x != nil {
		return x, nil
	}
	reason := answer.read(j, trace)
	if reason == Unjudged {
		reason = Judge(j, answer.inputs())
	}
	x := explained(j, trace, reason, len(q.Request.Query)+len(q.Request.Body))
	if q.Otherwise && reason == Unjudged {
		answer.otherwise(j, x)
	}
	return x, nil
}

// answering is a question with what it names looked up.
type answering struct {
	policy     *Policy
	question   *Question
	objections Objections
	region     Region
}

func (a *answering) inputs() *Inputs { return &Inputs{Now: a.question.At, Keys: a.question.Keys} }

// read takes the hit apart, and puts in place of what it says what the question says.
func (a *answering) read(j *Judgement, trace *Trace) Reason {
	q := a.question
	j.Hit.Reset()
	j.Hit.Request, j.Policy = q.Request, a.policy
	if q.Refused {
		return MalformedHit
	}
	if reason := Read(a.policy, j, a.inputs(), trace); reason != Unjudged {
		return reason
	}
	if q.Region != "" {
		j.Region = a.region
	}
	if q.Signals != nil {
		j.Signals = append(j.Signals[:0], *q.Signals)
	}
	suppose(j, &q.Supposed, trace)
	for range j.Hit.Events {
		j.Objections = append(j.Objections, a.objections)
	}
	return Unjudged
}

// preflight explains a browser's question, where the hit is one.
func (a *answering) preflight(j *Judgement) *Explanation {
	if a.question.Refused || string(a.question.Request.Method) != "OPTIONS" {
		return nil
	}
	j.Hit.Reset()
	j.Hit.Request, j.Policy = a.question.Request, a.policy
	return preflight(j)
}

// preflight explains a browser's question whether it may send a hit: it is answered, and nothing is judged. It returns
// nil where it is about an address that nobody listed.
func preflight(j *Judgement) *Explanation {
	r := &j.Hit.Request
	wanted, _ := r.One("Access-Control-Request-Method")
	if j.Site = j.Policy.Site(r.Host); j.Site == nil {
		return nil
	}
	if j.Route, _, _ = j.Site.Find(wanted, r.Path); j.Route == nil {
		if j.Owner = j.Site.Owner(r.Path); j.Owner == nil {
			return nil
		}
	}
	x := explained(j, new(Trace), Unjudged, 0)
	x.Reason, x.Respond = "preflight", ExplainedResponse{Status: 204, Headers: map[string]string{}}
	return x
}

func explained(j *Judgement, trace *Trace, reason Reason, received int) *Explanation {
	f := j.Refusal(reason)
	x := &Explanation{
		Site: f.Site, Vendor: f.Vendor, Endpoint: f.Endpoint,
		Policy: f.Policy, Region: j.Region.String(), Server: j.FromServer, Decision: f.Decision.String(),
		Signals: []ExplainedSignal{}, Events: []ExplainedEvent{}, Subjects: j.identified(),
	}
	x.Bytes.In = received
	for _, s := range trace.Signals {
		x.Signals = append(x.Signals, ExplainedSignal{s.Source, s.Where, s.State.String(), s.Says})
	}
	if reason != Unjudged {
		x.Reason, x.Why = reason.String(), trace.Why
		x.Respond = refusal(j, reason)
		return x
	}
	for i := range j.Verdicts {
		x.Events = append(x.Events, j.Policy.explainEvent(j.Facts(i)))
	}
	for i := range trace.Fields {
		f := &trace.Fields[i]
		of := &x.Shared
		if f.Event != hit.Shared {
			of = &x.Events[f.Event].Fields
		}
		*of = append(*of, ExplainedField{
			Path: f.Path, Class: f.Class.String(), Action: f.Action, Before: f.Before, After: f.After, Sent: f.Sent, Why: f.Why,
			Found: f.Found, Rule: f.Rule,
		})
	}
	if !j.Out.Forward {
		x.Respond = response(j.DeniedAnswer())
		return x
	}
	x.Decision = Permit.String()
	x.Forward, x.Respond = explainRequest(&j.Out), response(j.Route.Endpoint.SuccessFor(j.Hit.Request.Query))
	x.Asked = j.Route.Endpoint.Kind == catalog.Answer
	x.Bytes.Out, x.Left = len(j.Out.Query)+len(j.Out.Body), j.Left()
	return x
}

func (p *Policy) explainEvent(f Facts) ExplainedEvent {
	f.Name = strings.Clone(f.Name)
	e := ExplainedEvent{
		Index: f.Event, Name: f.Name, Decision: f.Decision.String(), Reason: f.Reason.String(),
		Activity: f.Activity, Basis: f.Basis, Assessment: f.Assessment, Objections: f.Objected,
		Ladder: []ExplainedRung{}, Fields: []ExplainedField{}, Facts: f,
	}
	for _, r := range f.Ladder {
		why := p.refusedBy(&r, f.Signals)
		if r.Decision == Permit && f.Decided != (Lift{}) {
			why = strings.TrimPrefix(why+"; "+f.Decided.Says(), "; ")
		}
		e.Ladder = append(e.Ladder, ExplainedRung{r.Activity.ID, r.Decision.String(), r.Reason.String(), why})
	}
	return e
}

func explainRequest(out *Outgoing) *ExplainedRequest {
	r := &ExplainedRequest{Method: out.Method, URL: strings.TrimSuffix(out.Upstream, "/") + string(out.Path),
		Headers: map[string]string{}}
	if len(out.Query) > 0 {
		r.URL += "?" + string(out.Query)
	}
	for _, header := range out.Headers {
		r.Headers[header.Name] = string(header.Value)
	}
	r.Body, r.BodyBase64 = readable(out.Body)
	return r
}

// readable is a body as text, or in base64 where it is not UTF-8.
func readable(body []byte) (text, encoded string) {
	if utf8.Valid(body) {
		return string(body), ""
	}
	return "", base64.StdEncoding.EncodeToString(body)
}

func response(a *catalog.AnswerFile) ExplainedResponse {
	r := ExplainedResponse{Status: a.Status, Headers: map[string]string{}}
	r.Body, r.BodyBase64 = readable(a.Bytes())
	if a.Type != "" {
		r.Headers["Content-Type"] = a.Type
	}
	return r
}

func refusal(j *Judgement, reason Reason) ExplainedResponse {
	if denied := j.DeniedAnswer(); denied != nil && !slices.Contains([]Reason{OverLimit, Unrecorded}, reason) {
		return response(denied)
	}
	return ExplainedResponse{Status: reason.Status(), Headers: map[string]string{}}
}

// Status is what a hit that is refused as a whole is answered with, where the catalog has no answer for it.
func (r Reason) Status() int {
	switch r {
	case UnknownHost:
		return 421
	case UnknownPath:
		return 404
	case WrongMethod:
		return 405
	case OverLimit:
		return 413
	case Unrecorded, OutOfMemory, QueueFull, ShuttingDown, ClockAhead:
		return 503
	case Failed:
		return 500
	default:
		return 400
	}
}

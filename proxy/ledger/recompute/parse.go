package recompute

import (
	"bytes"
	"encoding/hex"
	"time"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
)

// line is a record of the ledger: its number and what it says. It holds as long as its bytes do.
type line struct {
	number uint64
	kind   string
	at     time.Time // zero: it does not say
	text   string    // the whole of it
	part   int       // which part of a fact it is; 0: it is whole
	parts  int
}

// hash is a subject of a visitor, as the ledger has it.
type hash = [16]byte

// view is bytes as a text for as long as they are not written again.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// parseLine reads what every record says.
func parseLine(number uint64, record []byte) line {
	l := line{number: number, kind: string(ledger.KindOf(record)), text: view(record)}
	const before = `{"time":"`
	if rest, found := bytes.CutPrefix(record, []byte(before)); found {
		if end := bytes.IndexByte(rest, '"'); end > 0 {
			if at, err := time.Parse(time.RFC3339Nano, view(rest[:end])); err == nil {
				l.at = at
			}
		}
	}
	if bytes.Contains(record, []byte(`,"parts":`)) {
		l.part, l.parts = int(gjson.Get(l.text, "part").Int()), int(gjson.Get(l.text, "parts").Int())
	}
	return l
}

// lineOf is a record to be asked for its members.
func lineOf(l *line) gjson.Result { return gjson.Parse(l.text) }

// event is what the record of an event says. It is used again and again.
type event struct {
	rules.RecordedEvent
	hit                    uint64
	index                  uint32
	site, vendor, endpoint string
	policy, region         string
	rungs, shape           string
	subjects               []hash
	form                   int
	queued, recovered      bool
	taken                  bool // another node decided it
	in, out                int
}

// reset forgets the event.
func (e *event) reset() {
	*e = event{subjects: e.subjects[:0], RecordedEvent: rules.RecordedEvent{
		Objected: e.Objected[:0], Dates: e.Dates[:0],
	}}
}

// read adds what one line says of an event.
func (e *event) read(l *line) {
	gjson.Parse(l.text).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "hit":
			e.hit = value.Uint()
		case "event":
			e.index = uint32(value.Uint())
		case "bytes_in":
			e.in = int(value.Int())
		case "bytes_out":
			e.out = int(value.Int())
		case "queued":
			e.queued = value.Bool()
		case "recovered":
			e.recovered = value.Bool()
		case "taken":
			e.taken = value.Str != ""
		case "form":
			e.form = int(value.Int())
		case "assessment_version":
			e.Version = int(value.Int())
		case "decided":
			e.Decided = value.Uint()
		case "consent_at":
			e.ConsentAt = instant(value.Str)
		case "kept_since":
			e.KeptSince = instant(value.Str)
		case "dates":
			e.Dates = appendInstants(e.Dates, value)
		case "objections":
			e.Objected = appendTexts(e.Objected, value)
		case "subjects":
			e.subjects = appendHashes(e.subjects, value)
		default:
			e.readText(key.Str, value.Str)
		}
		return true
	})
}

// readText adds a member that is a text.
func (e *event) readText(name, text string) {
	switch name {
	case "site":
		e.site = text
	case "vendor":
		e.vendor = text
	case "endpoint":
		e.endpoint = text
	case "name":
		e.Name = text
	case "decision":
		e.Decision = text
	case "reason":
		e.Reason = text
	case "activity":
		e.Activity = text
	case "basis":
		e.Basis = text
	case "assessment":
		e.Assessment = text
	case "policy":
		e.policy = text
	case "region":
		e.region = text
	case "rungs":
		e.rungs = text
	case "shape":
		e.shape = text
	}
}

// instant is a time in Unix seconds, 0 where there is none.
func instant(text string) int64 {
	if text == "" {
		return 0
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return 0
	}
	return at.Unix()
}

// each calls f with each item of a list.
func each(list gjson.Result, f func(item gjson.Result)) {
	if !list.IsArray() {
		return
	}
	list.ForEach(func(_, item gjson.Result) bool {
		f(item)
		return true
	})
}

func appendTexts(dst []string, list gjson.Result) []string {
	each(list, func(item gjson.Result) { dst = append(dst, item.Str) })
	return dst
}

func appendInstants(dst []int64, list gjson.Result) []int64 {
	each(list, func(item gjson.Result) { dst = append(dst, instant(item.Str)) })
	return dst
}

// appendHashes adds hashes in hex; what is none is left out.
func appendHashes(dst []hash, list gjson.Result) []hash {
	each(list, func(item gjson.Result) {
		if of, ok := parseHash(item.Str); ok {
			dst = append(dst, of)
		}
	})
	return dst
}

func parseHash(text string) (h hash, ok bool) {
	if len(text) != 2*len(h) {
		return h, false
	}
	n, err := hex.Decode(h[:], unsafe.Slice(unsafe.StringData(text), len(text)))
	return h, err == nil && n == len(h)
}

// outcome is what a record says of how a delivery ended.
type outcome struct {
	of     []name
	hit    uint64 // where it is of one alone
	whole  int    // of a version before: how many events of the hit it is of, which are all that were permitted
	what   string
	why    string
	status int
}

// mostEvents is how many events a hit has, at most.
const mostEvents = 10_000

// read reads the record.
func (o *outcome) read(l *line) {
	*o = outcome{of: o.of[:0]}
	var events, of gjson.Result
	gjson.Parse(l.text).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "hit":
			o.hit = value.Uint()
		case "events":
			events = value
		case "of":
			of = value
		case "outcome":
			o.what = value.Str
		case "why":
			o.why = value.Str
		case "status":
			o.status = int(value.Int())
		}
		return true
	})
	each(events, func(item gjson.Result) { o.of = append(o.of, name{o.hit, uint32(item.Uint())}) })
	if events.Exists() && !events.IsArray() {
		o.whole = int(min(events.Uint(), mostEvents))
	}
	o.of = exchanged(o.of, of)
}

// exchanged appends the events that travelled together: of is a list for each hit, its
// number and the indices of its events.
func exchanged(dst []name, of gjson.Result) []name {
	each(of, func(one gjson.Result) {
		all := one.Array()
		for i := 1; i < len(all); i++ {
			dst = append(dst, name{all[0].Uint(), uint32(all[i].Uint())})
		}
	})
	return dst
}

// ends tells whether an outcome is the last that is said of an event.
func (o *outcome) ends() bool { return ledger.Ends(o.what) }

// left tells whether an outcome shows that bytes of its events left by the attempt that it is of: their
// vendor answered. Where a connection broke, or an event ends as unknown because a process ended,
// nobody knows; open tells which those are.
func (o *outcome) left() bool {
	switch o.why {
	case "":
		return o.what == ledger.Delivered
	case "ok", "refused", "coded", "too_large", "none_taken", "some_taken", "unclear":
		return true
	default:
		return false
	}
}

// rungsOf reads a record of rungs: its id, the policy's digest, and what was judged.
func rungsOf(texts []string) (id, policy string, of rules.RecordedRungs) {
	for _, text := range texts {
		gjson.Parse(text).ForEach(func(key, value gjson.Result) bool {
			switch key.Str {
			case "rungs":
				id = value.Str
			case "policy":
				policy = value.Str
			case "site":
				of.Site = value.Str
			case "vendor":
				of.Vendor = value.Str
			case "endpoint":
				of.Endpoint = value.Str
			case "region":
				of.Region = value.Str
			case "server":
				of.Server = value.Bool()
			case "ladder":
				each(value, func(item gjson.Result) { of.Ladder = append(of.Ladder, rungOf(item)) })
			case "signals":
				each(value, func(item gjson.Result) { of.Signals = append(of.Signals, signalOf(item)) })
			}
			return true
		})
	}
	return id, policy, of
}

func rungOf(item gjson.Result) rules.RecordedRung {
	rung := rules.RecordedRung{
		Activity: item.Get("activity").Str, Decision: item.Get("decision").Str, Reason: item.Get("reason").Str,
	}
	if when := item.Get("when"); when.Exists() {
		if rung.When = rules.WhenUnmet; when.Bool() {
			rung.When = rules.WhenMet
		}
	}
	return rung
}

func signalOf(item gjson.Result) rules.RecordedSignal {
	s := rules.RecordedSignal{
		Source: item.Get("source").Str, State: item.Get("state").Str, Service: item.Get("service").Str,
		Granted: appendTexts(nil, item.Get("granted")), Refused: appendTexts(nil, item.Get("refused")),
		Declined: appendTexts(nil, item.Get("declined")), TCFOnly: appendTexts(nil, item.Get("tcf_only")),
		Unclear: appendTexts(nil, item.Get("unclear")), Objected: appendTexts(nil, item.Get("objected")),
		Consent: purposesOf(item.Get("tcf.consent")), Interest: purposesOf(item.Get("tcf.interest")),
		Listed: item.Get("listed").Bool(), Consented: item.Get("consented").Bool(), GPC: item.Get("gpc").Bool(),
	}
	if out := item.Get("opted_out"); out.Exists() {
		s.OptedOut = appendTexts([]string{}, out)
	}
	return s
}

func purposesOf(by gjson.Result) (all []rules.RecordedPurposes) {
	by.ForEach(func(rule, list gjson.Result) bool {
		of := rules.RecordedPurposes{Rule: rule.Str}
		each(list, func(item gjson.Result) { of.Of = append(of.Of, int(item.Int())) })
		all = append(all, of)
		return true
	})
	return all
}

// shapeOf reads a record of a shape: its id, and the fields that leave, as they came or changed.
func shapeOf(texts []string) (id string, kept, changed []string) {
	for _, text := range texts {
		gjson.Parse(text).ForEach(func(key, value gjson.Result) bool {
			switch key.Str {
			case "shape":
				id = value.Str
			case "kept":
				kept = appendTexts(kept, value)
			case "changed":
				changed = appendTexts(changed, value)
			}
			return true
		})
	}
	return id, kept, changed
}

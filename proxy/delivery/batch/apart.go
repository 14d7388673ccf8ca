package batch

import (
	"bytes"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// Part is what became of one of the events of a request.
type Part struct {
	Outcome delivery.Outcome
	// Again says that it is known that the vendor did not take it, for another's sake or for the length of the request,
	// or that it counts once however often it comes: it comes again at once, with those of its round and no others, or as
	// it came where it is the only one. Without it the outcome is the event's own, and whoever sends decides by it, as
	// for one that travelled alone.
	Again bool
	// Round is 0 or 1. Each has fewer events than the request had, so that this ends: a lone event never comes again.
	Round uint8
}

// Apart takes apart what became of the request that [Batch.Event] made, by how the exchange ended and the body of the
// answer, and appends a part for each event, in their order. An answer that does not say what it is expected to is of
// unknown outcome, unless its status alone says that nothing was taken.
func (b *Batch) Apart(dst []Part, o delivery.Outcome, body []byte) []Part {
	a := apart{answer: &b.at.many.Answer, events: b.events, keyed: b.keyed, o: o, body: body}
	from := len(dst)
	for range b.events {
		dst = append(dst, Part{Outcome: o})
	}
	a.parts = dst[from:]
	switch {
	case o.Kind == delivery.Delivered:
		a.taken()
	case o.Why != delivery.WhyRefused || b.events == 1: // its own
	case slices.Contains(a.answer.Read, o.Status):
		a.read()
	case slices.Contains(a.answer.Halve, o.Status):
		a.halve(delivery.WhyRefused)
	case slices.Contains(a.answer.Doubt, o.Status):
		a.doubt()
	}
	return dst
}

// apart is an answer that is taken apart.
type apart struct {
	answer *catalog.MergeAnswer
	events int
	keyed  bool
	o      delivery.Outcome
	body   []byte
	parts  []Part
}

// all gives every event one outcome.
func (a *apart) all(kind delivery.Kind, why delivery.Why) {
	for i := range a.parts {
		a.parts[i] = Part{Outcome: delivery.Outcome{Kind: kind, Status: a.o.Status, Why: why}}
	}
}

// halve has events of which none was taken come again by halves. A lone one has ended.
func (a *apart) halve(why delivery.Why) {
	a.all(delivery.Dropped, why)
	for i := range a.parts {
		if a.events > 1 {
			a.parts[i].Again = true
		}
		if i >= (a.events+1)/2 {
			a.parts[i].Round = 1
		}
	}
}

// taken reads an answer of success.
func (a *apart) taken() {
	switch bad, good := a.named(a.answer.Bad); {
	case a.answer.All != "":
		a.oneForAll()
	case a.answer.Taken == "":
	case !good:
		a.all(delivery.Unknown, delivery.WhyUnclear)
	default:
		a.counted(bad)
	}
}

// oneForAll reads 1 or 0.
func (a *apart) oneForAll() {
	var said gjson.Result
	if gjson.ValidBytes(a.body) {
		said = gjson.ParseBytes(bytes.TrimSpace(a.body))
	}
	if said.IsObject() {
		said = said.Get(a.answer.All)
	}
	switch {
	case said.Type == gjson.Number && said.Raw == "1":
	case said.Type == gjson.Number && said.Raw == "0":
		a.halve(delivery.WhyNoneTaken)
	default:
		a.all(delivery.Unknown, delivery.WhyUnclear)
	}
}

// counted reads how many events were taken, with those that are named as bad.
func (a *apart) counted(bad []int) {
	count := gjson.GetBytes(a.body, a.answer.Taken)
	if count.Type != gjson.Number || !gjson.ValidBytes(a.body) || count.Num < 0 {
		a.all(delivery.Unknown, delivery.WhyUnclear)
		return
	}
	switch taken := count.Num; {
	case len(bad) > 0 && taken == float64(a.events-len(bad)):
		a.all(delivery.Delivered, delivery.WhyOK)
		a.refuse(bad)
	case len(bad) > 0:
		a.all(delivery.Unknown, delivery.WhyUnclear)
	case taken == 0:
		a.halve(delivery.WhyNoneTaken)
	case taken < float64(a.events):
		a.all(delivery.Unknown, delivery.WhySomeTaken)
	default:
		a.all(delivery.Delivered, delivery.WhyOK)
	}
}

// refuse says of some that the vendor refused them for good.
func (a *apart) refuse(bad []int) {
	for _, i := range bad {
		a.parts[i] = Part{Outcome: delivery.Outcome{Kind: delivery.Dropped, Status: a.o.Status, Why: delivery.WhyRefused}}
	}
}

// read reads a refusal that may say whose fault it is.
func (a *apart) read() {
	bad, good := a.named(a.answer.Bad)
	held, goodToo := a.named(a.answer.Held)
	none, some := a.noneTaken()
	switch named := len(bad) + len(held); {
	case named == 0 && a.whole():
	case a.answer.RestTaken && (!good || named == 0):
		a.all(delivery.Unknown, delivery.WhyUnclear)
	case a.answer.RestTaken:
		a.counted(bad)
	case some:
		a.all(delivery.Unknown, delivery.WhySomeTaken)
	case good && goodToo && named > 0 && (none || a.o.Kind == delivery.Dropped):
		a.all(delivery.Dropped, delivery.WhyRefused)
		for i := range a.parts {
			a.parts[i].Again = true
		}
		for _, i := range held { // what it is refused for may pass
			a.parts[i] = Part{Outcome: a.o}
		}
		a.refuse(bad)
	case none || slices.Contains(a.answer.Halve, a.o.Status):
		a.halve(delivery.WhyRefused)
	}
}

// noneTaken reads of a refusal whether it says that none of the events was taken, or that some were.
func (a *apart) noneTaken() (none, some bool) {
	if a.answer.Taken == "" || !gjson.ValidBytes(a.body) {
		return false, false
	}
	count := gjson.GetBytes(a.body, a.answer.Taken)
	none = count.Raw == "0"
	return none, count.Exists() && !none
}

// doubt reads a refusal after which some may have been taken all the same.
func (a *apart) doubt() {
	none := slices.ContainsFunc(a.answer.None, func(text string) bool { return bytes.HasPrefix(a.body, []byte(text)) })
	if none || a.keyed {
		a.halve(delivery.WhyRefused)
	} else {
		a.all(delivery.Unknown, delivery.WhyUnclear)
	}
}

// whole tells whether a refusal says that it is for none of the events.
func (a *apart) whole() bool {
	if len(a.answer.Whole) == 0 || !gjson.ValidBytes(a.body) {
		return false
	}
	for i := range a.answer.Whole {
		w := &a.answer.Whole[i]
		value := gjson.GetBytes(a.body, w.Path)
		if value.Type == gjson.Null { // or not there
			continue
		}
		for _, text := range w.Texts {
			begins, open := strings.CutSuffix(text, "*")
			if said := value.String(); said == text || open && strings.HasPrefix(said, begins) {
				return true
			}
		}
	}
	return false
}

// named lists the events that an answer counts, each once. It is good unless what stands there is no number of one.
func (a *apart) named(paths [][]string) (events []int, good bool) {
	if len(paths) == 0 || !gjson.ValidBytes(a.body) {
		return nil, len(paths) == 0
	}
	answer, seen := gjson.ParseBytes(a.body), make([]bool, a.events)
	good = true
	for _, path := range paths {
		each(answer, path, func(value gjson.Result) {
			i := int(value.Num)
			if value.Type != gjson.Number || value.Num != float64(i) || i < 0 || i >= a.events {
				good = false
				return
			}
			if !seen[i] {
				seen[i], events = true, append(events, i)
			}
		})
	}
	return events, good
}

// each visits the values at a path of segments: a name, "*" for any, "[]" for an element.
func each(value gjson.Result, path []string, visit func(gjson.Result)) {
	if len(path) == 0 {
		visit(value)
		return
	}
	if path[0] == "[]" && !value.IsArray() || path[0] != "[]" && !value.IsObject() {
		return
	}
	value.ForEach(func(key, inner gjson.Result) bool {
		if path[0] == "[]" || path[0] == "*" || key.Str == path[0] {
			each(inner, path[1:], visit)
		}
		return true
	})
}

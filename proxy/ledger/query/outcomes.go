package query

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// Event names an event: the number of its hit, and its index in there.
type Event struct {
	Hit   uint64
	Index uint32
}

// everyEvent stands for all events of a hit: records of the version before do not say of which an outcome is.
const everyEvent = 1<<32 - 1

// Outcome is what a record says of the delivery of an event.
type Outcome struct {
	Number  uint64 // of the record
	At      time.Time
	Outcome string // "attempt": an attempt was about to begin
	Why     string
	Status  int
}

// Attempt is the outcome of which only the beginning of an attempt tells.
const Attempt = ledger.KindAttempt

// ended are events, in order.
type ended []Event

func compare(a, b Event) int { return cmp.Or(cmp.Compare(a.Hit, b.Hit), cmp.Compare(a.Index, b.Index)) }

func (e ended) holds(hit, index uint64) bool {
	_, one := slices.BinarySearchFunc(e, Event{hit, uint32(min(index, everyEvent))}, compare)
	if one {
		return true
	}
	_, all := slices.BinarySearchFunc(e, Event{hit, everyEvent}, compare)
	return all
}

// How many events are asked about one by one, and how many are held at most.
const (
	fewEvents  = 1000
	mostEvents = 8 << 20
)

// endedAs are the events whose outcome is asked about. Where the rest of the question leaves few events, those are
// asked about; else all outcomes are gone through.
func (l *Ledger) endedAs(ctx context.Context, q *Question) (ended, error) {
	at := slices.IndexFunc(q.Where, func(c Condition) bool { return c.Member == "outcome" })
	if at < 0 {
		return nil, nil
	}
	l = l.uncut()
	of := Question{Where: []Condition{q.Where[at]}, Since: q.Since, Carried: q.Carried}
	of.And("kind", ledger.KindOutcome)
	rest := Question{
		Where: append(slices.Delete(slices.Clone(q.Where), at, at+1), Condition{"kind", []string{ledger.KindEvent}}),
		Since: q.Since, Until: q.Until, Numbers: q.Numbers, Carried: q.Carried, Limit: fewEvents,
	}
	if len(rest.Where) > 1 {
		hits := map[string]bool{}
		tally, err := l.ask(ctx, &rest, nil, func(f *Found) bool {
			hits[strings.Clone(gjson.GetBytes(f.Record, "hit").Raw)] = true
			return true
		})
		switch {
		case err != nil:
			return nil, err
		case len(hits) == 0:
			return nil, nil
		case !tally.More:
			for hit := range hits {
				of.And("hit", hit)
			}
		}
	}
	var all ended
	full := false
	_, err := l.ask(ctx, &of, nil, func(f *Found) bool {
		all = append(all, eventsIn(f.Record)...)
		full = len(all) > mostEvents
		return !full
	})
	if full {
		return nil, &Fault{"outcome",
			"too many deliveries ended so to be looked at in one go: ask about a shorter time, or one vendor"}
	}
	slices.SortFunc(all, compare)
	return all, err
}

// uncut asks the same ledger, and never has enough: what an answer rests on is asked to its end.
func (l *Ledger) uncut() *Ledger {
	whole := *l
	whole.opts.Enough = func(uint64) bool { return false }
	return &whole
}

// eventsIn are the events that an outcome or an attempt is of.
func eventsIn(record []byte) (all []Event) {
	if said := gjson.GetManyBytes(record, "of", "hit", "events"); !said[0].IsArray() && !said[2].IsArray() {
		return []Event{{said[1].Uint(), everyEvent}}
	}
	ledger.EachOf(record, func(hit uint64, event int) { all = append(all, Event{hit, uint32(event)}) })
	return all
}

// Outcomes tells what became of events, from the record of a number on: what the log says of the delivery of each,
// oldest first. An event of which it says nothing is not there.
func (l *Ledger) Outcomes(ctx context.Context, from uint64, of []Event) (map[Event][]Outcome, error) {
	l = l.uncut()
	told := map[Event][]Outcome{}
	wanted := map[Event]bool{}
	var hits []string
	for _, event := range of {
		if hit := strconv.FormatUint(event.Hit, 10); !wanted[event] {
			wanted[event] = true
			hits = append(hits, hit)
		}
	}
	slices.Sort(hits)
	for some := range slices.Chunk(slices.Compact(hits), fewEvents) {
		q := Question{Numbers: Range{First: from}}
		q.And("kind", ledger.KindOutcome, ledger.KindAttempt).And("hit", some...)
		_, err := l.ask(ctx, &q, nil, func(f *Found) bool {
			says := outcomeIn(f)
			for _, event := range eventsIn(f.Record) {
				if event.Index == everyEvent {
					for one := range wanted {
						if one.Hit == event.Hit {
							told[one] = append(told[one], says)
						}
					}
				} else if wanted[event] {
					told[event] = append(told[event], says)
				}
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return told, nil
}

// outcomeIn is what a record says of a delivery.
func outcomeIn(f *Found) Outcome {
	said := gjson.GetManyBytes(f.Record, "time", "outcome", "why", "status")
	o := Outcome{Number: f.Number, At: said[0].Time(), Outcome: strings.Clone(said[1].Str),
		Why: strings.Clone(said[2].Str), Status: int(said[3].Int())}
	if string(ledger.KindOf(f.Record)) == ledger.KindAttempt {
		o.Outcome = Attempt
	}
	return o
}

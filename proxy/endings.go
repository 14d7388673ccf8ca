package proxy

import (
	"slices"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// endings are events that end together: how is recorded first. They are used again and again, by one goroutine.
type endings struct {
	*dispatcher
	items   []queue.Item
	said    []said       // of each
	record  func() error // made once
	writing bool         // it is being recorded

	hits   []ledger.ExchangedHit // what they are recorded with
	events []int
}

// said is what is recorded of how an event ended.
type said struct {
	vendor, outcome, why string
	status               int
}

func newEndings(d *dispatcher) *endings {
	e := &endings{dispatcher: d}
	e.record = e.write
	return e
}

// add notes that an event ends. Where the vendor took it, that alone is recorded: whose it
// was stands in the record of the event.
func (e *endings) add(it queue.Item, outcome, why string, status int) {
	of := said{it.Vendor, e.endsAs(&it, outcome), why, status}
	if of.outcome == ledger.Delivered && why == delivery.WhyOK.String() {
		of = said{outcome: of.outcome}
	}
	e.items, e.said = append(e.items, it), append(e.said, of)
}

// finish records how the events ended, ends them, and forgets them. False where it cannot be recorded: they stay handed
// out, and the next start finds them again.
func (e *endings) finish() (recorded bool) {
	if len(e.items) == 0 {
		return true
	}
	e.writing = true
	err := e.queue.End(e.record, e.items...)
	e.writing = false
	if err != nil {
		e.unrecorded(err)
	} else {
		counters := &e.opts.InForce().counters
		for i := range e.items {
			counters.outcome(e.items[i].Vendor, e.said[i].outcome)
		}
	}
	e.items, e.said = hit.Emptied(e.items), hit.Emptied(e.said)
	return err == nil
}

// names are those of the events that are to end.
func (e *endings) names() (all []queue.Name) {
	for i := range e.items {
		all = append(all, e.items[i].Name)
	}
	return all
}

// mostTogether is how many events stand in one record: it is no longer than a line may be.
const mostTogether = 1000

// write records how the events ended: of those that ended alike, one after the other, in one record.
func (e *endings) write() error {
	e.events = slices.Grow(e.events[:0], len(e.items)) // whose parts the hits hold
	for from := 0; from < len(e.items); {
		to := from
		for e.hits = e.hits[:0]; to < min(len(e.items), from+mostTogether) && e.said[to] == e.said[from]; to++ {
			e.list(e.items[to].Name)
		}
		if err := e.opts.Outcome(e.outcome(&e.said[from])); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// list lists an event below its hit.
func (e *endings) list(of queue.Name) {
	e.events = append(e.events, int(of.Event))
	n := len(e.events)
	if last := len(e.hits) - 1; last >= 0 && e.hits[last].Hit == of.Hit {
		e.hits[last].Events = e.events[n-1-len(e.hits[last].Events) : n]
		return
	}
	e.hits = append(e.hits, ledger.ExchangedHit{Hit: of.Hit, Events: e.events[n-1 : n]})
}

// outcome is the record of those that are listed.
func (e *endings) outcome(of *said) ledger.Outcome {
	o := ledger.Outcome{Vendor: of.vendor, Outcome: of.outcome, Why: of.why, Status: of.status}
	if len(e.hits) > 1 {
		return o.Together(e.hits)
	}
	o.Hit, o.Events = e.hits[0].Hit, e.hits[0].Events
	return o
}

package proxy

import (
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// endings are events that end together: how is recorded first. They are used again and again, by one goroutine.
type endings struct {
	*dispatcher
	items    []queue.Item
	outcomes []ended
	record   func() error // made once
	writing  bool         // it is being recorded
}

// ended is how an event ended.
type ended struct {
	ledger.Outcome
	event [1]int
}

func newEndings(d *dispatcher) *endings {
	e := &endings{dispatcher: d}
	e.record = e.write
	return e
}

// add notes that an event ends.
func (e *endings) add(it queue.Item, outcome, why string, status int) {
	e.items = append(e.items, it)
	e.outcomes = append(e.outcomes, ended{
		ledger.Outcome{
			Hit: it.Name.Hit, Vendor: it.Vendor, Outcome: e.endsAs(&it, outcome), Why: why, Status: status,
		}, [1]int{int(it.Name.Event)},
	})
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
		for i := range e.outcomes {
			counters.outcome(e.items[i].Vendor, e.outcomes[i].Outcome.Outcome)
		}
	}
	e.items, e.outcomes = hit.Emptied(e.items), hit.Emptied(e.outcomes)
	return err == nil
}

// names are those of the events that are to end.
func (e *endings) names() (all []queue.Name) {
	for i := range e.items {
		all = append(all, e.items[i].Name)
	}
	return all
}

// write records how the events ended. Where the vendor took them, that alone is recorded: whose it was stands in the
// records of the events.
func (e *endings) write() error {
	for i := range e.outcomes {
		of := &e.outcomes[i]
		if of.Events = of.event[:]; of.Outcome.Outcome == ledger.Delivered && of.Why == delivery.WhyOK.String() {
			of.Vendor, of.Why, of.Status = "", "", 0
		}
		if err := e.opts.Outcome(of.Outcome); err != nil {
			return err
		}
	}
	return nil
}

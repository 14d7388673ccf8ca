package recompute

import (
	"context"
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
)

// told is what the log says of an event that is read a second time.
type told struct {
	decided  uint64 // number of its record
	decision string
	there    bool
	ended    []uint64 // numbers of the records that end it
}

// readAgain looks once more for the events that records are about which were not waiting then: they were denied, or had
// ended before, or nobody decided on them. There are none in a log that is as it has to be.
func (w closing) readAgain(ctx context.Context) error {
	if len(w.unmatched) == 0 {
		return nil
	}
	all := map[name]*told{}
	for i := range w.unmatched {
		all[w.unmatched[i].name] = &told{}
	}
	r := ledger.Read(w.opts.Dir, 0)
	defer func() { _ = r.Close() }()
	var e event
	var o outcome
	for n := 1; ; n++ {
		if n%toldEvery == 0 {
			if err := w.tell(ctx, w.report.Records); err != nil {
				return err
			}
		}
		if !r.Next() {
			if r.Skip() {
				continue
			}
			break
		}
		number, _ := r.Number()
		l := parseLine(number, r.Record())
		switch l.kind {
		case ledger.KindEvent:
			if e.reset(); l.part <= 1 {
				e.read(&l)
			}
			if of := all[name{e.hit, e.index}]; of != nil && e.Decision != "" {
				of.there, of.decided, of.decision = true, number, e.Decision
			}
		case ledger.KindOutcome:
			o.read(&l)
			for _, one := range o.of {
				if of := all[one]; of != nil && o.ends() {
					of.ended = append(of.ended, number)
				}
			}
		}
	}
	if r.Err() != nil {
		return r.Err()
	}
	w.sayUnmatched(all)
	return nil
}

// sayUnmatched says of each of these events what is wrong, once.
func (w closing) sayUnmatched(all map[name]*told) {
	said := map[name]bool{}
	for i := range w.unmatched {
		u := &w.unmatched[i]
		of, index := all[u.name], u.index
		f := Finding{Records: []uint64{u.number}, Hit: u.hit, Event: &index}
		switch {
		case said[u.name], u.unsaid:
			continue
		case of.there && of.decision != rules.Permit.String():
			if !u.left {
				continue
			}
			f.Kind, f.What = ThoughDenied, fmt.Sprintf("it left, and record %d says that it was denied", of.decided)
			f.Records = append(f.Records, of.decided)
		case of.there && len(of.ended) > 1 && slices.Contains(of.ended, u.number) && u.number != of.ended[0]:
			f.Kind, f.What = EndedTwice, fmt.Sprintf("it ended with record %d, and once more with this one", of.ended[0])
			f.Records = append(f.Records, of.ended[0])
		case of.there && of.decided > u.number:
			f.Kind, f.What = WithoutDecision, fmt.Sprintf("it is recorded in front of what was decided, which record %d says",
				of.decided)
			f.Records = append(f.Records, of.decided)
		case of.there:
			f.Kind, f.What = EndedTwice, "it goes on behind the record that ends it"
			f.Records = append(f.Records, of.ended...)
		case !w.holes.whole(u.hit, w.firstHit):
			if !u.attempt {
				w.report.Undecided++ // what was decided may have been deleted
				said[u.name] = true
			}
			continue
		default:
			f.Kind, f.What = WithoutDecision, "no record says that it was decided"
		}
		said[u.name] = true
		w.found(f)
	}
}

package ledger

import (
	"strings"
	"time"
)

// fronts are texts that many records have, as they stand there: of the millisecond, and of what is decided
// alike. One goroutine at a time uses them.
type fronts struct {
	at    time.Time
	clock []byte // the time, formatted
	all   [mostFronts]front
}

// How many fronts are kept, and of how long texts.
const (
	mostFronts   = 16
	longestFront = 1 << 10
)

// decision is what stands alike in the records of all events that are decided alike.
type decision struct {
	site, vendor, endpoint, decision, reason, activity, basis, assessment, policy, region string
	version                                                                               int
}

// front is a decision as records say it: before the event's name, and behind it.
type front struct {
	of             decision
	before, behind []byte
	spared         int // how often another one may ask for its place
}

// mostSpared is how often a front that was asked for is spared.
const mostSpared = 8

// of is the front of an event; nil: it has none yet, and gets none now.
func (f *fronts) of(e *Event) *front {
	is := decision{
		e.Site, e.Vendor, e.Endpoint, e.Decision, e.Reason, e.Activity, e.Basis, e.LIA, e.Policy, e.Region, e.Version,
	}
	at := &f.all[(len(is.vendor)+3*len(is.activity)+5*len(is.reason)+7*len(is.endpoint))%mostFronts]
	if at.of == is {
		at.spared = mostSpared
		return at
	}
	if is.size() > longestFront {
		return nil
	}
	if at.spared > 0 {
		at.spared--
		return nil
	}
	at.fill(is, e)
	return at
}

// size is how long its texts are.
func (d *decision) size() int {
	return len(d.site) + len(d.vendor) + len(d.endpoint) + len(d.decision) + len(d.reason) +
		len(d.activity) + len(d.basis) +
		len(d.assessment) + len(d.policy) + len(d.region)
}

// fill makes it that of an event. The event's texts are read only while it is recorded: they are copied.
func (f *front) fill(is decision, e *Event) {
	for _, text := range []*string{
		&is.site, &is.vendor, &is.endpoint, &is.decision, &is.reason, &is.activity, &is.basis, &is.assessment,
		&is.policy, &is.region,
	} {
		*text = strings.Clone(*text)
	}
	var l line
	l.whose(e)
	n := len(l.b)
	l.decided(e)
	*f = front{of: is, before: l.b[:n:n], behind: l.b[n:], spared: mostSpared}
}

// time is a time as records say it.
func (f *fronts) time(at time.Time) []byte {
	if f.clock == nil || !at.Equal(f.at) {
		f.at, f.clock = at, at.UTC().AppendFormat(f.clock[:0], time.RFC3339Nano)
	}
	return f.clock
}

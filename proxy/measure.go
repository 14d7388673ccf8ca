package proxy

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// measured are the figures of [metrics.Watch] as hits meet them: see counters.
type measured struct {
	took      memo[took, prometheus.Observer]
	statuses  memo[statusClass, prometheus.Counter]
	uncovered memo[uncovered, prometheus.Counter]
	said      memo[consentSaid, prometheus.Counter]
	fields    memo[fields, prometheus.Counter]
}

type took struct{ vendor, endpoint, outcome string }

type statusClass struct {
	vendor string
	class  int // the first digit of the status; 0: there was none
}

type uncovered struct{ site, what string }

type consentSaid struct {
	site string
	what signal.Overall
}

type fields struct {
	vendor string
	known  bool
}

// measure notes how long a hit took, and what it says as a whole.
func measure(h *hitContext, reason rules.Reason, after time.Duration) {
	f := &h.snapshot.counters
	of := took{outcome: became(h, reason)}
	if r := h.j.Route; r != nil {
		of.vendor, of.endpoint = r.Recipient.ID, r.Endpoint.ID
	}
	f.measured.took.get(of, func() prometheus.Observer {
		return f.metrics.Watch.Hits.WithLabelValues(of.vendor, of.endpoint, of.outcome)
	}).Observe(after.Seconds())
	switch reason {
	case rules.UnknownHost:
		f.uncovered("", "host")
	case rules.UnknownPath:
		f.uncovered(h.j.Site.ID, "path")
	case rules.Unjudged:
		f.saw(h)
	default:
	}
}

// became is how a hit ended, in a word.
func became(h *hitContext, reason rules.Reason) string {
	switch {
	case reason != rules.Unjudged:
		return "refused"
	case h.accepted:
		return "queued"
	case h.sent:
		return h.outcome.Kind.String()
	default:
		return "denied"
	}
}

// uncovered counts a request that nothing covers. Its address is a stranger's text, and is not kept.
func (f *counters) uncovered(site, what string) {
	of := uncovered{site, what}
	f.measured.uncovered.get(of, func() prometheus.Counter {
		return f.metrics.Watch.Uncovered.WithLabelValues(of.site, of.what)
	}).Inc()
}

// saw counts what a hit that was judged says of the visitor's choice, and which of its fields the catalog has.
func (f *counters) saw(h *hitContext) {
	if !h.j.FromServer && len(h.j.Signals) > 0 {
		of := consentSaid{h.j.Site.ID, choiceOf(h.j.Signals)}
		f.measured.said.get(of, func() prometheus.Counter {
			return f.metrics.Watch.Said.WithLabelValues(of.site, of.what.String())
		}).Inc()
	}
	known, unknown := countFields(&h.j.Hit)
	f.fields(h.j.Route.Recipient.ID, true, known)
	f.fields(h.j.Route.Recipient.ID, false, unknown)
}

// choiceOf is what the events of a hit say of the visitor's choice: where they differ, some of it.
func choiceOf(all []signal.Signals) signal.Overall {
	choice := all[0].Overall()
	for i := range all[1:] {
		if all[i+1].Overall() != choice {
			return signal.GrantedSome
		}
	}
	return choice
}

func (f *counters) fields(vendor string, known bool, n int) {
	if n == 0 {
		return
	}
	of := fields{vendor, known}
	f.measured.fields.get(of, func() prometheus.Counter {
		is := "no"
		if of.known {
			is = "yes"
		}
		return f.metrics.Watch.Fields.WithLabelValues(of.vendor, is)
	}).Add(float64(n))
}

// countFields counts what holds a value in a hit, by whether the catalog has it.
func countFields(h *hit.Hit) (known, unknown int) {
	for i := range h.Nodes {
		n := &h.Nodes[i]
		switch {
		case n.Kind.Holds(), n.Opened, n.Made, n.Kind == hit.Raw:
		case n.Field == hit.None:
			unknown++
		default:
			known++
		}
	}
	return known, unknown
}

// statusWords are the classes of status, by their first digit.
var statusWords = [...]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}

// status counts how a request to a vendor was answered, where one was made.
func (f *counters) status(vendor string, o delivery.Outcome) {
	if o.Why == delivery.WhyObjection {
		return // it was held back
	}
	of := statusClass{vendor, min(o.Status/100, len(statusWords)-1)}
	f.measured.statuses.get(of, func() prometheus.Counter {
		return f.metrics.Watch.Statuses.WithLabelValues(of.vendor, statusWords[of.class])
	}).Inc()
}

// Package metrics counts what the server does. Labels come from closed sets (vendors, sites,
// reasons, outcomes), never from a hit.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics are all of the server's figures.
type Metrics struct {
	Registry   *prometheus.Registry
	Hits       *prometheus.CounterVec // by reason: how hits ended as a whole; "judged" where they were judged
	Events     *prometheus.CounterVec // by site, vendor, decision and reason
	Outcomes   *prometheus.CounterVec // by vendor and outcome
	Cookieless *prometheus.CounterVec // by site: hits from another origin that carried no cookies
	Unknown    *prometheus.CounterVec // by vendor: requests for what is its, and not known here
	Panics     prometheus.Counter
	Reloads    *prometheus.CounterVec // by result: loaded, refused
	Due        *prometheus.GaugeVec   // by assessment: days left to its review
	Webhooks   *prometheus.CounterVec // by event and outcome: taken, failed
	Objections *prometheus.CounterVec // by act (objection, restriction, withdrawal, complaint) and source
	Untaken    *prometheus.CounterVec // by cause: limit, full, failed
	// by outcome (written, refused, too_many, full, failed): browsers that were seen with a person who objected
	Followed *prometheus.CounterVec
	// by outcome (written, full, failed): identifiers that an opt-out by the browser's signal is kept for
	Kept *prometheus.CounterVec
	// by outcome (recorded, unrecorded, not_meant, wrong_proof, failed): choices that were sent
	Choices   *prometheus.CounterVec
	Effect    prometheus.Histogram     // seconds until an act was in force
	Checked   *prometheus.CounterVec   // events that left, by what objections were looked up by: identifier, browser
	Told      *prometheus.HistogramVec // by webhook: seconds from when an act was in force here until it was taken there
	Outbox    *prometheus.CounterVec   // by webhook and outcome
	Untold    *prometheus.CounterVec   // by webhook and why: attempts that came to nothing, and messages given up
	Copies    *prometheus.CounterVec   // by place and result (copied, failed): checkpoints of the ledger that were copied
	Witnessed *prometheus.CounterVec   // by witness and outcome: how exchanges with witnesses of the ledger ended
	// calls of the API that were turned away, by why: wrong_token, too_many, ambiguous, forbidden
	Turned   *prometheus.CounterVec
	Unkept   *prometheus.CounterVec // by listener (hits, admin, control) and cause: connections that were not kept
	BytesIn  prometheus.Counter
	BytesOut prometheus.Counter

	Delivery Delivery
	Watch    Watch
}

const namespace = "tagwarden"

// New makes the figures and registers them, with those of the Go runtime.
func New() *Metrics {
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}
	}
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		Hits: prometheus.NewCounterVec(counter("hits_total", "Hits received, by how they ended as a whole."),
			[]string{"reason"}),
		Events: prometheus.NewCounterVec(counter("events_total", "Events judged, by decision and reason."),
			[]string{"site", "vendor", "decision", "reason"}),
		Outcomes: prometheus.NewCounterVec(counter("deliveries_total", "Requests to vendors, by how they ended."),
			[]string{"vendor", "outcome"}),
		Cookieless: prometheus.NewCounterVec(counter("cookieless_hits_total", "Hits from another origin that carried no "+
			"cookies: signals kept in cookies are not seen there."), []string{"site"}),
		Unknown: prometheus.NewCounterVec(counter("unknown_requests_total", "Requests below a vendor's prefix, or in "+
			"its part of the paths, for what its catalog entry does not know: answered as if all were well, and forwarded "+
			"nowhere. Many mean that its SDK does more than this version knows."), []string{"vendor"}),
		Panics: prometheus.NewCounter(counter("panics_total", "Hits and deliveries that ended in a panic: a bug.")),
		Reloads: prometheus.NewCounterVec(counter("reloads_total", "Reloads of configuration and policy, by result."),
			[]string{"result"}),
		Due: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: "assessment_days_left",
			Help: "Days until an assessment's review is due; negative: past, and its activities deny."}, []string{"assessment"}),
		Webhooks: prometheus.NewCounterVec(counter("webhooks_total",
			"Attempts to tell webhooks of reviews and alarms, by event and by whether they were taken."),
			[]string{"event", "outcome"}),
		Objections: prometheus.NewCounterVec(counter("objections_total", "Acts that changed something, by kind and by "+
			"where they came from."), []string{"act", "source"}),
		Untaken: prometheus.NewCounterVec(counter("objections_not_taken_total", "Changes of visitors that were not "+
			"made. limit: too many from there; full: too little room on the disk; failed: they could not be written."),
			[]string{"cause"}),
		Followed: prometheus.NewCounterVec(counter("objections_seen_with_total",
			"Identifiers of browsers that were seen in one event with a person who objected. written: objected for from then "+
				"on; refused: they follow too many already; too_many: more than 20 browsers of one identifier on a day; "+
				"full: too many waited, the next hit brings it again; failed: they could not be written."), []string{"outcome"}),
		Kept: prometheus.NewCounterVec(counter("opt_outs_kept_total",
			"Identifiers that came with Global Privacy Control from where it is to be kept. written: kept from then on; "+
				"full: too many waited, the next hit brings it again; failed: it could not be written."), []string{"outcome"}),
		Choices: prometheus.NewCounterVec(counter("choices_total",
			"Choices of visitors that were sent. recorded: on the ledger; unrecorded: too many without an identifier, which "+
				"can be shown for nobody; not_meant: of a platform, about nothing that is a category here, or made long ago; "+
				"wrong_proof: what came with it does not vouch for it; failed: it could not be written."), []string{"outcome"}),
		Effect: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Name: "objection_effect_seconds", Help: "Seconds from when an act was received until it was " +
				"on disk and in force here.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 3, 10},
		}),
		Checked: prometheus.NewCounterVec(counter("forwarded_events_total", "Events that left, by what objections were "+
			"looked up by at the last moment: an identifier, or the browser's own cookie alone."), []string{"by"}),
		Told: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "objection_propagation_seconds", Help: "Seconds from when an act was in force here " +
				"until a webhook took it.",
			Buckets: []float64{.1, .5, 1, 5, 30, 120, 600, 3600, 21600, 86400, 604800},
		}, []string{"webhook"}),
		Outbox: prometheus.NewCounterVec(counter("objection_messages_total", "Messages about objections to webhooks, by "+
			"what became of an attempt; no_identifier: the act had none that the webhook knows people by."),
			[]string{"webhook", "outcome"}),
		Untold: prometheus.NewCounterVec(counter("webhook_failures_total",
			"Attempts to tell a webhook of anything that came to nothing, and messages that were given up (dropped_...), by "+
				"why. down: nobody there; secret: its file does not do; gone: 410, it is paused; limited: 429; timeout; broken: "+
				"no answer; failed: 5xx or 3xx; refused: 4xx."), []string{"webhook", "why"}),
		Copies: prometheus.NewCounterVec(counter("checkpoint_copies_total",
			"Attempts to copy the ledger's newest checkpoint (ledger.checkpoint_to), by place and result: copied, failed."),
			[]string{"place", "result"}),
		Witnessed: prometheus.NewCounterVec(counter("witness_requests_total",
			"Checkpoints of the ledger that a witness was asked to sign, by how that ended. signed; unreachable; unknown_log; "+
				"unknown_key; refused_proof: it does not take a proof that holds; conflict: it expects another size; unsigned: "+
				"its answer holds no signature by its key; bad_answer; unreadable: the ledger's own hashes cannot be read; "+
				"disputed: it saw another log, and nothing is forwarded."), []string{"witness", "outcome"}),
		Turned: prometheus.NewCounterVec(counter("api_turned_away_total", "Calls of the API that were turned away: "+
			"wrong_token, too_many (wrong ones from one address), ambiguous (a header given twice), forbidden (a right token, "+
			"not for that)."), []string{"why"}),
		Unkept: prometheus.NewCounterVec(counter("connections_not_kept_total", "Connections that were closed for want of "+
			"a place. network: theirs has as many as one may have; full: there was none; made_room: they rested, and somebody "+
			"else needed their place."), []string{"listener", "cause"}),
		BytesIn:  prometheus.NewCounter(counter("received_bytes_total", "Bytes of queries and bodies received.")),
		BytesOut: prometheus.NewCounter(counter("forwarded_bytes_total", "Bytes of queries and bodies forwarded.")),
	}
	m.Registry.MustRegister(m.Hits, m.Events, m.Outcomes, m.Cookieless, m.Unknown, m.Panics, m.Reloads, m.Due, m.Webhooks,
		m.Objections, m.Untaken, m.Followed, m.Kept, m.Choices, m.Effect, m.Checked, m.Told, m.Outbox, m.Untold, m.Copies,
		m.Witnessed, m.Turned, m.Unkept, m.BytesIn, m.BytesOut,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.Delivery, m.Watch = newDelivery(m.Registry), newWatch(m.Registry)
	return m
}

// Memory shows what hits hold of memory, and what they may, in bytes.
func (m *Metrics) Memory(held, most func() int) {
	gauge := func(name, help string, read func() int) prometheus.GaugeFunc {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, func() float64 {
			return float64(read())
		})
	}
	m.Registry.MustRegister(
		gauge("hits_memory_bytes",
			"Bytes that the hits under way hold: bodies, what is opened of them, fields, what is sent on.", held),
		gauge("hits_memory_limit_bytes",
			"Bytes that all hits together may hold (limits.memory); beyond it a hit is answered with 503.", most),
	)
}

// CertificateDaysLeft shows for how many days the certificate of the hits listener is good, where there is one.
func (m *Metrics) CertificateDaysLeft(days func() float64) {
	m.Registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "certificate_days_left", Help: "Days until the certificate of the hits listener ends; " +
			"negative: it has ended.",
	}, days))
}

// Places shows how many connections a listener has, and how many it may have.
func (m *Metrics) Places(listener string, open, most func() int) {
	gauge := func(name, help string, read func() int) prometheus.GaugeFunc {
		opts := prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help,
			ConstLabels: prometheus.Labels{"listener": listener}}
		return prometheus.NewGaugeFunc(opts, func() float64 { return float64(read()) })
	}
	m.Registry.MustRegister(
		gauge("connections", "Connections that are open.", open),
		gauge("connections_limit", "Connections that may be open; beyond that those are closed first that rest longest, of "+
			"the networks that have most.", most),
	)
}

package metrics

import "github.com/prometheus/client_golang/prometheus"

// Watch is what whoever looks after the server goes by: how long things take, and what hits say as a whole. Nothing of
// it allocates where the labels were looked up before.
type Watch struct {
	Hits      *prometheus.HistogramVec // by vendor, endpoint and outcome: seconds
	Appended  prometheus.Histogram     // seconds until a hit's records were written
	Synced    prometheus.Histogram     // seconds that fsync(2) of the ledger took
	Statuses  *prometheus.CounterVec   // by vendor and class of status
	Uncovered *prometheus.CounterVec   // by site and what of the address nobody covers
	Said      *prometheus.CounterVec   // by site and what hits say of the visitor's choice
	Fields    *prometheus.CounterVec   // by vendor and whether the catalog knows them
}

// spans are the bounds of histograms, in seconds: from what a denied hit takes to what no visitor waits for.
var spans = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

func newWatch(r *prometheus.Registry) Watch {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	}
	span := func(name, help string) prometheus.HistogramOpts {
		return prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: spans}
	}
	w := Watch{
		Hits: prometheus.NewHistogramVec(span("hit_seconds", "Seconds from when the head of a hit was read until its "+
			"answer was there. delivered, dropped, unknown: how its request to the vendor ended, which is in it; queued: its "+
			"events wait; denied: nothing of it leaves; refused: it was ended as a whole."),
			[]string{"vendor", "endpoint", "outcome"}),
		Appended: prometheus.NewHistogram(span("ledger_append_seconds", "Seconds from when the records of a hit were "+
			"handed to the ledger until they were written; where its events wait, until both were on disk.")),
		Synced: prometheus.NewHistogram(span("ledger_sync_seconds", "Seconds that it took to bring to disk what was "+
			"written to the ledger: one for all hits that wait.")),
		Statuses: counter("vendor_statuses_total", "Requests to vendors by the class of the status that they were answered "+
			"with: 2xx, 3xx, 4xx, 5xx; none: there was no answer.", "vendor", "status"),
		Uncovered: counter("uncovered_hits_total",
			"Requests that nothing covers. host: their host is of no site; path: on that "+
				"site no endpoint has their path, or not by their method. Nothing of them is forwarded.", "site", "what"),
		Said: counter("consent_hits_total",
			"Hits of browsers by what they say of the visitor's choice. granted; partly: some of "+
				"it; refused; silent: nothing speaks of it. What counts for an event is up to its activity.", "site", "said"),
		Fields: counter("fields_total",
			"Fields of hits that were judged, by whether the vendor's catalog entry has them. What "+
				"it does not have is dropped, unless the policy names it.", "vendor", "known"),
	}
	r.MustRegister(w.Hits, w.Appended, w.Synced, w.Statuses, w.Uncovered, w.Said, w.Fields)
	return w
}

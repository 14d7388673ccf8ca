package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Export is how one receiver of the ledger's records stands.
type Export struct {
	Name    string
	Behind  uint64    // records that it has not taken
	Oldest  time.Time // when the first of these was written; zero: there are none
	Failing bool
}

// Exports count what becomes of records that are sent on.
type Exports struct {
	Sent    *prometheus.CounterVec // by receiver
	Dropped *prometheus.CounterVec // by receiver and why
	Errors  *prometheus.CounterVec // by receiver
}

// exports shows how receivers stand.
type exports struct {
	states                  func() []Export
	now                     func() time.Time
	behind, oldest, failing *prometheus.Desc
}

// Exports shows how the receivers of the ledger's records stand, and counts for them.
func (m *Metrics) Exports(now func() time.Time, states func() []Export) *Exports {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, []string{"receiver"}, nil)
	}
	m.Registry.MustRegister(&exports{states, now,
		desc("ledger_export_behind_records", "Records of the ledger that are on disk and that a receiver has not taken."),
		desc("ledger_export_behind_seconds", "How long the first of these has waited; 0: none waits."),
		desc("ledger_export_failing", "1 where the last attempt to send records failed."),
	})
	count := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	}
	c := &Exports{
		Sent: count("ledger_export_sent_total", "Records of the ledger that were sent; one that is sent again counts again.",
			"receiver"),
		Dropped: count("ledger_export_dropped_total",
			"Records that a receiver does not get. behind: it was further behind than it may be; "+
				"gone: deleted or set aside before; damaged: they cannot be read; refused: it will not have them.",
			"receiver", "why"),
		Errors: count("ledger_export_errors_total", "Attempts to send records that failed.", "receiver"),
	}
	m.Registry.MustRegister(c.Sent, c.Dropped, c.Errors)
	return c
}

// Describe lists the figures.
func (e *exports) Describe(to chan<- *prometheus.Desc) {
	to <- e.behind
	to <- e.oldest
	to <- e.failing
}

// Collect reads them.
func (e *exports) Collect(to chan<- prometheus.Metric) {
	gauge := func(of *prometheus.Desc, value float64, name string) {
		to <- prometheus.MustNewConstMetric(of, prometheus.GaugeValue, value, name)
	}
	for _, one := range e.states() {
		var since, failing float64
		if !one.Oldest.IsZero() && one.Behind > 0 {
			since = max(e.now().Sub(one.Oldest).Seconds(), 0)
		}
		if one.Failing {
			failing = 1
		}
		gauge(e.behind, float64(one.Behind), one.Name)
		gauge(e.oldest, since, one.Name)
		gauge(e.failing, failing, one.Name)
	}
}

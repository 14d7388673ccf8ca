package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Witness is how one witness of the ledger stands.
type Witness struct {
	Name     string
	Size     int64     // records of the last checkpoint that it signed; 0: none
	Signed   time.Time // when that was; zero: never
	Disputes bool      // it saw another log
}

// witnesses shows how witnesses stand.
type witnesses struct {
	states                  func() []Witness
	size, signed, disputing *prometheus.Desc
}

// Witnesses shows how the witnesses of the ledger stand.
func (m *Metrics) Witnesses(states func() []Witness) {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, []string{"witness"}, nil)
	}
	m.Registry.MustRegister(&witnesses{states,
		desc("witness_records", "Records of the ledger's last checkpoint that a witness signed."),
		desc("witness_signed_timestamp_seconds", "When a witness last signed a checkpoint of the ledger; 0: never."),
		desc("witness_disputes", "1 where a witness saw another ledger than the one that is here: nothing is forwarded."),
	})
}

// Describe lists the figures.
func (w *witnesses) Describe(to chan<- *prometheus.Desc) {
	to <- w.size
	to <- w.signed
	to <- w.disputing
}

// Collect reads them.
func (w *witnesses) Collect(to chan<- prometheus.Metric) {
	gauge := func(of *prometheus.Desc, value float64, name string) {
		to <- prometheus.MustNewConstMetric(of, prometheus.GaugeValue, value, name)
	}
	for _, one := range w.states() {
		var at, disputes float64
		if !one.Signed.IsZero() {
			at = float64(one.Signed.Unix())
		}
		if one.Disputes {
			disputes = 1
		}
		gauge(w.size, float64(one.Size), one.Name)
		gauge(w.signed, at, one.Name)
		gauge(w.disputing, disputes, one.Name)
	}
}

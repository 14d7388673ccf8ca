package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Ledger is how the forwarding log stands.
type Ledger struct {
	Records uint64    // written
	Sealed  uint64    // of these, those in sealed segments
	Signed  uint64    // of these, those that the newest checkpoint covers
	At      time.Time // when that was signed; zero: there is none
	Takes   bool      // it takes records of hits
}

// Ledger shows how the forwarding log stands.
func (m *Metrics) Ledger(now func() Ledger) {
	gauge := func(name, help string, value func(Ledger) float64) {
		m.Registry.MustRegister(prometheus.NewGaugeFunc(
			prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help},
			func() float64 { return value(now()) }))
	}
	gauge("ledger_records", "Records of the forwarding log.", func(l Ledger) float64 { return float64(l.Records) })
	gauge("ledger_sealed_records", "Of these, those in files that are written no more.", func(l Ledger) float64 {
		return float64(l.Sealed)
	})
	gauge("ledger_signed_records", "Of these, those that the newest checkpoint covers.", func(l Ledger) float64 {
		return float64(l.Signed)
	})
	gauge("ledger_checkpoint_timestamp_seconds", "When the newest checkpoint was signed; 0: never.",
		func(l Ledger) float64 {
			if l.At.IsZero() {
				return 0
			}
			return float64(l.At.Unix())
		})
	gauge("ledger_takes_records", "1 where decisions can be recorded; 0: nothing is forwarded.", func(l Ledger) float64 {
		if l.Takes {
			return 1
		}
		return 0
	})
}

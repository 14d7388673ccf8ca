package metrics

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Policy is what serves, and how reading it again went.
type Policy struct {
	Digest  string
	Good    time.Time // when server file and policy folder were last read, and what they say serves
	Refused time.Time // when they were last read and refused; zero: never since the start
	Stale   bool      // the last time they were: what serves is not what they say
}

// policy shows it.
type policy struct {
	now               func() Policy
	info, at, refused *prometheus.Desc
}

// Policy shows what serves, and how reading it again went.
func (m *Metrics) Policy(now func() Policy) {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
	}
	m.Registry.MustRegister(&policy{
		now:  now,
		info: desc("policy_info", "1, with the digest of the policy that serves: records of the ledger name it.", "digest"),
		at: desc("reload_timestamp_seconds", "When server file and policy folder were last read, by how that went; 0: never "+
			"since the start. loaded: what they say serves; refused: what was there goes on.", "result"),
		refused: desc("reload_refused",
			"1 where the files were refused when they were last read: what serves is not what they "+
				"say."),
	})
}

// Describe lists the figures.
func (p *policy) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{p.info, p.at, p.refused} {
		to <- d
	}
}

// Collect reads them.
func (p *policy) Collect(to chan<- prometheus.Metric) {
	gauge := func(of *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(of, prometheus.GaugeValue, value, labels...)
	}
	at := func(t time.Time) float64 {
		if t.IsZero() {
			return 0
		}
		return float64(t.Unix())
	}
	now := p.now()
	gauge(p.info, 1, now.Digest)
	gauge(p.at, at(now.Good), "loaded")
	gauge(p.at, at(now.Refused), "refused")
	stale := 0.0
	if now.Stale {
		stale = 1
	}
	gauge(p.refused, stale)
}

// Build shows which version runs.
func (m *Metrics) Build(version string) {
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "1, with the version that runs, and of which Go it was made.",
		ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version()},
	})
	build.Set(1)
	m.Registry.MustRegister(build)
}

package metrics

import "github.com/prometheus/client_golang/prometheus"

// Alarm is one that is watched.
type Alarm struct {
	Name, Subject string
	Rings         bool
}

// alarms shows which ring.
type alarms struct {
	now  func() []Alarm
	desc *prometheus.Desc
}

// Alarms shows which alarms ring.
func (m *Metrics) Alarms(now func() []Alarm) {
	m.Registry.MustRegister(&alarms{now, prometheus.NewDesc(prometheus.BuildFQName(namespace, "", "alarm"),
		"1 where an alarm rings, 0 where it does not: what is watched of sites, vendors, assessments, certificates.",
		[]string{"name", "subject"}, nil)})
}

// Describe is that of prometheus.Collector.
func (a *alarms) Describe(to chan<- *prometheus.Desc) { to <- a.desc }

// Collect is that of prometheus.Collector.
func (a *alarms) Collect(to chan<- prometheus.Metric) {
	for _, one := range a.now() {
		rings := 0.
		if one.Rings {
			rings = 1
		}
		to <- prometheus.MustNewConstMetric(a.desc, prometheus.GaugeValue, rings, one.Name, one.Subject)
	}
}

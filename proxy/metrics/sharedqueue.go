package metrics

import "github.com/prometheus/client_golang/prometheus"

// SharedQueue is how the queue stands that the nodes of a cluster share.
type SharedQueue struct {
	Messages    map[string]uint64 // by vendor
	Bytes, Size float64
	Taken       int  // events that this node has of it
	Wrong       bool // nothing can be put there
}

// sharedFigures shows it.
type sharedFigures struct {
	now                                 func() SharedQueue
	messages, bytes, size, taken, wrong *prometheus.Desc
}

// SharedQueue shows how the queue stands that the nodes of a cluster share. It is the same on
// each node, but for what that has taken.
func (m *Metrics) SharedQueue(now func() SharedQueue) {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
	}
	m.Registry.MustRegister(&sharedFigures{
		now: now,
		messages: desc("cluster_queue_messages", "Messages of 1 to 256 events in the queue that the cluster's nodes share.",
			"vendor"),
		bytes: desc("cluster_queue_bytes", "Bytes of them."),
		size: desc("cluster_queue_limit_bytes",
			"Bytes that they may have (delivery.queue.size); beyond it hits are answered "+
				"with 503."),
		taken: desc("cluster_queue_taken_events", "Events that this node has taken of them, and that have not ended."),
		wrong: desc("cluster_queue_unreachable", "1: nothing can be put there, and hits are answered with 503."),
	})
}

// Describe is that of prometheus.Collector.
func (s *sharedFigures) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.messages, s.bytes, s.size, s.taken, s.wrong} {
		to <- d
	}
}

// Collect is that of prometheus.Collector.
func (s *sharedFigures) Collect(to chan<- prometheus.Metric) {
	of := s.now()
	for vendor, n := range of.Messages {
		to <- prometheus.MustNewConstMetric(s.messages, prometheus.GaugeValue, float64(n), vendor)
	}
	wrong := 0.0
	if of.Wrong {
		wrong = 1
	}
	for _, one := range []struct {
		of *prometheus.Desc
		is float64
	}{{s.bytes, of.Bytes}, {s.size, of.Size}, {s.taken, float64(of.Taken)}, {s.wrong, wrong}} {
		to <- prometheus.MustNewConstMetric(one.of, prometheus.GaugeValue, one.is)
	}
}

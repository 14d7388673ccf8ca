package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Cluster is how this node stands in its cluster.
type Cluster struct {
	Stale      bool
	Fresh      time.Time // when it last lacked nothing; zero: never yet
	Applied    uint64    // acts
	Behind     uint64    // acts that were read and not applied
	Waiting    int       // acts that were asked for here and that the others do not know yet
	Oldest     time.Time // since when the first of these waits; zero: there are none
	Reconnects uint64
}

// clusterFigures shows it.
type clusterFigures struct {
	state func() Cluster
	now   func() time.Time
	descs []*prometheus.Desc
}

// Cluster shows how this node stands in its cluster.
func (m *Metrics) Cluster(state func() Cluster, now func() time.Time) {
	c := &clusterFigures{state: state, now: now}
	for _, of := range [...][2]string{
		{"cluster_stale", "1 where this node may lack an objection that another one took."},
		{"cluster_fresh_seconds", "How long ago this node last lacked nothing; -1: it never had all acts."},
		{"cluster_applied_acts_total", "Acts of the cluster's log that this node has done, since there is the log."},
		{"cluster_behind_acts", "Acts that this node has read, and not done yet."},
		{"cluster_untold_acts", "Acts that people asked this node for, and that the others do not know yet."},
		{"cluster_untold_seconds", "How long the first of these has waited; 0: none waits."},
		{"cluster_reconnects_total", "How often this node had to connect again."},
	} {
		c.descs = append(c.descs, prometheus.NewDesc(prometheus.BuildFQName(namespace, "", of[0]), of[1], nil, nil))
	}
	m.Registry.MustRegister(c)
}

// ClusterEffect is how long test objections take until they are in force on nodes, by the name of the node.
type ClusterEffect struct {
	seconds *prometheus.HistogramVec
	last    *prometheus.GaugeVec
	unseen  *prometheus.CounterVec
}

// NewClusterEffect shows it.
func (m *Metrics) NewClusterEffect() *ClusterEffect {
	c := &ClusterEffect{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "cluster_effect_seconds",
			Help: "How long a test objection took from when it was asked for until it was in force on a node, and that was " +
				"known where it was asked for.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"node"}),
		last: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: "cluster_effect_last_seconds",
			Help: "How long the last one took; -1: it was not in force there when the next one was asked for.",
		}, []string{"node"}),
		unseen: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "cluster_effect_unseen_total",
			Help: "Test objections that were not in force on a node when the next one was asked for.",
		}, []string{"node"}),
	}
	m.Registry.MustRegister(c.seconds, c.last, c.unseen)
	return c
}

// Took notes that a test objection was in force on a node after so many seconds.
func (c *ClusterEffect) Took(node string, seconds float64) {
	c.seconds.WithLabelValues(node).Observe(seconds)
	c.last.WithLabelValues(node).Set(seconds)
}

// Unseen notes that it was not in force there in time.
func (c *ClusterEffect) Unseen(node string) {
	c.unseen.WithLabelValues(node).Inc()
	c.last.WithLabelValues(node).Set(-1)
}

// Forget takes a node off.
func (c *ClusterEffect) Forget(node string) {
	c.seconds.DeleteLabelValues(node)
	c.last.DeleteLabelValues(node)
	c.unseen.DeleteLabelValues(node)
}

// Describe lists the figures.
func (c *clusterFigures) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range c.descs {
		to <- desc
	}
}

// Collect says how they stand.
func (c *clusterFigures) Collect(to chan<- prometheus.Metric) {
	is, now := c.state(), c.now()
	since := func(t time.Time, never float64) float64 {
		if t.IsZero() {
			return never
		}
		return max(0, now.Sub(t).Seconds())
	}
	stale := 0.0
	if is.Stale {
		stale = 1
	}
	for i, value := range [...]float64{
		stale, since(is.Fresh, -1), float64(is.Applied), float64(is.Behind), float64(is.Waiting), since(is.Oldest, 0),
		float64(is.Reconnects),
	} {
		kind := prometheus.GaugeValue
		if i == 2 || i == 6 {
			kind = prometheus.CounterValue
		}
		to <- prometheus.MustNewConstMetric(c.descs[i], kind, value)
	}
}

// Administration is how far this node has come with what nodes share beside objections.
type Administration struct {
	Applied uint64 // acts
	Waiting int    // acts that were asked for here and that the others do not know yet
}

// Administration shows it.
func (m *Metrics) Administration(state func() Administration) {
	m.Registry.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: namespace, Name: "cluster_administration_acts_total",
			Help: "Acts on tokens, assessments and keys that this node has done, since there is the log.",
		}, func() float64 { return float64(state().Applied) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Name: "cluster_untold_administration_acts",
			Help: "Such acts that this node was asked for, and that the others do not know yet.",
		}, func() float64 { return float64(state().Waiting) }),
	)
}

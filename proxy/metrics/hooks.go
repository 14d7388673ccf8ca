package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Hook is how one webhook stands.
type Hook struct {
	Name    string
	Waiting int       // messages
	Bytes   int64     // that these take
	Oldest  time.Time // when the one began to wait that waits longest; zero: none does
	Failing time.Time // since when it took nothing of what was tried; zero: it took what was tried last
	Paused  bool      // nothing is tried
}

// hooks shows how webhooks stand.
type hooks struct {
	now                                     func() time.Time
	states                                  func() []Hook
	waiting, bytes, oldest, failing, paused *prometheus.Desc
}

// Hooks shows how webhooks stand.
func (m *Metrics) Hooks(now func() time.Time, states func() []Hook) {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, []string{"webhook"}, nil)
	}
	m.Registry.MustRegister(&hooks{
		now, states,
		desc("webhook_messages_waiting", "Messages that wait for a webhook to take them."),
		desc("webhook_waiting_bytes", "Bytes of the messages that wait for a webhook."),
		desc("webhook_oldest_seconds", "For how long the message waits that waits longest for a webhook; 0: none does."),
		desc("webhook_failing_seconds",
			"For how long a webhook took nothing of what it was told; 0: it took what was tried last."),
		desc("webhook_paused",
			"1 where a webhook said that it is gone (410): its messages wait until its lines in the server file "+
				"change, or a restart."),
	})
}

// Describe lists the figures.
func (h *hooks) Describe(to chan<- *prometheus.Desc) {
	for _, one := range []*prometheus.Desc{h.waiting, h.bytes, h.oldest, h.failing, h.paused} {
		to <- one
	}
}

// Collect reads them.
func (h *hooks) Collect(to chan<- prometheus.Metric) {
	gauge := func(of *prometheus.Desc, value float64, name string) {
		to <- prometheus.MustNewConstMetric(of, prometheus.GaugeValue, value, name)
	}
	now := h.now()
	since := func(at time.Time) float64 {
		if at.IsZero() {
			return 0
		}
		return max(now.Sub(at).Seconds(), 0)
	}
	for _, one := range h.states() {
		gauge(h.waiting, float64(one.Waiting), one.Name)
		gauge(h.bytes, float64(one.Bytes), one.Name)
		gauge(h.oldest, since(one.Oldest), one.Name)
		gauge(h.failing, since(one.Failing), one.Name)
		paused := 0.
		if one.Paused {
			paused = 1
		}
		gauge(h.paused, paused, one.Name)
	}
}

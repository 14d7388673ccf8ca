package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Delivery is what is counted of queued delivery.
type Delivery struct {
	Attempts *prometheus.CounterVec // by vendor and outcome: how requests ended
	Again    *prometheus.CounterVec // by vendor and why: events that are to be tried again
	// by cause (size, disk, quorum): hits answered with 503, since nothing more could wait
	Full    *prometheus.CounterVec
	Answers *prometheus.HistogramVec // by vendor: seconds from a request's first byte to its answer
}

func newDelivery(r *prometheus.Registry) Delivery {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	}
	d := Delivery{
		Attempts: counter("attempts_total", "Requests to vendors for events that waited, by how they ended. again: they are "+
			"tried again; parked: the vendor refused them.", "vendor", "outcome"),
		Again: counter("retries_total", "Events that waited and are tried again, by what their last attempt came to.",
			"vendor", "why"),
		Full: counter("queue_full_total", "Hits that were answered with 503, since nothing more could wait. size: the queue "+
			"has all the room that it may take (delivery.queue.size); disk: too little is left on the disk "+
			"(delivery.queue.reserve); quorum: the cluster's queue cannot be reached (delivery.queue.on).", "cause"),
		Answers: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "vendor_answer_seconds",
			Help: "Seconds from the first byte of a request to a vendor until its answer was there; what was not answered " +
				"is not in it.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 3},
		}, []string{"vendor"}),
	}
	r.MustRegister(d.Attempts, d.Again, d.Full, d.Answers)
	return d
}

// Queue is how the queue stands.
type Queue struct {
	Bytes, Size         int64 // of the files of what waits, and as much as they may have
	ParkBytes, ParkSize int64 // likewise of what is parked
	Damaged             int   // events that were lost, since their bytes were damaged on disk
	Vendors             []QueueVendor
	Parked              []Parked
	Breakers            []Breaker
}

// QueueVendor is what waits for one vendor.
type QueueVendor struct {
	Vendor string
	Events int
	Bytes  int64
	Oldest time.Duration // how long the first of them has waited
}

// Parked is what one vendor refused for one reason.
type Parked struct {
	Vendor, Reason string
	Events         int
	Bytes          int64
}

// Breaker is whether a vendor is asked: closed, it is; open, it is not; half_open, it is asked once.
type Breaker struct{ Vendor, State string }

// breakerStates are the states that a breaker may have.
var breakerStates = [...]string{"closed", "open", "half_open"}

// queue shows how the queue stands.
type queue struct {
	now func() Queue

	events, bytes, oldest   *prometheus.Desc
	parked, parkedBytes     *prometheus.Desc
	files, size             *prometheus.Desc
	parkedFiles, parkedSize *prometheus.Desc
	damaged, breaker        *prometheus.Desc
}

// Queue shows how the queue stands. It is asked once for each time that the figures are read.
func (m *Metrics) Queue(now func() Queue) {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
	}
	m.Registry.MustRegister(&queue{
		now:    now,
		events: desc("queue_events", "Events that wait for their vendor, those under way included.", "vendor"),
		bytes:  desc("queue_bytes", "Bytes of them.", "vendor"),
		oldest: desc("queue_oldest_seconds", "Seconds that the first of them has waited; 0: none "+
			"waits.", "vendor"),
		parked: desc("parked_events", "Events that their vendor refused, and that are kept for somebody to "+
			"look at.", "vendor", "reason"),
		parkedBytes: desc("parked_bytes", "Bytes of them.", "vendor", "reason"),
		files:       desc("queue_files_bytes", "Bytes of the files of what waits."),
		size: desc("queue_files_limit_bytes", "Bytes that they may have (delivery.queue.size); beyond it hits are "+
			"answered with 503."),
		parkedFiles: desc("parked_files_bytes", "Bytes of the files of what is parked."),
		parkedSize: desc("parked_files_limit_bytes", "Bytes that they may have (delivery.park.size); beyond it what is "+
			"refused is dropped."),
		damaged: desc("queue_damaged_events", "Events that were lost, since their bytes were damaged on disk; seen "+
			"since the start."),
		breaker: desc("breaker", "1 for the state of a vendor's breaker: closed, it is asked; open, it "+
			"is down and is not; half_open, it is asked once.", "vendor", "state"),
	})
}

// Describe lists the figures.
func (q *queue) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		q.events, q.bytes, q.oldest, q.parked, q.parkedBytes, q.files, q.size, q.parkedFiles, q.parkedSize, q.damaged,
		q.breaker,
	} {
		to <- d
	}
}

// Collect reads them.
func (q *queue) Collect(to chan<- prometheus.Metric) {
	gauge := func(of *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(of, prometheus.GaugeValue, value, labels...)
	}
	now := q.now()
	gauge(q.files, float64(now.Bytes))
	gauge(q.size, float64(now.Size))
	gauge(q.parkedFiles, float64(now.ParkBytes))
	gauge(q.parkedSize, float64(now.ParkSize))
	gauge(q.damaged, float64(now.Damaged))
	for _, v := range now.Vendors {
		gauge(q.events, float64(v.Events), v.Vendor)
		gauge(q.bytes, float64(v.Bytes), v.Vendor)
		gauge(q.oldest, v.Oldest.Seconds(), v.Vendor)
	}
	for _, p := range now.Parked {
		gauge(q.parked, float64(p.Events), p.Vendor, p.Reason)
		gauge(q.parkedBytes, float64(p.Bytes), p.Vendor, p.Reason)
	}
	for _, b := range now.Breakers {
		for _, state := range breakerStates {
			value := 0.0
			if b.State == state {
				value = 1
			}
			gauge(q.breaker, value, b.Vendor, state)
		}
	}
}

package proxy

import (
	"errors"

	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/queue"
)

// figures are the queue's, and how each vendor's breaker stands.
func (d *dispatcher) figures() metrics.Queue {
	of := d.queue.Stats()
	all := metrics.Queue{
		Bytes: of.Bytes, Size: of.Size, ParkBytes: of.Parked, ParkSize: of.ParkSize, Damaged: of.Damaged,
	}
	for _, v := range of.Vendors {
		all.Vendors = append(all.Vendors, metrics.QueueVendor(v))
	}
	for _, p := range of.Reasons {
		all.Parked = append(all.Parked, metrics.Parked(p))
	}
	for vendor, state := range d.breakers() {
		all.Breakers = append(all.Breakers, metrics.Breaker{Vendor: vendor, State: state})
	}
	return all
}

// breakers tells how the breaker of each vendor stands.
func (d *dispatcher) breakers() map[string]string {
	d.employing.Lock()
	defer d.employing.Unlock()
	all := map[string]string{}
	for vendor, c := range d.couriers {
		all[vendor] = c.pace.State().String()
	}
	return all
}

// full counts a hit for which there was no room.
func (d *dispatcher) full(err error) {
	cause := "size"
	switch {
	case errors.Is(err, queue.ErrReserve):
		cause = "disk"
	case errors.Is(err, errCutOff):
		cause = "quorum"
	}
	d.opts.Metrics.Delivery.Full.WithLabelValues(cause).Inc()
}

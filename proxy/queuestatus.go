package proxy

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/problem"
	"github.com/tagwarden/tagwarden/proxy/queue"
)

// queueDesk is where an operator asks after events that wait, and says what is to become of them: [api.Queue].
type queueDesk struct {
	*dispatcher
	note    func(ledger.Note) error
	running bool          // a server delivers them
	wrong   func() string // why hits are not taken, or will soon not be; "": all is well
}

var _ api.Queue = (*queueDesk)(nil)

// newQueueDesk makes the desk of a server.
func newQueueDesk(s *Server) *queueDesk {
	return &queueDesk{dispatcher: s.dispatch, note: s.ledger.Note, running: !s.opts.Aside, wrong: s.wrong}
}

// Status tells how the queue stands, in one look at it.
func (d *queueDesk) Status() (api.QueueStatus, error) {
	of := d.queue.Stats()
	out := api.QueueStatus{
		Mode: "direct", Running: d.running, Damaged: of.Damaged, Vendors: []api.QueueVendor{},
		Room: api.QueueRoom{
			Used: of.Bytes, Size: of.Size, ParkedUsed: of.Parked, ParkedSize: of.ParkSize, Free: of.Free,
		},
	}
	if d.opts.InForce().queued {
		out.Mode = "queued"
	}
	for _, v := range of.Vendors {
		one := api.QueueVendor{Vendor: v.Vendor, Waiting: v.Events, Bytes: v.Bytes, Oldest: v.Oldest.Seconds()}
		for _, r := range of.Reasons {
			if r.Vendor == v.Vendor {
				one.Parked += r.Events
				one.ParkedBy = append(one.ParkedBy, api.QueueParked{Reason: r.Reason, Events: r.Events, Bytes: r.Bytes})
			}
		}
		if c := d.courierOf(v.Vendor); c != nil {
			one.UnderWay, one.Breaker = c.asking.Load(), c.pace.State().String()
			if left, status := c.pace.Pause(); left > 0 {
				until := d.opts.Now().Add(left).UTC().Truncate(time.Second)
				one.PausedUntil, one.PausedBy = &until, status
			}
		}
		out.Waiting += one.Waiting
		out.Parked += one.Parked
		out.Vendors = append(out.Vendors, one)
	}
	out.Pending = out.Waiting + out.Parked
	out.Cluster = d.taken.status()
	if !d.running {
		out.Why = "no server runs on this data folder"
		return out, nil
	}
	out.Why = d.wrong()
	out.Taken = out.Why == "" || out.Why == queueNearlyFull && d.queue.Full() == nil
	return out, nil
}

// courierOf is a vendor's courier; nil: it has none.
func (d *dispatcher) courierOf(vendor string) *courier {
	d.employing.Lock()
	defer d.employing.Unlock()
	return d.couriers[vendor]
}

// check tells whether there are such vendors and reasons as are asked about.
func (d *queueDesk) check(of api.QueueAsk) error {
	stats := d.queue.Stats()
	var vendors []string
	for _, r := range d.opts.InForce().Policy.Recipients() {
		vendors = append(vendors, r.ID)
	}
	for _, v := range stats.Vendors {
		vendors = append(vendors, v.Vendor)
	}
	slices.Sort(vendors)
	vendors = slices.Compact(vendors)
	if of.Vendor != "" && !slices.Contains(vendors, of.Vendor) {
		return unknownOf("vendor", of.Vendor, vendors)
	}
	var reasons []string
	for _, r := range stats.Reasons {
		reasons = append(reasons, r.Reason)
	}
	if of.Reason != "" && !slices.Contains(reasons, of.Reason) && !isParkReason(of.Reason) {
		slices.Sort(reasons)
		return unknownOf("reason", of.Reason, slices.Compact(reasons))
	}
	return nil
}

func unknownOf(what, given string, known []string) error {
	return problem.New(http.StatusUnprocessableEntity, "unknown",
		"there is no "+what+` "`+given+`"`+strict.SuggestionElse(given, known))
}

// isParkReason tells whether events are parked for a reason, or would be.
func isParkReason(text string) bool {
	if text == parkedRestored || text == whyPanic || text == "other" {
		return true
	}
	text = strings.TrimRight(text, "0123456789")
	for why := delivery.Why(1); why.String() != delivery.WhyFailed.String(); why++ {
		if strings.TrimSuffix(text, "_") == why.String() {
			return true
		}
	}
	return false
}

// parkedNow is how much of what is asked about is parked.
func parkedNow(stats *queue.Stats, of api.QueueAsk) (n int) {
	for _, r := range stats.Reasons {
		if (of.Vendor == "" || r.Vendor == of.Vendor) && (of.Reason == "" || r.Reason == of.Reason) {
			n += r.Events
		}
	}
	return n
}

// waitingNow is how much of it waits.
func waitingNow(stats *queue.Stats, of api.QueueAsk) (n int) {
	for _, v := range stats.Vendors {
		if of.Vendor == "" || v.Vendor == of.Vendor {
			n += v.Events
		}
	}
	return n
}

// tally counts what was done with events, by vendor and reason.
type tally map[[2]string]int

func (t tally) add(items ...queue.Item) {
	for i := range items {
		t[[2]string{items[i].Vendor, items[i].Reason}]++
	}
}

// changed is what came of it.
func (t tally) changed() (out api.QueueChanged) {
	out.By = []api.QueueDone{}
	for of, n := range t {
		out.Events += n
		out.By = append(out.By, api.QueueDone{Vendor: of[0], Reason: of[1], Events: n})
	}
	slices.SortFunc(out.By, func(a, b api.QueueDone) int {
		return cmp.Or(cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}

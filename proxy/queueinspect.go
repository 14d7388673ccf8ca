package proxy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// Inspect shows the oldest events that are pending, without a value that any of them carries. Nothing is handed out,
// and nothing changed. Where many end meanwhile it may show fewer than there are.
func (d *queueDesk) Inspect(of api.QueueAsk) (api.QueueEvents, error) {
	if err := d.check(of); err != nil {
		return api.QueueEvents{}, err
	}
	stats := d.queue.Stats()
	out := api.QueueEvents{Of: parkedNow(&stats, of), Events: []api.QueueEvent{}}
	parked := of.Parked || of.Reason != ""
	if !parked {
		out.Of += waitingNow(&stats, of)
	}
	seen := viewer{d: d, policy: d.opts.InForce().Policy}
	for _, it := range d.oldest(of, parked) {
		if e, found := seen.event(it); found {
			out.Events = append(out.Events, e)
		}
	}
	return out, nil
}

// oldest are the oldest events that are asked about.
func (d *queueDesk) oldest(of api.QueueAsk, parked bool) []queue.Item {
	var all []queue.Item
	sort := func() {
		slices.SortStableFunc(all, func(a, b queue.Item) int {
			return cmp.Or(a.Time.Compare(b.Time), a.Name.Compare(b.Name))
		})
		all = slices.CompactFunc(all, func(a, b queue.Item) bool { return a.Name == b.Name })
		all = all[:min(len(all), of.Limit)]
	}
	for it := range d.queue.Pending(of.Vendor) {
		switch {
		case of.Vendor != "" && it.Vendor != of.Vendor, of.Reason != "" && it.Reason != of.Reason:
			continue
		case parked && it.Reason == "":
			continue
		}
		if all = append(all, it); len(all) >= 2*of.Limit+1000 {
			sort()
		}
	}
	sort()
	return all
}

// viewer shows events.
type viewer struct {
	d      *queueDesk
	policy *rules.Policy
	waits  queue.Event
	kept   rules.Kept
	known  map[string]*knownNames // by vendor
}

// event shows one; false where it is not pending any more.
func (v *viewer) event(it queue.Item) (api.QueueEvent, bool) {
	out := api.QueueEvent{
		Name: fmt.Sprintf("%d.%d", it.Name.Hit, it.Name.Event), Vendor: it.Vendor, State: "waiting", Reason: it.Reason,
		Since: it.Time.UTC(), Left: max(it.Left.Seconds(), 0), Attempts: it.Attempts, Attempted: it.Attempted, Bytes: it.Size,
	}
	if it.Reason != "" {
		out.State = "parked"
	}
	e := &v.waits
	switch err := v.d.queue.Read(it, e); {
	case errors.Is(err, queue.ErrGone):
		return out, false
	case errors.Is(err, queue.ErrDamaged):
		out.Fault = "its bytes on disk are damaged"
		return out, true
	case err != nil:
		out.Fault = "it cannot be read now"
		return out, true
	}
	if reason, since := e.Reason(); reason != "" {
		out.Since = since.UTC()
	}
	_, line, _ := strings.Cut(string(e.Record), "\n")
	if of, err := ledger.ParseEvent([]byte(line)); err == nil {
		out.Site, out.Activity, out.Event = of.Site, of.Activity, of.Name
	}
	if v.kept.Read(e.Facts) == nil {
		endpoint, _ := v.kept.Route()
		out.Endpoint = strings.Clone(endpoint) // the next event is read into the same memory
	}
	names := v.names(it.Vendor)
	out.Host, out.Method, out.Path = string(e.Role), string(e.Method), names.path(out.Endpoint, e.Path)
	for _, h := range e.Headers {
		out.Headers = append(out.Headers, string(h.Name))
	}
	out.Query, out.Body = names.form(nil, e.Query), names.body(e.Body)
	return out, true
}

// names are those that the catalog has for a vendor.
func (v *viewer) names(vendor string) *knownNames {
	if known := v.known[vendor]; known != nil {
		return known
	}
	var of *catalog.Vendor
	for _, r := range v.policy.Recipients() {
		if r.ID == vendor {
			of = r.Catalog
		}
	}
	if v.known == nil {
		v.known = map[string]*knownNames{}
	}
	v.known[vendor] = newKnownNames(of)
	return v.known[vendor]
}

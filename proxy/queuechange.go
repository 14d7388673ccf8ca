package proxy

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/problem"
	"github.com/tagwarden/tagwarden/proxy/queue"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// How many events are had wait again, each by a sync of its own, and how many are ended, at once.
const (
	mostRetried = 64
	mostPurged  = 256
)

// Retry has parked events wait for their vendors again, behind what waits already, for as long as a new event may. Of a
// vendor that is named it ends the pause that it asked for, and where all of its events are meant, has those be due now
// that are put off. Who asks for that, and how many they were, is recorded.
func (d *queueDesk) Retry(ctx context.Context, who string, of api.QueueAsk) (api.QueueChanged, error) {
	if err := d.check(of); err != nil {
		return api.QueueChanged{}, err
	}
	stats := d.queue.Stats()
	meant := parkedNow(&stats, of) // what is parked again meanwhile is not tried again
	if of.Limit > 0 {
		meant = min(meant, of.Limit)
	}
	ttl := time.Duration(d.opts.InForce().Loaded.Server.Delivery.TTL)
	done, why := tally{}, ""
	for left := meant; left > 0 && why == "" && ctx.Err() == nil; {
		items := d.queue.Parked(of.Vendor, of.Reason, min(left, mostRetried))
		if len(items) == 0 {
			break
		}
		left -= len(items)
		why = d.unpark(items, ttl, done)
	}
	out := done.changed()
	out.Why, out.Left = why, max(meant-out.Events, 0)
	text := fmt.Sprintf("%s had %s wait again%s", who, plural.Of(out.Events, "parked event"), meantIn(of))
	if c := d.courierOf(of.Vendor); c != nil {
		if left := c.pace.Resume(); left > 0 {
			out.Resumed = true
			text += fmt.Sprintf(", and ended the pause that %s had asked for until %s", of.Vendor,
				d.opts.Now().Add(left).UTC().Format(time.RFC3339))
		}
		if of.Reason == "" && of.Limit == 0 {
			out.Hastened = queue.Hasten(d.queue, of.Vendor)
		}
		if out.Hastened > 0 {
			text += ", and had " + plural.Of(out.Hastened, "event") + " be due that had been put off"
		}
	}
	return out, d.noted(text, of.Because)
}

// unpark has events wait again that are parked, and says why one of them cannot; "": all do.
func (d *queueDesk) unpark(items []queue.Item, ttl time.Duration, done tally) (why string) {
	var mu sync.Mutex
	var all sync.WaitGroup
	one := func(it queue.Item) {
		err := d.opts.Outcome(outcomeOf(&it, ledger.Deferred, whyRetried, 0))
		if err == nil {
			err = d.queue.Unpark(it, ttl)
		}
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			done.add(it)
			return
		}
		d.queue.Return(it)
		if why = "the disk cannot take them now"; queue.IsFull(err) {
			why = "there is no room for more that wait"
		} else {
			fault(d.opts.Log, "an event that is parked cannot wait again", err)
		}
	}
	for _, row := range rows(items) {
		all.Go(func() {
			for _, it := range row {
				one(it)
			}
		})
	}
	all.Wait()
	return why
}

// rows are events that may be treated at once; those of a row, one after the other.
func rows(items []queue.Item) (all [][]queue.Item) {
	of := map[uint64]int{}
	for _, it := range items {
		at, there := of[it.Order]
		if !there || it.Order == 0 {
			at = len(all)
			of[it.Order] = at
			all = append(all, nil)
		}
		all[at] = append(all[at], it)
	}
	return all
}

// Purge ends events for good. Each is recorded, and who asks for that, and why. What is under way stays, and so does
// what comes meanwhile.
func (d *queueDesk) Purge(ctx context.Context, who string, of api.QueueAsk) (api.QueueChanged, error) {
	if err := d.check(of); err != nil {
		return api.QueueChanged{}, err
	}
	if of.All && of.Reason != "" {
		return api.QueueChanged{}, problem.New(http.StatusUnprocessableEntity, "invalid",
			"a reason is of what is parked alone: ask for parked")
	}
	began := d.opts.Now()
	text := fmt.Sprintf("%s has events of the queue deleted%s", who, meantIn(of))
	if err := d.noted(text, of.Because); err != nil {
		return api.QueueChanged{}, err
	}
	stats := d.queue.Stats()
	done := tally{}
	ok := d.purgeParked(ctx, of, parkedNow(&stats, of), done)
	if of.All && ok {
		for _, v := range stats.Vendors {
			if (of.Vendor == "" || v.Vendor == of.Vendor) && ok {
				ok = d.purgeWaiting(ctx, v.Vendor, began, v.Events, done)
			}
		}
	}
	out := done.changed()
	if !ok {
		out.Why = "it cannot be recorded that more are"
	}
	stats = d.queue.Stats()
	if out.Left = parkedNow(&stats, of); of.All {
		out.Left += waitingNow(&stats, of)
	}
	return out, d.noted("deleted: "+plural.Of(out.Events, "event"), "")
}

func (d *queueDesk) purgeParked(ctx context.Context, of api.QueueAsk, meant int, done tally) bool {
	for meant > 0 && ctx.Err() == nil {
		items := d.queue.Parked(of.Vendor, of.Reason, min(meant, mostPurged))
		if len(items) == 0 {
			return true
		}
		if !d.finish(items, whyPurged) {
			return false
		}
		meant -= len(items)
		done.add(items...)
	}
	return true
}

// purgeWaiting ends what waits for a vendor since before a moment.
func (d *queueDesk) purgeWaiting(ctx context.Context, vendor string, began time.Time, meant int, done tally) bool {
	var later []queue.Item
	defer func() {
		for _, it := range later {
			d.queue.Return(it)
		}
	}()
	for meant > 0 && ctx.Err() == nil {
		var items []queue.Item
		for len(items) < min(meant, mostPurged) {
			it, found := d.queue.Next(vendor, queue.Any)
			if !found {
				break
			}
			if it.Time.After(began) {
				later = append(later, it)
				meant--
				continue
			}
			items = append(items, it)
		}
		if len(items) == 0 {
			return true
		}
		if !d.finish(items, whyPurged) {
			return false
		}
		meant -= len(items)
		done.add(items...)
	}
	return true
}

// noted records what somebody did with the queue.
func (d *queueDesk) noted(text, because string) error {
	if because != "" {
		text += ", because: " + because
	}
	if err := d.note(ledger.Note{Kind: ledger.KindQueue, Text: text}); err != nil {
		fault(d.opts.Log, "what was done with the queue cannot be recorded", err)
		return problem.New(http.StatusServiceUnavailable, "unavailable", "it cannot be recorded: "+
			"`tagwarden queue status` says what was done")
	}
	return nil
}

// meantIn says in words which events are meant.
func meantIn(of api.QueueAsk) (text string) {
	switch {
	case of.All:
		text = ", parked or not"
	case of.Parked:
		text = ", of what is parked"
	}
	if of.Vendor != "" {
		text += ", for " + of.Vendor
	}
	if of.Reason != "" {
		text += ", for the reason " + of.Reason
	}
	return text
}

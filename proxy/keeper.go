package proxy

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// Bounds of what is kept.
const (
	mostOfHit   = mostOfNetwork     // identifiers of one hit
	mostNoted   = 16_384            // identifiers that are remembered to wait, or to have been seen today
	keptAgain   = 10 * time.Second  // until what waits, or was not written, is put in again
	betweenKept = betweenGroups / 4 // looks at what waits
)

// optsOut is that an identifier came with the signal of a browser that opts out.
type optsOut struct {
	subject objection.Subject
	browser bool
	site    string
	at      int64 // Unix seconds
}

// keeperOptions are what a keeper needs.
type keeperOptions struct {
	Log     *zap.Logger
	Now     func() time.Time
	Every   func(time.Duration) (<-chan time.Time, func())
	Metrics *metrics.Metrics
	Keep    func(context.Context, []objection.Keep) (fresh int, err error)
}

// keeper has an opt-out by the browser's signal, Global Privacy Control, kept for the identifiers that came with it,
// where the law of the region asks for that. Hits only put what they saw into a list; one goroutine writes it down.
//
// Anybody may send a hit with the signal and an identifier that is not theirs: that opts somebody out, and takes
// nothing from them that they could not have back. Made-up identifiers fill the list, and no more than a group a second
// of a network is written.
type keeper struct {
	opts  keeperOptions
	list  *actList[optsOut]
	noted *lru.Cache[[16]byte, int64] // by hash: when it was last put into the list, Unix seconds

	faults minutely // that something cannot be written
}

func newKeeper(o keeperOptions) *keeper {
	noted, err := lru.New[[16]byte, int64](mostNoted)
	if err != nil {
		panic("BUG: a cache of no size")
	}
	return &keeper{opts: o, list: newActList[optsOut](), noted: noted}
}

// wants tells whether an opt-out that came with the hit is to be kept: the site reads the browser's signal, the browser
// sends it, so that it can be read, and the law of the region is known to ask for it.
func (k *keeper) wants(h *hitContext) bool {
	return len(h.j.Hit.Events) > 0 && h.j.SignalsOf(0).GPC == signal.Valid && !h.in.ObjectionsUnavailable &&
		h.j.Region.KeepsGPC(h.in.Now) && signal.SendsGPC(&h.j.Hit.Request)
}

// see puts the identifiers of a hit, of persons and of browsers in their SDKs' random form, into the list, where no
// opt-out is kept for them yet; where one is, those of browsers once a day, so that it is known that they are still
// seen. It takes copies, and waits for nothing.
func (k *keeper) see(h *hitContext) {
	left, at := mostOfHit, h.in.Now.Unix()
	for i := range h.j.Subjects {
		s := &h.j.Subjects[i]
		if s.Form != pseudonym.NewestForm || s.Kind != rules.Person && s.Kind != rules.Browser {
			continue
		}
		if left--; left < 0 {
			return
		}
		found, err := h.snapshot.objections.Lookup(s.Hash)
		if err != nil {
			return // the hit was denied for that already
		}
		last, noted := k.noted.Get(s.Hash)
		kept, today := found.KeptOptOut != 0, last/secondsOfDay == at/secondsOfDay
		switch {
		case kept && (s.Kind != rules.Browser || noted && today):
			continue
		case !kept && noted && at-last >= 0 && at-last < int64(keptAgain/time.Second):
			continue // it waits, most likely
		}
		one := optsOut{objection.Subject(h.j.Identity(i, h.in.Keys)), s.Kind == rules.Browser, h.j.Site.ID, at}
		if !k.list.put(h.j.Hit.Request.Address, one) {
			k.count("full", 1)
			return
		}
		k.noted.Add(s.Hash, at)
	}
}

func (k *keeper) count(outcome string, n int) {
	k.opts.Metrics.Kept.WithLabelValues(outcome).Add(float64(n))
}

// run writes down what is in the list, until the context ends.
func (k *keeper) run(ctx context.Context) {
	tick, end := k.opts.Every(betweenKept)
	defer end()
	write := func(group []optsOut) { k.write(context.Background(), group) }
	k.list.run(ctx, k.opts.Now, tick, func() {}, write)
}

// write writes a group down.
func (k *keeper) write(ctx context.Context, group []optsOut) {
	all := make([]objection.Keep, len(group))
	for i, one := range group {
		all[i] = objection.Keep{Subject: one.subject, Browser: one.browser, Site: one.site, Time: time.Unix(one.at, 0)}
	}
	fresh, err := k.opts.Keep(ctx, all)
	if err != nil {
		k.count("failed", len(group))
		k.faults.fault(k.opts.Log, k.opts.Now(),
			"opt-outs by the browser's signal cannot be kept: the next hits bring them again", err)
		return
	}
	k.count("written", fresh)
}

// close writes down what is left, for a moment at most.
func (k *keeper) close() error {
	k.list.finish(k.write)
	return nil
}

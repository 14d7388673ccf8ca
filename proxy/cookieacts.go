package proxy

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// cookieActs are acts of browsers that send no identifier: their own cookie alone holds what they chose. The ledger has
// a record of each, without a subject, and the store counts them. Nobody is refused for what others do,
// and nobody makes the ledger grow without end: of what comes faster than a record a second it says once
// a minute how often the same was done.
type cookieActs struct {
	now   func() time.Time
	note  func([]ledger.Objected) error // puts records on the ledger
	tally func(context.Context, []objection.Tally) error
	fault func(error)

	mu         sync.Mutex
	own        *rate.Limiter // of records of their own
	unrecorded cookieCounts  // since the last minute
	untallied  cookieCounts
}

// cookieAct is what one of them says.
type cookieAct struct {
	kind, scopes, site, source, campaign string // scopes are joined by "/"
}

// cookieCounts is how often acts were done that say the same.
type cookieCounts map[cookieAct]uint64

const (
	cookieRecords  = 60  // records of their own: so many at once, and so many a minute after that
	mostCookieActs = 256 // are told apart in a minute: of others it is kept whether they objected, and where
	tallyPatience  = 10 * time.Second
)

func newCookieActs(
	now func() time.Time, note func([]ledger.Objected) error, tally func(context.Context, []objection.Tally) error,
) *cookieActs {
	return &cookieActs{
		now: now, note: note, tally: tally, fault: func(error) {},
		own:        rate.NewLimiter(rate.Every(time.Minute/cookieRecords), cookieRecords),
		unrecorded: cookieCounts{}, untallied: cookieCounts{},
	}
}

// add records a change, at once or with others at the next minute. It holds in the browser whatever becomes of that.
func (c *cookieActs) add(change *objection.Change) {
	act := cookieAct{site: change.Site, source: change.Source, campaign: change.Campaign}
	if act.kind, act.scopes = ledger.KindWithdrawal, strings.Join(change.TakeBack, "/"); act.scopes != "" {
		c.addOne(act)
	}
	if act.kind, act.scopes = ledger.KindObjection, strings.Join(change.Object, "/"); act.scopes != "" {
		c.addOne(act)
	}
}

func (c *cookieActs) addOne(act cookieAct) {
	c.mu.Lock()
	c.untallied.add(act, 1)
	own := c.own.AllowN(c.now(), 1)
	c.mu.Unlock()
	act.campaign = "" // the ledger says nothing of it
	if own {
		err := c.note([]ledger.Objected{act.record(0)})
		if err == nil {
			return
		}
		c.fault(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unrecorded.add(act, 1)
}

// add counts acts, as others where too many are told apart already.
func (c cookieCounts) add(act cookieAct, times uint64) {
	if _, known := c[act]; !known && len(c) >= mostCookieActs {
		act.scopes, act.campaign = "", ""
	}
	c[act] += times
}

// list is what was counted, sorted.
func (c cookieCounts) list() []cookieAct {
	return slices.SortedFunc(maps.Keys(c), func(a, b cookieAct) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.scopes, b.scopes), cmp.Compare(a.site, b.site),
			cmp.Compare(a.source, b.source), cmp.Compare(a.campaign, b.campaign))
	})
}

// record is the ledger's record of so many; 0 is that of one.
func (a *cookieAct) record(times uint64) ledger.Objected {
	return ledger.Objected{Kind: a.kind, Scopes: a.list(), Times: times, Source: a.source, Site: a.site, Act: "cookie"}
}

func (a *cookieAct) list() []string {
	if a.scopes == "" {
		return nil
	}
	return strings.Split(a.scopes, "/")
}

// keep records what was counted since the last minute, and has the store count it. What cannot be kept is tried again.
func (c *cookieActs) keep() error {
	c.mu.Lock()
	unrecorded, untallied := c.unrecorded, c.untallied
	c.unrecorded, c.untallied = cookieCounts{}, cookieCounts{}
	c.mu.Unlock()
	var records []ledger.Objected
	for _, act := range unrecorded.list() {
		records = append(records, act.record(unrecorded[act]))
	}
	var tallies []objection.Tally
	for _, act := range untallied.list() {
		tallies = append(tallies, objection.Tally{
			Scopes: act.list(), Withdrawn: act.kind == ledger.KindWithdrawal, Times: untallied[act],
			Source: act.source, Site: act.site, Campaign: act.campaign,
		})
	}
	var noted, tallied error
	if len(records) > 0 {
		noted = c.note(records)
	}
	if len(tallies) > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), tallyPatience)
		defer cancel()
		tallied = c.tally(ctx, tallies)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if noted != nil {
		c.unrecorded.addAll(unrecorded)
	}
	if tallied != nil {
		c.untallied.addAll(untallied)
	}
	return errors.Join(noted, tallied)
}

func (c cookieCounts) addAll(more cookieCounts) {
	for act, times := range more {
		c.add(act, times)
	}
}

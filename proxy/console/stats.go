package console

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// Stats counts what was objected to, and taken back, in the last days. They are counts, and of nobody.
type Stats struct {
	Days      int     `json:"days"`
	From      string  `json:"from"` // the first day, UTC
	To        string  `json:"to"`   // the last one: today
	Total     Count   `json:"total"`
	Scopes    []Named `json:"scopes"` // "all", purposes, "vendor:ID"
	Sources   []Named `json:"sources"`
	Sites     []Named `json:"sites"`
	Channels  []Named `json:"channels"`
	Campaigns []Named `json:"campaigns"`
	PerDay    []Named `json:"per_day"` // each day, the first one first
	Changes   uint64  `json:"changes"` // in all, since the store was made
}

// Count counts acts.
type Count struct {
	Objections   int     `json:"objections"`
	Restrictions int     `json:"restrictions"`
	Withdrawals  int     `json:"withdrawals"`
	Complaints   int     `json:"complaints"`
	Rate         float64 `json:"objections_per_day"` // objections and restrictions
}

// Named is a count of something.
type Named struct {
	Name string `json:"name"`
	Count
}

// The bounds of what is counted.
const (
	mostDays  = 3660
	mostNames = 100 // of a kind; the rest is counted together
)

// rest is what the names beyond mostNames are counted as.
const rest = "(other)"

// stats counts: GET /objections/stats?days=N.
func (c *console) stats(w http.ResponseWriter, r *http.Request, _ caller) error {
	if c.opts.Store == nil {
		return missing("objections are not kept here")
	}
	days := 30
	if given := r.URL.Query().Get("days"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > mostDays {
			return problemOf(http.StatusBadRequest, "query", "days is a whole number from 1 to "+strconv.Itoa(mostDays))
		}
		days = n
	}
	out, err := count(r.Context(), c.opts.Store, days, c.opts.Now())
	if err != nil {
		return err
	}
	return reply(w, out)
}

// tally gathers counts by name.
type tally map[string]*Count

func (t tally) of(name string) *Count {
	if t[name] == nil {
		t[name] = &Count{}
	}
	return t[name]
}

// list sorts by how many objections there were; a name that is "" is left out.
func (t tally) list(days int) []Named {
	all := []Named{}
	for name, count := range t {
		if name != "" {
			all = append(all, Named{name, *count})
		}
	}
	slices.SortFunc(all, func(a, b Named) int {
		return cmp.Or(cmp.Compare(b.acts(), a.acts()), cmp.Compare(b.Withdrawals, a.Withdrawals), cmp.Compare(a.Name, b.Name))
	})
	if len(all) > mostNames {
		others := Named{Name: rest}
		for _, one := range all[mostNames:] {
			others.add(one.Count)
		}
		all = append(all[:mostNames:mostNames], others)
	}
	for i := range all {
		all[i].rate(days)
	}
	return all
}

func (c *Count) acts() int { return c.Objections + c.Restrictions }

func (c *Count) rate(days int) { c.Rate = float64(c.acts()) / float64(days) }

func (c *Count) add(other Count) {
	c.Objections += other.Objections
	c.Restrictions += other.Restrictions
	c.Withdrawals += other.Withdrawals
	c.Complaints += other.Complaints
}

// countOf is what a change counts as.
func countOf(change *objection.Change) (one Count) {
	if len(change.Object) > 0 {
		if change.Restriction {
			one.Restrictions = 1
		} else {
			one.Objections = 1
		}
		if change.Complaint {
			one.Complaints = 1
		}
	}
	if len(change.TakeBack) > 0 {
		one.Withdrawals = 1
	}
	return one
}

// count goes through the changes of the last days, today included.
func count(ctx context.Context, store Store, days int, now time.Time) (*Stats, error) {
	today := now.UTC().Truncate(24 * time.Hour)
	from := today.AddDate(0, 0, 1-days)
	head := store.Head()
	since, err := before(ctx, store, head.Size, from)
	if err != nil {
		return nil, err
	}
	scopes, sources, sites, channels, campaigns, perDay := tally{}, tally{}, tally{}, tally{}, tally{}, tally{}
	out := &Stats{Days: days, From: from.Format(time.DateOnly), To: today.Format(time.DateOnly), Changes: head.Size}
	for day := range days {
		perDay.of(from.AddDate(0, 0, day).Format(time.DateOnly))
	}
	err = store.Changes(ctx, since, func(r objection.Recorded) bool {
		at := r.Time.UTC()
		if at.Before(from) || !at.Before(today.AddDate(0, 0, 1)) {
			return true // the clock jumped
		}
		change := &r.Change
		one := countOf(change)
		out.Total.add(one)
		sources.of(change.Source).add(one)
		sites.of(change.Site).add(one)
		channels.of(change.Channel).add(one)
		campaigns.of(change.Campaign).add(one)
		perDay.of(at.Format(time.DateOnly)).add(one)
		withdrawn, objected := Count{Withdrawals: one.Withdrawals}, one
		objected.Withdrawals = 0
		for _, scope := range change.Object {
			scopes.of(scope).add(objected)
		}
		for _, scope := range change.TakeBack {
			scopes.of(scope).add(withdrawn)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	out.Total.rate(days)
	out.Scopes, out.Sources, out.Sites = scopes.list(days), sources.list(days), sites.list(days)
	out.Channels, out.Campaigns = channels.list(days), campaigns.list(days)
	for _, day := range slices.Sorted(maps.Keys(perDay)) {
		perDay[day].rate(1)
		out.PerDay = append(out.PerDay, Named{day, *perDay[day]})
	}
	return out, nil
}

// before finds the number of a change after which all changes were made at a time or later, by halving: the log may be long, and its times
// go up. Where a clock was set back it may begin too early, never by more than that.
func before(ctx context.Context, store Store, size uint64, from time.Time) (uint64, error) {
	low, high := uint64(0), size
	for low < high {
		middle := low + (high-low)/2
		earlier, found := false, false
		err := store.Changes(ctx, middle, func(r objection.Recorded) bool {
			found = true
			earlier = r.Time.Before(from)
			return false
		})
		if err != nil {
			return 0, err
		}
		if found && earlier {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, nil
}

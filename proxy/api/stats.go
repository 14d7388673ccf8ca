package api

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// Stats counts what was objected to, and taken back, in the last days, and what
// stands now. They are counts, and of nobody.
type Stats struct {
	Days      int       `json:"days"`
	From      string    `json:"from"` // the first day, UTC
	To        string    `json:"to"`   // the last one: today
	Total     Count     `json:"total"`
	Scopes    []Named   `json:"scopes"` // "all", purposes, "vendor:ID"
	Sources   []Named   `json:"sources"`
	Sites     []Named   `json:"sites"`
	Channels  []Named   `json:"channels"`
	Campaigns []Named   `json:"campaigns"`
	PerDay    []Named   `json:"per_day"`     // each day, the first one first
	Changes   uint64    `json:"changes"`     // in all, since the store was made
	Subjects  uint64    `json:"subjects"`    // identifiers, in each of their forms, that something stands for now
	Older     uint64    `json:"older_forms"` // of these, of an older normal form than what is objected by now
	InForce   []InForce `json:"in_force"`    // of these, by scope
	Waiting   uint64    `json:"waiting"`     // messages that other systems have not taken yet
}

// InForce is how many subjects a scope stands for now.
type InForce struct {
	Scope    string `json:"scope"`
	Subjects uint64 `json:"subjects"`
}

// Count counts acts.
type Count struct {
	Objections   uint64  `json:"objections"`
	Restrictions uint64  `json:"restrictions"`
	Withdrawals  uint64  `json:"withdrawals"`
	Complaints   uint64  `json:"complaints"`
	Rate         float64 `json:"objections_per_day"` // objections and restrictions
}

// Named is a count of something.
type Named struct {
	Name string `json:"name"`
	Count
}

// mostDays is how many days may be asked for.
const mostDays = 3660

// stats counts: GET /objections/stats?days=N.
func (h *handler) stats(w http.ResponseWriter, r *http.Request, _ caller) error {
	if h.opts.Store == nil {
		return missing("objections are not kept here")
	}
	days := 30
	if given := r.URL.Query().Get("days"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > mostDays {
			return problem.New(http.StatusBadRequest, "query",
				"days is a whole number from 1 to "+strconv.Itoa(mostDays))
		}
		days = n
	}
	all, err := h.opts.Store.Stats()
	if err != nil {
		return err
	}
	return reply(w, windowOf(&all, days, h.opts.Now()))
}

// tally gathers counts by name.
type tally map[string]*Count

func (t tally) add(name string, n objection.Counts) {
	if t[name] == nil {
		t[name] = &Count{}
	}
	t[name].add(n)
}

func (t tally) addAll(counts map[string]objection.Counts) {
	for name, n := range counts {
		t.add(name, n)
	}
}

// list sorts by how many objections there were.
func (t tally) list(days int) []Named {
	all := []Named{}
	for name, count := range t {
		count.rate(days)
		all = append(all, Named{name, *count})
	}
	slices.SortFunc(all, func(a, b Named) int {
		return cmp.Or(cmp.Compare(b.acts(), a.acts()), cmp.Compare(b.Withdrawals, a.Withdrawals), cmp.Compare(a.Name, b.Name))
	})
	return all
}

func (c *Count) acts() uint64 { return c.Objections + c.Restrictions }

func (c *Count) rate(days int) { c.Rate = float64(c.acts()) / float64(days) }

func (c *Count) add(n objection.Counts) {
	c.Objections += n.Objections
	c.Restrictions += n.Restrictions
	c.Withdrawals += n.Withdrawals
	c.Complaints += n.Complaints
}

// windowOf adds up the last days, today included.
func windowOf(all *objection.Stats, days int, now time.Time) *Stats {
	today := now.UTC().Truncate(24 * time.Hour)
	from := today.AddDate(0, 0, 1-days)
	out := &Stats{
		Days: days, From: from.Format(time.DateOnly), To: today.Format(time.DateOnly),
		Changes: all.Head.Size, Subjects: all.Subjects, Older: all.Older, Waiting: all.Waiting, InForce: []InForce{},
	}
	perDay := map[string]objection.Counts{}
	scopes, sources, sites, channels, campaigns := tally{}, tally{}, tally{}, tally{}, tally{}
	for i := range all.Days {
		day := &all.Days[i]
		if day.Date < out.From || day.Date > out.To {
			continue
		}
		perDay[day.Date] = day.All
		out.Total.add(day.All)
		scopes.addAll(day.Scope)
		sources.addAll(day.Source)
		sites.addAll(day.Site)
		channels.addAll(day.Channel)
		campaigns.addAll(day.Campaign)
	}
	out.Total.rate(days)
	out.Scopes, out.Sources, out.Sites = scopes.list(days), sources.list(days), sites.list(days)
	out.Channels, out.Campaigns = channels.list(days), campaigns.list(days)
	for n := range days {
		one := Named{Name: from.AddDate(0, 0, n).Format(time.DateOnly)}
		one.add(perDay[one.Name])
		one.rate(1)
		out.PerDay = append(out.PerDay, one)
	}
	for scope, n := range all.Scopes {
		out.InForce = append(out.InForce, InForce{scope, n})
	}
	slices.SortFunc(out.InForce, func(a, b InForce) int {
		return cmp.Or(cmp.Compare(b.Subjects, a.Subjects), cmp.Compare(a.Scope, b.Scope))
	})
	return out
}

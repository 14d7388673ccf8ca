package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Window is for how long records of some events are kept, where that is less than others are.
type Window struct {
	Site    string   `yaml:"site" doc:"Of which site; absent: of all."`
	Purpose string   `yaml:"purpose" doc:"Of which purpose: that of the activity that an event travelled on, or would have. Absent: of all. An event that was denied before any activity was found for it is of none, and site alone is about it."`
	Retain  Duration `yaml:"retain" is:"required,min=1d,max=3650d" doc:"For how long its records are kept: shorter than ledger.retain."`
}

// mostWindows bounds what is asked of each record.
const mostWindows = 64

// Name is how records of the log call the window: "site shop, purpose measurement".
func (w *Window) Name() string {
	var of []string
	if w.Site != "" {
		of = append(of, "site "+w.Site)
	}
	if w.Purpose != "" {
		of = append(of, "purpose "+w.Purpose)
	}
	return strings.Join(of, ", ")
}

// checkWindows looks at the windows.
func (c ledgerCheck) checkWindows() {
	l := &c.loaded.Server.Ledger
	at := func(rest ...any) []any { return append(strict.Path("ledger", "windows"), rest...) }
	if len(l.Windows) > mostWindows {
		c.faults.Key(c.server, at(), "there are %d windows: %d at most", len(l.Windows), mostWindows)
	}
	sites, purposes := c.server.Keys("sites"), slices.Sorted(maps.Keys(c.loaded.Purposes))
	seen := map[string]int{}
	for i := range l.Windows {
		w := &l.Windows[i]
		if w.Name() == "" {
			c.faults.At(c.server, at(i), "it is about every record: add site or purpose, or make ledger.retain shorter")
			continue
		}
		if before, twice := seen[w.Name()]; twice {
			c.faults.At(c.server, at(i), "window %d is about the same records: keep one", before+1)
		}
		seen[w.Name()] = i
		if w.Site != "" && !slices.Contains(sites, w.Site) {
			c.faults.At(c.server, at(i, "site"), "there is no site %q%s", strict.Shortened(w.Site),
				strict.Suggestion(w.Site, sites))
		}
		if w.Purpose != "" && !slices.Contains(purposes, w.Purpose) {
			c.faults.At(c.server, at(i, "purpose"), "there is no purpose %q%s", strict.Shortened(w.Purpose),
				strict.Suggestion(w.Purpose, purposes))
		}
		c.checkSpan(at(i, "retain"), w.Retain)
	}
}

// checkSpan looks at for how long records are kept by a window.
func (c ledgerCheck) checkSpan(at []any, retain Duration) {
	d, l := &c.loaded.Server.Delivery, &c.loaded.Server.Ledger
	if retain <= 0 {
		return // said where keys are missing
	}
	least := 2 * l.Seal
	what := "segments are sealed before lines go: keep records for %s at least (twice ledger.seal)"
	if d.Mode == "queued" {
		least += d.TTL
		what = "an event may wait for as long as delivery.ttl says, and its records are needed until it has ended: keep " +
			"them for %s at least (ttl and twice ledger.seal)"
	}
	switch {
	case retain < least:
		c.faults.At(c.server, at, what, wholeHours(least))
	case l.Retain > 0 && retain >= l.Retain:
		c.faults.At(c.server, at,
			"it is no less than ledger.retain (%s), which deletes these records as well: make it shorter, or remove "+
				"the window", l.Retain)
	}
}

package config

import (
	"maps"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
)

// noteUndated says where an opt-out by the browser's signal would end consent for good: a consent goes before one that
// is kept only where it is the younger, and the site's own banner does not say when it was given.
func (c activityCheck) noteUndated() {
	if c.server == nil {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(c.loaded.Server.Sites)) {
		site := c.loaded.Server.Sites[id]
		if site.Signals.GPC == nil {
			continue
		}
		for i := range site.Signals.Own {
			own := &site.Signals.Own[i]
			if own.Date == nil && c.sells(id, own.Category) {
				c.notes.At(c.server, strict.Path("sites", id, "signals", "own", i),
					"a yes to %s has no date, so it never goes before an opt-out that is kept of Global Privacy Control: whoever "+
						"once sent the signal from a state that keeps it stays opted out; say by date: where the banner writes down "+
						"when the choice was made", own.Category)
			}
		}
	}
}

// KeepsOptOuts tells whether an opt-out by the browser's signal may be kept of visitors of a site: the signal is read
// there, and visitors may be known to be in a state whose law asks for that.
func KeepsOptOuts(l *Loaded, site string, at time.Time) bool {
	s := l.Server.Sites[site]
	region, err := rules.ParseRegion(s.Region.Default)
	return s.Signals.GPC != nil && (s.Region.Subdivision != "" || s.Region.Database != "" || err == nil &&
		region.KeepsGPC(at))
}

// OptOutVisitors tells whether an activity is for visitors of opt-out regions, and whether it or a site of them says so
// by name: a site whose visitors may be anywhere does not.
func OptOutVisitors(l *Loaded, a *Activity, sites []string) (may, named bool) {
	if len(a.Regions) > 0 {
		may = slices.ContainsFunc(a.Regions, optOutRegion)
		return may, may
	}
	for _, id := range sites {
		of := l.Server.Sites[id].Region
		named = named || optOutRegion(of.Default)
		may = may || optOutRegion(of.Default) || of.Header != "" || of.Database != ""
	}
	return may, named
}

// sells tells whether an activity on consent to a category sells or shares, where visitors of a site may be in the US.
func (c activityCheck) sells(site, category string) bool {
	return slices.ContainsFunc(c.loaded.Activities, func(a Activity) bool {
		return a.Basis == "consent" && among(a.Sites, site) && c.loaded.mayBeIn(&a, "US") &&
			slices.ContainsFunc(a.Purposes, func(id string) bool {
				purpose := c.loaded.Purposes[id]
				return len(purpose.US) > 0 && slices.Contains(purpose.Categories, category)
			})
	})
}

package config

import (
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/config/strict"
)

// noteUndated says where an opt-out by the browser's signal would end consent for good: a consent goes before one that is
// kept only where it is the younger, and the site's own banner does not say when it was given.
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

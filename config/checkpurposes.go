package config

import (
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/rules"
)

// purposeCheck looks at the purposes.
type purposeCheck struct{ checks }

func (c purposeCheck) run() {
	if c.purposes == nil {
		return
	}
	ids := c.purposes.Keys("purposes")
	if len(ids) > maxPurposes {
		c.faults.At(c.purposes, strict.Path("purposes"),
			"there are %d purposes: at most %d are read", len(ids), maxPurposes)
	}
	for _, id := range ids {
		if id == "all" {
			c.faults.Key(c.purposes, strict.Path("purposes", id),
				"\"all\" means every purpose wherever objections are written: give the purpose another id")
		}
		if id == rules.KeptOptOutScope {
			c.faults.Key(c.purposes, strict.Path("purposes", id),
				"that names an opt-out that is kept, wherever objections are named: give the purpose another id")
		}
		c.doubles(c.purposes, strict.Path("purposes", id, "categories"), c.loaded.Purposes[id].Categories)
		c.law().purpose(id)
		c.checkUnread(id)
	}
}

// checkUnread warns where a purpose asks for a header to count as an objection, and a site does not read that header.
func (c purposeCheck) checkUnread(id string) {
	if c.server == nil {
		return
	}
	purpose := c.loaded.Purposes[id]
	for _, site := range c.server.Keys("sites") {
		signals := c.loaded.Server.Sites[site].Signals
		for _, header := range []struct {
			name, wish string
			read       bool
		}{{"gpc", purpose.GPC, signals.GPC != nil}, {"dnt", purpose.DNT, signals.DNT != nil}} {
			at := strict.Path("purposes", id, header.name)
			if c.purposes.Has(at...) && header.wish == "object" && !header.read {
				c.warnings.At(c.purposes, at,
					"site %s does not read %s: add %s: {} under its signals, or the wish has no effect there", site,
					header.name, header.name)
			}
		}
	}
}

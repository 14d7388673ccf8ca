package promise

import (
	"slices"

	"github.com/tagwarden/tagwarden/rules"
)

// mayBe tells whether what a condition says of activities may hold of one.
func (c *Condition) mayBe(a *rules.Activity, places []Place) bool {
	return c.isOfVendor(a) && c.isOnBasis(a) && anyOf(c.Countries, places) &&
		(len(c.Purposes) == 0 || slices.ContainsFunc(a.PurposeIDs, func(id string) bool {
			return slices.Contains(c.Purposes, id)
		}))
}

// surelyIs tells whether it holds, whatever the hit.
func (c *Condition) surelyIs(a *rules.Activity, places []Place) bool {
	return c.isOfVendor(a) && c.isOnBasis(a) && allOf(c.Countries, places) &&
		(len(c.Purposes) == 0 || !slices.ContainsFunc(a.PurposeIDs, func(id string) bool {
			return !slices.Contains(c.Purposes, id)
		}))
}

func (c *Condition) isOfVendor(a *rules.Activity) bool { return c.isOf(a.Recipient) }

// isOf tells whether what it says of vendors holds for one.
func (c *Condition) isOf(r *rules.Recipient) bool {
	return len(c.Vendors) == 0 || slices.Contains(c.Vendors, r.ID) || slices.Contains(c.Vendors, r.Catalog.File.ID)
}

func (c *Condition) isOnBasis(a *rules.Activity) bool {
	return len(c.Bases) == 0 || slices.Contains(c.Bases, a.Basis)
}

// saysOfHits tells whether it says anything of site, region or event.
func (c *Condition) saysOfHits() bool {
	return len(c.Sites)+len(c.Regions) > 0 || !c.Events.IsEmpty()
}

// saysOfFields tells whether it says anything of what leaves.
func (c *Condition) saysOfFields() bool {
	return c.Classes != 0 || len(c.Fields) > 0 || c.LooserThan != nil
}

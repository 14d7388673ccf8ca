package change

import (
	"reflect"
	"strconv"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/promise"
)

// promises compares what never happens, and says which of the old promises the new policy breaks.
func (c *comparison) promises() {
	now := map[string]*config.Promise{}
	for i := range c.new.Promises {
		now[c.new.Promises[i].ID] = &c.new.Promises[i]
	}
	was := map[string]bool{}
	for i := range c.old.Promises {
		old := &c.old.Promises[i]
		where := "promise " + old.ID
		was[old.ID] = true
		changed := now[old.ID]
		switch {
		case changed == nil:
			c.add(where, Wider, "removed: %s", old.Says)
		case !reflect.DeepEqual(old.Never, changed.Never):
			stronger := changed.Never
			stronger.Unless = old.Never.Unless
			onlyException := changed.Never.Unless == nil && reflect.DeepEqual(stronger, old.Never)
			c.add(where, either(!onlyException), "what never happens reads otherwise%s",
				map[bool]string{true: ": its exception is gone"}[onlyException])
		}
		if changed != nil {
			c.value(where, "says", Neutral, old.Says.String(), changed.Says.String())
			c.value(where, "publish", Neutral, strconv.FormatBool(old.Publish), strconv.FormatBool(changed.Publish))
		}
	}
	for i := range c.new.Promises {
		if of := &c.new.Promises[i]; !was[of.ID] {
			c.add("promise "+of.ID, Narrower, "new: %s", of.Says)
		}
	}
	switch {
	case c.old.Promised.Version == 0 || c.new.Promised.Version > 0:
	case c.new.Approval.Version == 0:
		c.add("promises", Wider, "no approver signs them any more: %s did", c.old.Promised.By)
	default:
		c.add("promises", Neutral, "they are not what %s signed, and do not load until they are signed anew",
			c.new.Approval.By)
	}
	c.broken()
}

// broken says which promises the new policy breaks: its own, and those of the old one.
func (c *comparison) broken() {
	said, places := map[string]bool{}, c.new.Places()
	for i := range c.new.Proofs {
		if proof := &c.new.Proofs[i]; proof.State == promise.Broken {
			said[proof.Promise.ID] = true
			c.add("promise "+proof.Promise.ID, Wider, "the new policy breaks it: %s", config.Breaks(c.new, proof, places))
		}
	}
	proofs := config.Prove(c.new, c.old.Promises)
	for i := range proofs {
		if proof := &proofs[i]; proof.State == promise.Broken && !said[proof.Promise.ID] {
			c.add("promise "+proof.Promise.ID, Wider, "the new policy breaks it as it was: %s",
				config.Breaks(c.new, proof, places))
		}
	}
}

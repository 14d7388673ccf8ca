package proxy

import (
	"encoding/hex"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/webhook"
	"github.com/tagwarden/tagwarden/rules"
)

// decisionMessages are what other systems are told of a decision, or of one that is taken back: with the identifiers as
// they were given, and of the latter, which names nobody, with hashes alone. One that ends by its time ends when the first
// message says; one that ends by a new objection is told of with that.
func (o *objector) decisionMessages(
	policy *rules.Policy, receivers []*webhook.Receiver, ids []objection.ID, c *objection.Change,
) []objection.Message {
	key := o.opts.Keyring.store.State().OutboxKey()
	base := webhook.Act{Type: webhook.Decision, Time: o.opts.Now(), IDs: map[string][]string{}, Source: c.Source, Site: c.Site}
	for _, id := range ids {
		base.IDs[id.Name] = append(base.IDs[id.Name], id.Value)
	}
	of := c.Decide
	if of == nil {
		for _, d := range o.opts.Store.Decisions() {
			if d.Number == c.EndDecision {
				of = &d
			}
		}
	}
	if of == nil {
		return nil
	}
	if base.Scopes = of.Purposes; len(base.Scopes) == 0 {
		if a := policy.Assessments().Assessment(of.Assessment); a != nil {
			base.Scopes = a.Purposes
		}
	}
	var all []objection.Message
	for _, r := range receivers {
		if !r.Wants(&base) || !r.Signed() {
			continue
		}
		all = append(all, objection.Message{To: r.Name(), With: func(done *objection.Recorded) ([]byte, error) {
			told := base
			told.InForce, told.Hashes = done.InForce, map[string][]string{}
			for i := range done.Change.Subjects {
				s := &done.Change.Subjects[i]
				told.Hashes[s.Space] = append(told.Hashes[s.Space], hex.EncodeToString(s.Feed[:]))
			}
			told.Decided = &webhook.Decided{
				Assessment: of.Assessment, Version: of.Version, Until: of.Until.UTC().Format(time.RFC3339), By: of.By,
			}
			if told.Decided.Number = done.Change.EndDecision; told.Decided.Number == 0 {
				told.Decided.Number = done.Seq
			} else {
				told.Decided.Ended = true
			}
			return r.Message(&told, (*[32]byte)(&key), o.opts.Rand)
		}})
	}
	return all
}

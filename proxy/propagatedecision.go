package proxy

import (
	"encoding/hex"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/webhook"
	"github.com/tagwarden/tagwarden/rules"
)

// decisionMessages are what other systems are told of a decision, or of one that is taken back: with the identifiers as
// they were given, and of the latter, which names nobody, with hashes alone. One that ends by its time ends when the
// first message says; one that ends by a new objection is told of with that.
func (o *objector) decisionMessages(
	policy *rules.Policy, receivers []*webhook.Receiver, ids []objection.ID, c *objection.Change,
) ([]objection.Message, error) {
	key := o.opts.Keyring.store.State().OutboxKey()
	base := webhook.Act{Type: webhook.Decision, Time: o.opts.Now(), IDs: map[string][]string{},
		Source: c.Source, Site: c.Site}
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
		return nil, nil
	}
	if base.Scopes = of.Purposes; len(base.Scopes) == 0 {
		if a := policy.Assessments().Assessment(of.Assessment); a != nil {
			base.Scopes = a.Purposes
		}
	}
	base.Decided = &webhook.Decided{
		Assessment: of.Assessment, Version: of.Version, Until: of.Until.UTC().Format(time.RFC3339), By: of.By,
	}
	var all []objection.Message
	for _, r := range receivers {
		if !r.Wants(&base) || !r.Signed() {
			continue
		}
		body, err := r.Message(&base, (*[32]byte)(&key), o.opts.Rand)
		if err != nil {
			return nil, err
		}
		all = append(all, objection.Message{To: r.Name(), Body: body})
	}
	return all, nil
}

// tellDecision fills in what a decision became.
func tellDecision(act *webhook.Act, done *objection.Recorded) {
	act.Hashes = map[string][]string{}
	for i := range done.Change.Subjects {
		s := &done.Change.Subjects[i]
		act.Hashes[s.Space] = append(act.Hashes[s.Space], hex.EncodeToString(s.Feed[:]))
	}
	if act.Decided == nil {
		act.Decided = &webhook.Decided{}
	}
	if act.Decided.Number = done.Change.EndDecision; act.Decided.Number == 0 {
		act.Decided.Number = done.Seq
	} else {
		act.Decided.Ended = true
	}
}

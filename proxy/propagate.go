package proxy

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/webhook"
)

// waiting shows the store's outbox to the one that sends it.
type waiting struct{ objection.Outbox }

// Next returns messages.
func (w waiting) Next(after uint64, limit int) ([]webhook.Waiting, error) {
	all, err := w.Outbox.Next(after, limit)
	list := make([]webhook.Waiting, len(all))
	for i := range all {
		list[i] = webhook.Waiting(all[i])
	}
	return list, err
}

// messages are what other systems are told of an act. They are kept in the same step as the act itself. Of opt-outs
// that are kept nobody is told, neither that they are nor that they are taken back.
func (o *objector) messages(
	receivers []*webhook.Receiver, ids []objection.ID, c *objection.Change,
) ([]objection.Message, error) {
	if len(receivers) == 0 {
		return nil, nil
	}
	key := o.opts.Keyring.store.State().OutboxKey()
	base := webhook.Act{
		Time: c.Time, IDs: map[string][]string{}, Complaint: c.Complaint, Source: c.Source, Site: c.Site,
		Hashes: map[string][]string{},
	}
	if base.Time.IsZero() {
		base.Time = o.opts.Now()
	}
	for _, id := range ids {
		base.IDs[id.Name] = append(base.IDs[id.Name], id.Value)
	}
	for i := range c.Subjects {
		base.Hashes[c.Subjects[i].Space] = append(base.Hashes[c.Subjects[i].Space], hex.EncodeToString(c.Subjects[i].Feed[:]))
	}
	var all []objection.Message
	for _, kind := range []string{webhook.Withdrawal, webhook.Objection} {
		act := base
		act.Type, act.Scopes, act.Restriction = kind, c.TakeBack, false
		if kind == webhook.Objection {
			act.Scopes, act.Restriction = c.Object, c.Restriction
		}
		kept := func(scope string) bool { return scope == objection.KeptOptOut }
		if act.Scopes = slices.DeleteFunc(slices.Clone(act.Scopes), kept); len(act.Scopes) == 0 {
			continue
		}
		for _, r := range receivers {
			acts, err := r.Acts(&act)
			if errors.Is(err, webhook.ErrNoIdentifier) {
				o.opts.Metrics.Outbox.WithLabelValues(r.Name(), webhook.ErrNoIdentifier.Error()).Inc()
				continue
			}
			if err != nil {
				return nil, err
			}
			for _, one := range acts {
				body, err := r.Message(one, (*[32]byte)(&key), o.opts.Rand)
				if err != nil {
					return nil, err
				}
				all = append(all, objection.Message{To: r.Name(), Ends: kind == webhook.Withdrawal, Body: body})
			}
		}
	}
	return all, nil
}

// teller makes messages of acts as they were done; see objection.Options.
type teller struct {
	key  [32]byte // that messages are sealed with
	rand io.Reader
}

// tell fills in what nobody knew when the act was asked for.
func (t *teller) tell(m *objection.Message, of *objection.Recorded) ([]byte, error) {
	if of == nil {
		return m.Body, nil
	}
	text, err := webhook.Unseal(&t.key, m.To, m.Body)
	if err != nil {
		return nil, err
	}
	var act webhook.Act
	if err := json.Unmarshal(text, &act); err != nil {
		return nil, err
	}
	switch act.InForce = of.InForce; act.Type {
	case webhook.Withdrawal:
		act.Scopes = of.Withdrawn()
	case webhook.Decision:
		tellDecision(&act, of)
	}
	if text, err = json.Marshal(&act); err != nil {
		return nil, err
	}
	return webhook.Seal(&t.key, t.rand, m.To, text)
}

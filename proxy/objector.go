package proxy

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
)

// ObjectionsDir is where in a data folder the objections are.
func ObjectionsDir(data string) string { return filepath.Join(data, "objections") }

// objectorOptions are what an objector needs.
type objectorOptions struct {
	Log     *zap.Logger
	Now     func() time.Time
	Rand    io.Reader
	Metrics *metrics.Metrics
	Store   *objection.Store
	Keyring *keyring
	InForce func() *Snapshot // under whose policy acts are read
	Kick    func()           // says that there is something new to tell other systems
}

// objector takes acts of persons, whoever brings them, in the words of the policy in force. It is the
// [objection.Objector] of the server.
type objector struct{ opts objectorOptions }

// errNoKeys says that the clock is too far from the key state for anything to be hashed.
var errNoKeys = errors.New("there are no keys for the time that the clock says")

// inForce is what an act is read with now.
func (o *objector) inForce() (*Snapshot, *rules.Keys, error) {
	snapshot := o.opts.InForce()
	keys := o.opts.Keyring.current(snapshot, o.opts.Now())
	if keys == nil {
		return nil, nil, errNoKeys
	}
	return snapshot, keys, nil
}

// Act does what is asked for in one step. See objection.Objector.
func (o *objector) Act(ctx context.Context, acts objection.Acts) ([]objection.Receipt, error) {
	snapshot, keys, err := o.inForce()
	if err != nil {
		return nil, err
	}
	batch := objection.Batch{
		Key: acts.Key, Digest: acts.Digest, Progress: acts.Progress, Changes: make([]objection.Change, 0, len(acts.Acts)),
	}
	for i := range acts.Acts {
		change, wrong := changeOf(snapshot.Loaded, keys, &acts.Acts[i])
		if wrong == nil {
			wrong = o.decidable(snapshot, &change)
		}
		if wrong != nil {
			wrong.Act = i
			return nil, wrong
		}
		if change.Decide != nil || change.EndDecision != 0 {
			change.Outbox, err = o.decisionMessages(snapshot.Policy, snapshot.receivers, acts.Acts[i].IDs, &change)
			if err != nil {
				return nil, err
			}
			batch.Changes = append(batch.Changes, change)
			continue
		}
		var fault error
		if change.Outbox, fault = o.messages(snapshot.receivers, acts.Acts[i].IDs, &change); fault != nil {
			return nil, fault
		}
		batch.Changes = append(batch.Changes, change)
	}
	begun := o.opts.Now()
	receipts, err := o.opts.Store.Apply(ctx, batch)
	if err == nil {
		o.opts.Metrics.Effect.Observe(o.opts.Now().Sub(begun).Seconds())
		o.count(batch.Changes, receipts)
		o.opts.Kick()
	}
	if errors.Is(err, objection.ErrFull) {
		fault(o.opts.Log, "an objection cannot be kept, and what one may object to does not travel", err)
	}
	return receipts, err
}

// count counts what was new.
func (o *objector) count(changes []objection.Change, receipts []objection.Receipt) {
	for i := range changes {
		c := &changes[i]
		if i >= len(receipts) || !receipts[i].New {
			continue
		}
		source := c.Source
		if !slices.Contains(objection.Sources(), source) {
			source = "other" // labels come from a closed set
		}
		act := "objection"
		if c.Restriction {
			act = "restriction"
		}
		if len(c.Object) > 0 {
			o.opts.Metrics.Objections.WithLabelValues(act, source).Inc()
		}
		if len(c.TakeBack) > 0 {
			o.opts.Metrics.Objections.WithLabelValues("withdrawal", source).Inc()
		}
		if c.Complaint {
			o.opts.Metrics.Objections.WithLabelValues("complaint", source).Inc()
		}
	}
}

// check says what is wrong with an act, and does nothing.
func (o *objector) check(act objection.Act) error {
	snapshot, keys, err := o.inForce()
	if err != nil {
		return err
	}
	if _, fault := changeOf(snapshot.Loaded, keys, &act); fault != nil {
		return fault
	}
	return nil
}

// Standing names the scopes that are in force for a person.
func (o *objector) Standing(ids []objection.ID, subjects []objection.Subject) ([]string, error) {
	subjects, err := o.subjects(ids, subjects)
	if err != nil {
		return nil, err
	}
	return o.opts.Store.Standing(subjects)
}

// Held says by whose acts something stands for a person.
func (o *objector) Held(ids []objection.ID, subjects []objection.Subject) ([]objection.Held, error) {
	subjects, err := o.subjects(ids, subjects)
	if err != nil {
		return nil, err
	}
	return o.opts.Store.Held(subjects)
}

// subjects are those of a person, by identifiers and by what is known of them already, under what is in force now.
func (o *objector) subjects(ids []objection.ID, subjects []objection.Subject) ([]objection.Subject, error) {
	snapshot, keys, err := o.inForce()
	if err != nil {
		return nil, err
	}
	all, fault := subjectsOf(snapshot.Policy, keys, ids, subjects)
	if fault != nil {
		return nil, fault
	}
	return all, nil
}

package proxy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// mostSubjects is how many subjects one record names.
const mostSubjects = 1000

// recordedActs are the acts that are on the ledger.
type recordedActs struct {
	log  *zap.Logger
	note func([]ledger.Objected, ledger.Head) error // puts them on the ledger
	head atomic.Pointer[objection.Head]             // where their log stands by the ledger; nil: nothing was put there

	known uint64 // acts up to this number are on the ledger, whatever the store held when it was opened
}

// record puts acts on the ledger, and where their log stands. Acts that say the same share a record.
func (r *recordedActs) record(acts []objection.Recorded, head objection.Head) error {
	switch { // the store was an older copy, and takes again what it lacked
	case head.Size <= r.known:
		return nil
	case acts[0].Seq <= r.known:
		acts = slices.DeleteFunc(slices.Clone(acts), func(a objection.Recorded) bool { return a.Seq <= r.known })
	}
	if err := r.note(objected(acts, false), headRecord(head)); err != nil {
		fault(r.log, "objections are in force and on disk, and cannot be recorded now: they will be before the next hit", err)
		return err
	}
	r.head.Store(&head)
	return nil
}

func headRecord(h objection.Head) ledger.Head { return ledger.Head{Size: h.Size, Root: h.Root} }

// objected makes records of acts.
func objected(recorded []objection.Recorded, late bool) []ledger.Objected {
	var all []ledger.Objected
	for i := range recorded {
		r := &recorded[i]
		of := decided(r)
		if r.Change.Choice != nil {
			of = chosen(&r.Change)
			of.First, of.Last = r.Seq, r.Seq
		}
		if of != nil {
			of.Recovered = late
			all = append(all, *of)
			continue
		}
		object := ledger.KindObjection
		if r.Change.Holder.Kind == objection.Kept {
			object = ledger.KindKeptOptOut
		}
		for _, one := range [3]ledger.Objected{
			{Kind: ledger.KindWithdrawal, Scopes: r.Change.TakeBack, EveryAct: r.Change.EveryAct, Stands: r.InForce},
			{Kind: object, Scopes: r.Change.Object, Restriction: r.Change.Restriction},
			{Kind: ledger.KindComplaint},
		} {
			if len(one.Scopes) == 0 && (one.Kind != ledger.KindComplaint || !r.Change.Complaint) {
				continue
			}
			one.First, one.Last, one.Recovered, one.Act = r.Seq, r.Seq, late, actName(&r.Change)
			one.Source, one.Site, one.By, one.Because = r.Change.Source, r.Change.Site, r.Change.By, r.Change.Because
			for _, subject := range r.Change.Subjects {
				one.Subjects, one.Form = append(one.Subjects, subject.Ledger), max(one.Form, subject.Form)
			}
			if n := len(all); n > 0 && joinable(&all[n-1], &one) {
				all[n-1].Last, all[n-1].Subjects = one.Last, append(all[n-1].Subjects, one.Subjects...)
				continue
			}
			all = append(all, one)
		}
	}
	return all
}

// decided is the record of a decision, or of its end; nil where a change is neither.
func decided(r *objection.Recorded) *ledger.Objected {
	c := &r.Change
	of := ledger.Objected{First: r.Seq, Last: r.Seq, Source: c.Source, Site: c.Site, By: c.By,
		Because: c.Because, Act: actName(c)}
	switch d := c.Decide; {
	case d != nil:
		of.Kind, of.Stands = ledger.KindDecided, r.InForce
		of.Decision = &ledger.Decided{
			Assessment: d.Assessment, Version: d.Version, Purposes: d.Purposes, Until: d.Until, By: d.By,
			Restriction: d.Restriction,
		}
	case c.EndDecision != 0:
		of.Kind, of.Ends = ledger.KindDecisionEnd, c.EndDecision
	default:
		return nil
	}
	for _, subject := range c.Subjects {
		of.Subjects, of.Form = append(of.Subjects, subject.Ledger), max(of.Form, subject.Form)
	}
	return &of
}

// chosen is the record of a choice.
func chosen(c *objection.Change) *ledger.Objected {
	of := &ledger.Objected{
		Kind: ledger.KindChoice, Source: c.Source, Site: c.Site, By: c.By, Act: actName(c),
		Choice: &ledger.Choice{
			Granted: c.Choice.Granted, Refused: c.Choice.Refused, Text: c.Choice.Text, Kept: c.Choice.Kept,
			Version: c.Choice.Version, Platform: c.Choice.Platform, At: c.Choice.At,
			Vouched: c.Holder.Kind == objection.Role, Proof: c.Choice.Proof,
		},
	}
	for _, subject := range c.Subjects {
		of.Subjects, of.Form = append(of.Subjects, subject.Ledger), max(of.Form, subject.Form)
	}
	return of
}

// actName is how the ledger names whose act a change is: the ids of browsers' acts by a hash that nothing else has.
func actName(c *objection.Change) string {
	switch h := &c.Holder; h.Kind {
	case 0:
		return "" // acts were not told apart
	case objection.Browser:
		sum := sha256.Sum256(append([]byte("tagwarden/1/act\x00"), h.ID[:]...))
		return h.Kind.String() + ":" + hex.EncodeToString(sum[:8])
	case objection.SeenWith:
		return h.Kind.String() + ":" + hex.EncodeToString(c.Lead[:])
	default:
		return h.Kind.String()
	}
}

// joinable tells whether b can be told in the record of a.
func joinable(a, b *ledger.Objected) bool {
	return a.Last+1 == b.First && len(a.Subjects)+len(b.Subjects) <= mostSubjects && slices.Equal(a.Scopes, b.Scopes) &&
		a.Kind == b.Kind && a.Form == b.Form && a.Restriction == b.Restriction &&
		a.Act == b.Act && a.EveryAct == b.EveryAct && slices.Equal(a.Stands, b.Stands) &&
		a.Source == b.Source && a.Site == b.Site && a.By == b.By && a.Because == b.Because && a.Recovered == b.Recovered
}

// caughtUp is called when a store that was an older copy holds what is on the ledger again. What came behind that was
// recorded as it came.
func (r *recordedActs) caughtUp(store *objection.Store) {
	now := store.Head()
	r.head.CompareAndSwap(nil, &now)
}

// catchUp records acts that are in the store and not on the ledger, where their log stood at known: the process died
// between the two. It also records that an older copy was accepted, and because of what.
func (r *recordedActs) catchUp(
	ctx context.Context, store *objection.Store, known objection.Head, because string,
) error {
	now, from := store.Head(), known.Size
	head := headRecord(now)
	if restored, ok := store.Restored(); ok {
		head.Restored, from = because, restored.Size
		r.log.Warn("an older copy of the objections was accepted",
			zap.Uint64("remembered", known.Size), zap.Uint64("found", restored.Size))
	}
	var some []objection.Recorded
	flush := func(head ledger.Head) error {
		err := r.note(objected(some, true), head)
		some = some[:0]
		return err
	}
	var failed error
	err := store.Changes(ctx, from, func(act objection.Recorded) bool {
		if some = append(some, act); len(some) == mostSubjects {
			failed = flush(headRecord(known)) // should it end here, all of them are written again
		}
		return failed == nil
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	r.head.Store(&now)
	if now == known && head.Restored == "" {
		return nil
	}
	if err := flush(head); err != nil || head.Restored == "" {
		return err
	}
	_, err = store.Expire(ctx) // decisions of that copy do not hold any more
	return err
}

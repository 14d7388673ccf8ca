package proxy

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
)

// ObjectionsDir is where in a data folder the objections are.
func ObjectionsDir(data string) string { return filepath.Join(data, "objections") }

// openObjections opens the store, with what the ledger remembers of it. Key state must be open: under its keys the subjects are hashed.
func (s *Server) openObjections(data string) (err error) {
	s.objections, err = objection.Open(objection.Options{
		Dir: ObjectionsDir(data), Identity: s.keyring.store.State().Identity(), Now: s.opts.Now, Past: s.recovered.head, Because: s.opts.Because,
		Record: s.recordObjections, InForce: s.departing.wait, Commit: s.opts.Commit, Free: s.opts.Free, Disk: s.opts.Disk,
	})
	return err
}

// mostSubjects is how many subjects one record names.
const mostSubjects = 1000

// recordObjections puts acts on the ledger, and where their log stands. Acts that say the same share a record.
func (s *Server) recordObjections(recorded []objection.Recorded, head objection.Head) error {
	if err := s.ledger.Objected(objected(recorded, false), headRecord(head)); err != nil {
		s.fault("objections are in force and on disk, and cannot be recorded: they will be at the next start", err)
		return err
	}
	s.told.Store(&head)
	return nil
}

func headRecord(h objection.Head) ledger.Head { return ledger.Head{Size: h.Size, Root: h.Root} }

// objected makes records of acts.
func objected(recorded []objection.Recorded, late bool) []ledger.Objected {
	var all []ledger.Objected
	for i := range recorded {
		r := &recorded[i]
		for _, one := range [3]ledger.Objected{
			{Kind: ledger.KindWithdrawal, Scopes: r.Change.TakeBack},
			{Kind: ledger.KindObjection, Scopes: r.Change.Object, Restriction: r.Change.Restriction},
			{Kind: ledger.KindComplaint},
		} {
			if len(one.Scopes) == 0 && (one.Kind != ledger.KindComplaint || !r.Change.Complaint) {
				continue
			}
			one.First, one.Last, one.Recovered = r.Seq, r.Seq, late
			one.Source, one.Site, one.By, one.Because = r.Change.Source, r.Change.Site, r.Change.By, r.Change.Because
			for _, subject := range r.Change.Subjects {
				one.Subjects = append(one.Subjects, subject.Ledger)
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

// joinable tells whether b can be told in the record of a.
func joinable(a, b *ledger.Objected) bool {
	return a.Last+1 == b.First && len(a.Subjects)+len(b.Subjects) <= mostSubjects && slices.Equal(a.Scopes, b.Scopes) &&
		a.Kind == b.Kind && a.Restriction == b.Restriction &&
		a.Source == b.Source && a.Site == b.Site && a.By == b.By && a.Because == b.Because && a.Recovered == b.Recovered
}

// catchUp records acts that are in the store and not on the ledger: the process died between the two. It also records that an older copy was
// accepted.
func (s *Server) catchUp(ctx context.Context) error {
	now, from := s.objections.Head(), s.recovered.head.Size
	head := headRecord(now)
	if restored, ok := s.objections.Restored(); ok {
		head.Restored, from = s.opts.Because, restored.Size
		s.opts.Log.Warn("an older copy of the objections was accepted", zap.Uint64("remembered", s.recovered.head.Size), zap.Uint64("found", restored.Size))
	}
	var some []objection.Recorded
	flush := func(head ledger.Head) error {
		err := s.ledger.Objected(objected(some, true), head)
		some = some[:0]
		return err
	}
	var failed error
	err := s.objections.Changes(ctx, from, func(r objection.Recorded) bool {
		if some = append(some, r); len(some) == mostSubjects {
			failed = flush(headRecord(s.recovered.head)) // should it end here, all of them are written again
		}
		return failed == nil
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	s.told.Store(&now)
	if now == s.recovered.head && head.Restored == "" {
		return nil
	}
	return flush(head)
}

// warnUnknown says which objections the policy in force gives no meaning: their purposes were removed, or renamed.
func (s *Server) warnUnknown() {
	of, ok := s.snapshot.Load().objections.(*objection.Resolved)
	if !ok {
		return
	}
	if unknown := of.Unknown(); len(unknown) > 0 {
		s.opts.Log.Warn("objections stand to purposes or vendors that the policy has no more: if one was renamed, give it its old id back", zap.Strings("scopes", unknown))
	}
}

// Act does what is asked for in one step. See objection.Objector.
func (s *Server) Act(ctx context.Context, acts objection.Acts) ([]objection.Receipt, error) {
	snapshot := s.snapshot.Load()
	keys := s.keyring.current(snapshot, s.opts.Now())
	if keys == nil {
		return nil, errNoKeys
	}
	batch := objection.Batch{Key: acts.Key, Digest: acts.Digest, Progress: acts.Progress, Changes: make([]objection.Change, 0, len(acts.Acts))}
	for i := range acts.Acts {
		change, wrong := changeOf(snapshot.Loaded, keys, &acts.Acts[i])
		if wrong != nil {
			wrong.Act = i
			return nil, wrong
		}
		var fault error
		if change.Outbox, fault = s.messages(snapshot.receivers, acts.Acts[i].IDs, &change); fault != nil {
			return nil, fault
		}
		batch.Changes = append(batch.Changes, change)
	}
	begun := s.opts.Now()
	receipts, err := s.objections.Take(ctx, batch)
	if err == nil {
		s.metrics.Effect.Observe(s.opts.Now().Sub(begun).Seconds())
		s.countActs(batch.Changes, receipts)
		s.outbox.Kick()
	}
	if errors.Is(err, objection.ErrFull) {
		s.fault("an objection cannot be kept, and what one may object to does not travel", err)
	}
	return receipts, err
}

// countActs counts what was new.
func (s *Server) countActs(changes []objection.Change, receipts []objection.Receipt) {
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
			s.metrics.Objections.WithLabelValues(act, source).Inc()
		}
		if len(c.TakeBack) > 0 {
			s.metrics.Objections.WithLabelValues("withdrawal", source).Inc()
		}
		if c.Complaint {
			s.metrics.Objections.WithLabelValues("complaint", source).Inc()
		}
	}
}

// Standing names the scopes that are in force for a person.
func (s *Server) Standing(ids []objection.ID, subjects []objection.Subject) ([]string, error) {
	snapshot := s.snapshot.Load()
	keys := s.keyring.current(snapshot, s.opts.Now())
	if keys == nil {
		return nil, errNoKeys
	}
	subjects, fault := subjectsOf(snapshot.Policy, keys, ids, subjects)
	if fault != nil {
		return nil, fault
	}
	return s.objections.Standing(subjects)
}

// errNoKeys says that the clock is too far from the key state for anything to be hashed.
var errNoKeys = errors.New("there are no keys for the time that the clock says")

// mostIDs is how many identifiers one act may name.
const mostIDs = 100

// subjectsOf adds every form of every identifier to subjects.
func subjectsOf(policy *rules.Policy, keys *rules.Keys, ids []objection.ID, subjects []objection.Subject) ([]objection.Subject, *objection.Fault) {
	if len(ids) > mostIDs {
		return nil, &objection.Fault{What: "ids", Err: errTooMany}
	}
	all := slices.Clone(subjects)
	for _, id := range ids {
		of, err := policy.Identities(keys, id.Name, []byte(id.Value))
		if err != nil {
			return nil, &objection.Fault{What: "ids." + id.Name, Err: err}
		}
		for _, one := range of {
			if subject := objection.Subject(one); !slices.Contains(all, subject) {
				all = append(all, subject)
			}
		}
	}
	if len(all) == 0 {
		return nil, &objection.Fault{What: "ids", Err: errNobody}
	}
	return all, nil
}

var (
	errTooMany = errors.New("at most 100 identifiers are possible in one act")
	errNobody  = errors.New("at least one identifier is needed")
)

// changeOf checks an act and makes a change of it.
func changeOf(loaded *config.Loaded, keys *rules.Keys, act *objection.Act) (objection.Change, *objection.Fault) {
	c := act.Change
	var fault *objection.Fault
	if c.Subjects, fault = subjectsOf(loaded.Policy, keys, act.IDs, c.Subjects); fault != nil {
		return c, fault
	}
	c.Object, c.TakeBack = slices.Compact(slices.Sorted(slices.Values(c.Object))), slices.Compact(slices.Sorted(slices.Values(c.TakeBack)))
	if len(c.Object)+len(c.TakeBack) == 0 && !c.Complaint {
		return c, &objection.Fault{What: "scopes", Err: errors.New("at least one is needed: a purpose, a vendor, or all")}
	}
	for _, scope := range c.Object {
		// A link was made under an earlier policy: what it objects to may be there no more, and the objection is taken all the same.
		if _, ok := loaded.Policy.Objection(scope); !ok && (c.Source != objection.Link || !rules.ScopeName(scope)) {
			return c, &objection.Fault{What: "object", Err: scopeFault(loaded.Policy, scope)}
		}
	}
	for _, scope := range c.TakeBack { // also one that the policy has no more
		if !rules.ScopeName(strings.TrimPrefix(scope, objection.RestrictionOf)) {
			return c, &objection.Fault{What: "take_back", Err: errors.New("that is no name of a scope")}
		}
	}
	if c.Source == "" {
		c.Source = objection.API
	}
	for what, word := range map[string]string{"source": c.Source, "channel": c.Channel} {
		if !plainWord(word) {
			return c, &objection.Fault{What: what, Err: errors.New("at most 32 of a-z, 0-9, \"-\" and \"_\" are right")}
		}
	}
	if _, ok := loaded.Server.Sites[c.Site]; c.Site != "" && !ok {
		return c, &objection.Fault{What: "site", Err: errors.New("there is no site of that id" + strict.Suggestion(c.Site, siteIDs(loaded)))}
	}
	c.Campaign, c.Because = loaded.Policy.ScrubName(c.Campaign), loaded.Policy.ScrubName(c.Because)
	return c, nil
}

// scopeFault says what is wrong with the name of a scope. It may be anything that a caller wrote: only what looks like a name is repeated.
func scopeFault(policy *rules.Policy, scope string) error {
	if !rules.ScopeName(scope) {
		return errors.New("that is no name of a scope: a purpose's id, vendor:ID or all is")
	}
	return errors.New(scope + " is no purpose of the policy, vendor:ID or all" + strict.Suggestion(scope, policy.ScopeNames()))
}

func siteIDs(loaded *config.Loaded) []string {
	var ids []string
	for _, site := range loaded.Policy.Sites() {
		ids = append(ids, site.ID)
	}
	return ids
}

// plainWord tells whether a text is a word of a closed kind, or empty.
func plainWord(text string) bool {
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return len(text) <= 32
}

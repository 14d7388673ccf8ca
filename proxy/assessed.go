package proxy

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/order"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// The kinds of acts on assessments. The names are on the log: they stay.
const (
	actApproved = "assessment_approved"
	actRevoked  = "assessment_revoked"
)

// assessedAct says that a version of an assessment came into force, or was taken back, on some node.
type assessedAct struct {
	Assessment string `json:"assessment"`
	Version    int    `json:"version"`
	Key        string `json:"key,omitempty"` // who signed it
	Because    string `json:"because,omitempty"`
	Meaning    string `json:"meaning,omitempty"` // digest of what was approved, hexadecimal
	Form       int    `json:"form,omitempty"`
}

// assessed is what all nodes know of assessments: what was taken back, and which version was in force.
type assessed struct {
	*Server
	mu sync.Mutex                        // guards what follows
	of map[string]map[string]assessedAct // by kind and assessment: that of the highest version
}

// newAssessed takes up what this node knows from the others.
func newAssessed(s *Server) (*assessed, error) {
	a := &assessed{Server: s, of: map[string]map[string]assessedAct{actApproved: {}, actRevoked: {}}}
	if _, err := s.order.Kept("assessments", &a.of); err != nil {
		return nil, err
	}
	for _, kind := range []string{actApproved, actRevoked} {
		if a.of[kind] == nil {
			a.of[kind] = map[string]assessedAct{}
		}
		s.order.On(kind, func(_ order.Act, body json.RawMessage) error { return a.do(kind, body) })
	}
	s.order.Keep("assessments", func() (any, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		return map[string]map[string]assessedAct{actApproved: maps.Clone(a.of[actApproved]),
			actRevoked: maps.Clone(a.of[actRevoked])}, nil
	})
	return a, nil
}

// over is the past of the ledger with what is known from others.
func (a *assessed) over(past basis.Past) basis.Past {
	for id, of := range a.of[actRevoked] {
		past.Revoked[id] = max(past.Revoked[id], of.Version)
	}
	for id, of := range a.of[actApproved] {
		past.Seen[id] = max(past.Seen[id], of.Version)
		if of.Key != "" {
			past.Keys[of.Key] = true
		}
	}
	return past
}

// record records what is known from others and the ledger does not know.
func (a *assessed) record() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, kind := range []string{actRevoked, actApproved} {
		for _, id := range slices.Sorted(maps.Keys(a.of[kind])) {
			if _, err := a.recovered.learn(a.ledger, kind, a.of[kind][id]); err != nil {
				return err
			}
		}
	}
	return nil
}

// learn records what happened to an assessment where the ledger does not know it, and says whether it was news.
func (r *recovered) learn(to *ledger.Ledger, kind string, of assessedAct) (news bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := of.Assessment
	switch {
	case kind == actRevoked && of.Version > r.Facts.Revoked[id]:
		err = to.Assessed(ledger.Assessed{
			Kind: ledger.KindRevocation, Assessment: id, Version: of.Version, Key: of.Key, Because: of.Because,
		})
		if err == nil {
			r.Facts.Revoked[id] = of.Version
		}
		return err == nil, err
	case kind == actApproved && (of.Version > r.Facts.Seen[id] || of.Key != "" && !r.Facts.Keys[of.Key]):
		err = to.Assessed(ledger.Assessed{
			Kind: ledger.KindApproval, Assessment: id, Version: of.Version, Meaning: of.Meaning, Form: of.Form, Key: of.Key,
		})
		if err == nil {
			r.Approve(id, of.Version, of.Form, of.Key)
		}
		return err == nil, err
	}
	return false, nil
}

// do does an act on an assessment: it is recorded, and in force for every hit that begins afterwards.
func (a *assessed) do(kind string, body json.RawMessage) error {
	var of assessedAct
	if err := order.Read(body, &of); err != nil {
		return err
	}
	if of.Assessment == "" || of.Version < 1 {
		return order.Refuse(errors.New("it names no assessment, or no version of one"))
	}
	news, err := a.recovered.learn(a.ledger, kind, of)
	if err != nil {
		return err
	}
	a.mu.Lock()
	if of.Version > a.of[kind][of.Assessment].Version {
		a.of[kind][of.Assessment] = of
	}
	a.mu.Unlock()
	if news {
		rejudge(a.Server)
	}
	return nil
}

// rejudge puts the policy that serves in force anew, with what is known of assessments now. Where that fails hits are
// refused until a reload has done it. Its promises are those that serve already: which others were signed meanwhile is
// asked of what comes next.
func rejudge(s *Server) {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	const says = "another node says what became of assessments"
	old, facts := s.snapshot.Load(), s.recovered.facts()
	facts.Promised = old.Loaded.Past.Promised
	loaded, err := config.Again(old.Loaded, old.Loaded.Source, facts)
	if err == nil && loaded.Policy.Digest() == old.Policy.Digest() {
		return
	}
	var fresh *Snapshot
	if err == nil {
		fresh, err = s.newSnapshot(loaded)
	}
	if s.unloaded.Store(err != nil); err == nil {
		err = putInForce(s, fresh, "loaded: "+says, func() error { return nil }) // they told it
	}
	if err != nil {
		fault(s.opts.Log, says+", and that cannot be put in force: hits are refused until it is", err)
		return
	}
	s.opts.Log.Warn(says, zap.String("policy", loaded.Policy.Digest()))
}

// tell tells the others what this node knows of assessments, and they do not. It is in force here all the same.
func (a *assessed) tell(loaded *config.Loaded) error {
	if !a.order.Shared() {
		return nil
	}
	known := map[string]map[string]int{actApproved: {}, actRevoked: {}}
	a.mu.Lock()
	for kind, all := range a.of {
		for id, of := range all {
			known[kind][id] = of.Version
		}
	}
	a.mu.Unlock()
	for kind := range known {
		for _, body := range a.order.Waiting(kind) {
			var of assessedAct
			if err := order.Read(body, &of); err != nil {
				return err
			}
			known[kind][of.Assessment] = max(known[kind][of.Assessment], of.Version)
		}
	}
	for _, one := range a.recovered.untold(loaded, known) {
		if _, err := a.order.Tell(one.kind, one.of); err != nil {
			return err
		}
	}
	return nil
}

// toTell is an act that the others do not know.
type toTell struct {
	kind string
	of   assessedAct
}

// untold lists what the ledger knows, and the others do not.
func (r *recovered) untold(loaded *config.Loaded, known map[string]map[string]int) (all []toTell) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(r.Facts.Revoked)) {
		of := assessedAct{Assessment: id, Version: r.Facts.Revoked[id]}
		if of.Version <= known[actRevoked][id] {
			continue
		}
		for i := range loaded.Revocations {
			if one := &loaded.Revocations[i]; one.Assessment == id && one.Version == of.Version {
				of.Key, of.Because = one.By, one.Because
			}
		}
		all = append(all, toTell{actRevoked, of})
	}
	for _, id := range slices.Sorted(maps.Keys(r.Facts.Seen)) {
		of := assessedAct{Assessment: id, Version: r.Facts.Seen[id], Key: r.Signers[id], Form: r.Forms[id]}
		if of.Version <= known[actApproved][id] {
			continue
		}
		if document, there := loaded.Assessments[id]; there && document.Document.Version == of.Version {
			of.Meaning = document.Digest.String()
		}
		all = append(all, toTell{actApproved, of})
	}
	return all
}

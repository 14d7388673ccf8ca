package proxy

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tagwarden/tagwarden/proxy/order"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// actRekeyed is the kind of act by which keys are replaced out of turn. The name is on the log: it stays.
const actRekeyed = "keys_replaced"

// rekeyAct says which keys are replaced. No key is in it, and none can be made of it: every node makes the new ones of
// the secret that it has for that, and of the act's id, and replaces the secret (see [pseudonym.State.Rekey]).
type rekeyAct struct {
	// how often that was done before: it is done once, whatever comes twice
	After          int      `json:"after"`
	Chains         []string `json:"chains,omitempty"` // "day", "week" ...
	LedgerSubjects bool     `json:"ledger_subjects,omitempty"`
}

var (
	// errOvertaken says that another node had keys replaced in between.
	errOvertaken = errors.New("keys were replaced by another node meanwhile")
	// errRekeyedUnrecorded says that keys were replaced, and that this could not be recorded.
	errRekeyedUnrecorded = errors.New("the forwarding log does not take it")
	// errRekeyedBefore says that this node lacks changes of keys that are not on the log any more.
	errRekeyedBefore = errors.New(
		"keys were replaced before that this node does not have: begin it anew with a backup of " +
			"another one (cluster join)")
)

// shareKeys has keys be replaced by acts.
func shareKeys(s *Server) {
	s.order.On(actRekeyed, func(act order.Act, body json.RawMessage) error {
		var a rekeyAct
		if err := order.Read(body, &a); err != nil {
			return err
		}
		s.reloading.Lock() // a policy that is being loaded would be given the keys that were
		defer s.reloading.Unlock()
		return s.keyring.rekey(act.ID, &a, s.order.Shared())
	})
	s.order.Keep("keys", func() (any, error) { return s.keyring.store.State().Rekeys(), nil })
}

// rekey replaces keys, of the snapshot in force too. They are on disk when it returns. Where no other node does the
// same, those that are to agree from then on need a copy.
func (k *keyring) rekey(salt [16]byte, a *rekeyAct, shared bool) error {
	var chains []pseudonym.Rotation
	for _, name := range a.Chains {
		r, known := pseudonym.ParseRotation(name)
		if !known {
			return order.ErrNewer
		}
		chains = append(chains, r)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch done := k.store.State().Rekeys(); {
	case a.After < done:
		return order.Refuse(errOvertaken)
	case a.After > done:
		return errRekeyedBefore
	}
	err := k.store.Change(func(state *pseudonym.State) error {
		if state.Rekey(salt, chains, a.LedgerSubjects); !shared {
			state.BeginLine()
		}
		return nil
	})
	if err != nil {
		return err
	}
	k.renew(k.opts.InForce())
	if err := k.note(rekeyedText(chains, a.LedgerSubjects)); err != nil {
		fault(k.opts.Log, "a change of keys cannot be recorded", err)
		return order.Refuse(fmt.Errorf("%w: %w", errRekeyedUnrecorded, err))
	}
	return nil
}

// keysBehind tells whether the key state is an older one than what this node has done of the acts: a copy was put in
// its place. All acts are done again then; what was done already is passed over.
func keysBehind(s *Server) (bool, error) {
	var done int
	_, err := s.order.Kept("keys", &done)
	return done > s.keyring.store.State().Rekeys(), err
}

package proxy

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/order"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// Rotation says which keys are to be replaced.
type Rotation struct {
	Chains         []pseudonym.Rotation `json:"chains,omitempty"`          // by another key, within their period
	LedgerSubjects bool                 `json:"ledger_subjects,omitempty"` // shred the key of the ledger's subjects
	// advance the chains to the clock's time, however far that is
	CatchUp bool `json:"catch_up,omitempty"`
	// why the clock is right, however far it jumped; the server goes by it from then on
	Believe string `json:"believe,omitempty"`
}

// Rotate replaces keys now, out of turn, on all nodes where there are others, records that, and puts the new ones in
// force for every hit that begins afterwards. It returns what was done. Where that cannot be recorded it is done all
// the same, and the error says both. The error wraps [order.ErrUntold] where the other nodes cannot be reached.
func (s *Server) Rotate(what Rotation) (string, error) {
	here := Rotation{CatchUp: what.CatchUp, Believe: what.Believe}
	rekeys := len(what.Chains) > 0 || what.LedgerSubjects
	s.reloading.Lock() // a policy that is being loaded would be given the keys that were
	text, err := s.keyring.rotate(here, rekeys)
	s.reloading.Unlock()
	if err != nil || !rekeys {
		return text, err
	}
	done := rekeyedText(what.Chains, what.LedgerSubjects)
	if text != "" {
		done = text + "; " + done
	}
	for {
		act := rekeyAct{After: s.keyring.store.State().Rekeys(), LedgerSubjects: what.LedgerSubjects}
		for _, r := range what.Chains {
			act.Chains = append(act.Chains, r.String())
		}
		err := s.order.Ask(context.Background(), actRekeyed, act)
		switch {
		case errors.Is(err, errOvertaken): // by another node: this is done behind that
			continue
		case errors.Is(err, errRekeyedUnrecorded):
			return done, unrecorded(done, err)
		case errors.Is(err, order.ErrUntold):
			return text, fmt.Errorf("keys are replaced on all nodes of a cluster, or on none: %w (cluster status says "+
				"whether it was done all the same)", err)
		case err != nil:
			return text, err
		default:
			return done, nil
		}
	}
}

// rotate takes chains of the snapshot in force to the present. Quietly it says only what was due.
func (k *keyring) rotate(what Rotation, quietly bool) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.opts.Now()
	switch why := k.opts.Clock.doubted(); {
	case what.Believe != "":
		now = k.opts.Clock.raw()
	case what.CatchUp && why != "":
		return "", fmt.Errorf("the clock is not believed: %s", why)
	}
	text, err := rotate(k.store, what, now)
	if err != nil {
		return "", err
	}
	if text == nothingDue && quietly {
		return "", nil
	}
	if what.Believe != "" {
		k.opts.Clock.believed(now)
		k.opts.Log.Warn("the clock is believed: "+what.Believe, zap.Time("time", now))
		k.opts.Turned(now)
	}
	k.renew(k.opts.InForce())
	return text, unrecorded(text, k.note(text))
}

// unrecorded says of keys that were replaced that this could not be recorded, where that is so.
func unrecorded(done string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s, and that cannot be recorded: %w", done, err)
}

// RotateStopped does what [Server.Rotate] does where no server runs: it takes the data folder meanwhile.
func RotateStopped(loaded *config.Loaded, what Rotation, o Options) (text string, err error) {
	o.fill()
	lock, err := LockData(loaded.Server.Data)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if loaded.Server.Cluster != nil && (len(what.Chains) > 0 || what.LedgerSubjects) {
		return "", errors.New("keys are replaced on all nodes of a cluster: start this one, and ask it again")
	}
	store, err := keys.Open(keys.Options{Dir: KeysDir(loaded.Server.Data), Now: o.Now, Rand: o.Rand,
		Files: o.KeyFiles, Disk: o.Disk})
	if err != nil {
		return "", err
	}
	if loaded.Server.Cluster == nil {
		if err := store.BeginRekeying(); err != nil {
			return "", err
		}
	}
	if err := archive(loaded, o.Disk, o.Log); err != nil {
		return "", err
	}
	log, err := ledger.Open(ledger.Options{
		Dir: filepath.Join(loaded.Server.Data, "ledger"), Node: o.node(loaded.Server.Cluster), Now: o.Now,
		Rand: o.Rand, Disk: o.Disk,
		Origin: LogOrigin(loaded), Seed: checkpointSeed(store), Known: knownCheckpoint(loaded),
	},
		ledger.Note{Kind: ledger.KindStart, Policy: loaded.Policy.Digest(), Text: "version " + o.Version + ", keys rotate"})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	if text, err = rotate(store, what, o.Now()); err != nil {
		return "", err
	}
	if err := log.Keys(keysRecord(text, store.State())); err != nil || lock.Shut == "" {
		return text, unrecorded(text, err)
	}
	return text + "; " + lock.Shut, nil
}

// rotate replaces keys, after whatever change was due: all that is asked for or nothing. It
// is done when the new state is on disk.
func rotate(store *keys.Store, what Rotation, now time.Time) (string, error) {
	random, err := store.Random()
	if err != nil {
		return "", err
	}
	var done []string
	do := func(state *pseudonym.State) error {
		done = nil
		advance := state.Advance
		switch {
		case what.CatchUp || what.Believe != "":
			advance = state.CatchUp
		case now.Sub(state.Since()) > LongestStop:
			return fmt.Errorf("%w: it says %s, the key state is of %s, and %s", pseudonym.ErrAhead,
				now.UTC().Format(time.DateOnly), state.Since().Format(time.DateOnly), believe)
		}
		moved, err := advance(now)
		if err != nil {
			return err
		}
		if len(moved) > 0 {
			done = append(done, "advanced: "+positions(*state, moved))
		}
		if what.Believe != "" {
			done = append(done, "clock believed at "+now.UTC().Format(time.RFC3339)+": "+what.Believe)
		}
		if len(what.Chains) > 0 || what.LedgerSubjects {
			state.Rekey([16]byte(random[:16]), what.Chains, what.LedgerSubjects)
			state.BeginLine()
			done = append(done, rekeyedText(what.Chains, what.LedgerSubjects))
		}
		return nil
	}
	state := store.State()
	switch err := do(&state); {
	case err != nil:
		return "", err
	case done == nil:
		return nothingDue, nil
	}
	if err := store.Change(do); err != nil {
		return "", err
	}
	return strings.Join(done, "; "), nil
}

// nothingDue is what was done where nothing was.
const nothingDue = "nothing was due"

// rekeyedText says which keys were replaced.
func rekeyedText(chains []pseudonym.Rotation, ledgerSubjects bool) string {
	var done []string
	for _, r := range chains {
		done = append(done, "rotated: "+r.String())
	}
	if ledgerSubjects {
		done = append(done, shredded)
	}
	return strings.Join(done, "; ")
}

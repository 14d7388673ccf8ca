package proxy

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// keyringOptions are what a keyring needs.
type keyringOptions struct {
	Store   keys.Options
	Log     *zap.Logger
	Now     func() time.Time
	Clock   *clock                  // whose Now that is
	Aside   bool                    // nothing is served: a clock that is not believed is an error
	Note    func(ledger.Keys) error // puts a change of keys on the ledger; nothing where that is not open yet
	Turned  func(now time.Time)     // told before the keys of another time are in force
	InForce func() *Snapshot        // whose keys are replaced where no hit comes
}

// keyring is the key state as hits use it. The mutex is held while keys are replaced, and never
// by a hit that finds its keys in force.
type keyring struct {
	opts  keyringOptions
	store *keys.Store

	mu      sync.Mutex
	refused time.Time // when it was last said that the clock is too far ahead
}

// KeysDir is where in a data folder the key state is.
func KeysDir(data string) string { return filepath.Join(data, "keys") }

// openKeyring opens the key state and takes it to the present.
func openKeyring(o keyringOptions) (*keyring, error) {
	store, err := keys.Open(o.Store)
	if err != nil {
		return nil, err
	}
	if err := store.BeginRekeying(); err != nil {
		return nil, err
	}
	o.Clock.begin(store.State().Since())
	if why := o.Clock.doubted(); o.Aside && why != "" {
		return nil, fmt.Errorf("the clock is not believed: %s", why)
	}
	if _, err := store.Advance(o.Now()); err != nil {
		return nil, err
	}
	if err := store.Flush(); err != nil {
		return nil, err
	}
	if state := store.State(); o.Now().Before(state.Since()) {
		o.Log.Warn("the clock is behind the key state: pseudonyms do not change before the clock has come that far",
			zap.Time("until", state.Until()))
	}
	return &keyring{opts: o, store: store}, nil
}

// close brings to disk what is not there yet.
func (k *keyring) close() error { return k.store.Flush() }

// origins say where a key state comes from, in log and ledger.
var origins = map[keys.Origin]string{
	keys.Found: "found", keys.Made: "made of the root secret", keys.Settled: "found, and a change completed that had " +
		"been interrupted",
	keys.Remade: "lost or damaged: made again of the root secret, with the chains where they stand today; whatever was " +
		"rotated by hand is undone",
}

// begin says which keys the server begins with, and where they come from, in log and ledger.
func (k *keyring) begin() error {
	origin := origins[k.store.Origin]
	if k.store.Origin == keys.Found {
		k.opts.Log.Info("key state " + origin)
	} else {
		k.opts.Log.Warn("key state " + origin)
	}
	return k.note(origin + "; " + stateText(k.store.State()))
}

// repeat records again what the ledger has to remember of keys, so that it is still there when old records are deleted:
// without it a state that is lost would be made again of any root, and a key that was shredded with it.
func (k *keyring) repeat() error { return k.note("as before; " + stateText(k.store.State())) }

// stateText says in words how the key state stands.
func stateText(state pseudonym.State) string {
	day, _ := state.Chain(pseudonym.Day)
	text := fmt.Sprintf("identity %s, day %d", state.Identity(), day)
	if state.Shreds() > 0 {
		text += ", " + shredded
	}
	return text
}

// keysRecord is what the ledger is told of keys, in words and in what a start has to know of a state that is lost.
func keysRecord(text string, state pseudonym.State) ledger.Keys {
	day, _ := state.Chain(pseudonym.Day)
	return ledger.Keys{Text: text, Identity: state.Identity(), Day: int(day), Shredded: state.Shreds() > 0}
}

// note puts on the ledger how the keys stand, after what the text says.
func (k *keyring) note(text string) error { return k.opts.Note(keysRecord(text, k.store.State())) }

// shredded is how people are told that a key of the ledger's subjects is gone.
const shredded = "ledger subjects shredded"

// current are the keys that a hit is judged with which begins now under a snapshot. It keeps them to its end. Without
// keys, a hit that holds an identifier is refused.
func (k *keyring) current(of *Snapshot, now time.Time) *rules.Keys {
	if in := of.keys.Load(); in.Valid(now) {
		return in
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if in := of.keys.Load(); in.Valid(now) {
		return in
	}
	moved, err := k.store.Advance(now)
	if err != nil {
		if now.Sub(k.refused).Abs() > time.Minute {
			k.refused = now
			fault(k.opts.Log, "there are no keys for the time that the clock says: hits with identifiers are refused", err)
		}
		return nil
	}
	k.opts.Turned(now)
	fresh := k.renew(of) // others need not wait for the disk
	k.advanced(moved)
	return fresh
}

// renew gives a snapshot the keys of the present state.
func (k *keyring) renew(of *Snapshot) *rules.Keys {
	state := k.store.State()
	fresh := rules.KeysOf(&state, of.Policy)
	of.keys.Store(fresh)
	return fresh
}

// turn replaces keys whose period is over, and tries again what could not be written.
func (k *keyring) turn(now time.Time) {
	k.current(k.opts.InForce(), now)
	if err := k.store.Flush(); err != nil {
		fault(k.opts.Log, "the key state cannot be written: keys of periods that are over are still on disk", err)
	}
}

// advanced writes down that chains went on. Where that fails the new keys are in force all the
// same, and it is tried again every minute.
func (k *keyring) advanced(moved []pseudonym.Rotation) {
	if err := k.store.Flush(); err != nil {
		fault(k.opts.Log, "the key state cannot be written: keys of periods that are over are still on disk", err)
	}
	if len(moved) == 0 {
		return
	}
	if err := k.note("advanced: " + positions(k.store.State(), moved)); err != nil {
		fault(k.opts.Log, "a change of keys cannot be recorded", err)
	}
}

// positions lists where chains stand: "day 20781, week 2969".
func positions(state pseudonym.State, of []pseudonym.Rotation) string {
	var words []string
	for _, r := range of {
		period, _ := state.Chain(r)
		words = append(words, fmt.Sprintf("%s %d", r, period))
	}
	return strings.Join(words, ", ")
}

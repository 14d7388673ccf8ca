package proxy

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// keyring is the key state as hits use it. The mutex is held while keys are replaced, and never by a hit that finds its keys in force.
type keyring struct {
	store *keys.Store

	mu      sync.Mutex
	refused time.Time // when it was last said that the clock is too far ahead
}

// KeysDir is where in a data folder the key state is.
func KeysDir(data string) string { return filepath.Join(data, "keys") }

// openKeys opens the key state, takes it to the present, and says where it comes from. The ledger is not open yet: it is asked what it
// remembers.
func (s *Server) openKeys(data string) error {
	store, err := keys.Open(keys.Options{
		Dir: KeysDir(data), Root: s.opts.Root, Now: s.opts.Now, Rand: s.opts.Rand, Files: s.opts.KeyFiles, Disk: s.opts.Disk,
		Past: func() (keys.Past, error) { return pastKeys(filepath.Join(data, "ledger")) },
	})
	if err != nil {
		return err
	}
	if _, err := store.Advance(s.opts.Now()); err != nil {
		return fmt.Errorf("%w: pseudonyms of earlier days cannot be made again after that; if the clock is right, `tagwarden keys rotate --catch-up` says so", err)
	}
	if err := store.Flush(); err != nil {
		return err
	}
	s.keyring.store = store
	state := store.State()
	if s.opts.Now().Before(state.Since()) {
		s.opts.Log.Warn("the clock is behind the key state: pseudonyms do not change before the clock has come that far", zap.Time("until", state.Until()))
	}
	return nil
}

// origins say where a key state comes from, in log and ledger.
var origins = map[keys.Origin]string{
	keys.Found: "found", keys.Made: "made of the root secret", keys.Settled: "found, and a change completed that had been interrupted",
	keys.Remade: "lost or damaged: made again of the root secret, with the chains where they stand today; whatever was rotated by hand is undone",
}

// noteKeys records which keys the server begins with.
func (s *Server) noteKeys() error {
	origin := origins[s.keyring.store.Origin]
	if s.keyring.store.Origin == keys.Found {
		s.opts.Log.Info("key state " + origin)
	} else {
		s.opts.Log.Warn("key state " + origin)
	}
	return s.noteKeyChange(origin + "; " + s.keyFacts())
}

// repeatKeys records again what the ledger has to remember of keys, so that it is still there when old records are deleted: without it a
// state that is lost would be made again of any root, and a key that was shredded with it.
func (s *Server) repeatKeys() error { return s.noteKeyChange("as before; " + s.keyFacts()) }

// keyFacts is what pastKeys reads.
func (s *Server) keyFacts() string {
	state := s.keyring.store.State()
	day, _ := state.Chain(pseudonym.Day)
	text := fmt.Sprintf("identity %s, day %d", state.Identity(), day)
	if state.Shreds() > 0 {
		text += ", " + shredded
	}
	return text
}

// shredded is how the ledger says that a key of its subjects is gone.
const shredded = "ledger subjects shredded"

func (s *Server) noteKeyChange(text string) error {
	return s.ledger.Note(ledger.Note{Kind: ledger.KindKey, Text: text})
}

// pastKeys is what a ledger remembers of the key state.
func pastKeys(dir string) (past keys.Past, err error) {
	segments, err := ledger.Segments(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(segments) == 0 {
		return past, nil
	}
	past.Known = true
	if err == nil {
		err = ledger.Search(dir, ledger.Query{Members: map[string]string{"kind": ledger.KindKey}}, func(record []byte) bool {
			text := gjson.GetBytes(record, "text").Str
			if _, rest, found := strings.Cut(text, "identity "); found {
				past.Identity, _, _ = strings.Cut(rest, ",")
			}
			past.Shredded = past.Shredded || strings.Contains(text, shredded)
			return true
		})
	}
	return past, err
}

// keys are those that a hit is judged with which begins now. It keeps them to its end. Without keys, a hit that holds an identifier is
// refused.
func (s *Server) keys(of *Snapshot, now time.Time) *rules.Keys {
	if k := of.current.Load(); k.Valid(now) {
		return k
	}
	s.keyring.mu.Lock()
	defer s.keyring.mu.Unlock()
	if k := of.current.Load(); k.Valid(now) {
		return k
	}
	moved, err := s.keyring.store.Advance(now)
	if err != nil {
		if now.Sub(s.keyring.refused).Abs() > time.Minute {
			s.keyring.refused = now
			s.fault("there are no keys for the time that the clock says: hits with identifiers are refused", err)
		}
		return nil
	}
	if s.rarity != nil {
		s.rarity.Turn(now)
	}
	fresh := s.renew(of) // others need not wait for the disk
	s.advanced(moved)
	return fresh
}

// renew gives a snapshot the keys of the present state.
func (s *Server) renew(of *Snapshot) *rules.Keys {
	state := s.keyring.store.State()
	fresh := rules.KeysOf(&state, of.Policy)
	of.current.Store(fresh)
	return fresh
}

// turnKeys replaces keys whose period is over, and tries again what could not be written.
func (s *Server) turnKeys(now time.Time) {
	s.keys(s.snapshot.Load(), now)
	if err := s.keyring.store.Flush(); err != nil {
		s.fault("the key state cannot be written: keys of periods that are over are still on disk", err)
	}
}

// advanced writes down that chains went on. Where that fails the new keys are in force all the same, and it is tried again every minute.
func (s *Server) advanced(moved []pseudonym.Rotation) {
	if err := s.keyring.store.Flush(); err != nil {
		s.fault("the key state cannot be written: keys of periods that are over are still on disk", err)
	}
	if len(moved) == 0 || s.ledger == nil {
		return
	}
	if err := s.noteKeyChange("advanced: " + positions(s.keyring.store.State(), moved)); err != nil {
		s.fault("a change of keys cannot be recorded", err)
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

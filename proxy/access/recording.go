package access

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// By is who makes a token, or takes one back, and by which way. The zero By: nobody said.
type By struct {
	Name    string // a token's, or "operator"
	Through string // http, socket
}

// Record records which tokens there are from now on, of all of which it is told; by names whose doing a change is, by
// the name of the token that changed, where somebody said so. What it returned nil for is on disk.
type Record func(all []Token, by map[string]By) error

// ErrUnrecorded says that it cannot be recorded which tokens there are. One that is new opens nothing until it can.
var ErrUnrecorded = errors.New("it cannot be recorded which tokens there are")

// recording is what is recorded of tokens. The mutex of [Tokens] guards it.
type recording struct {
	record Record        // nil: nothing is
	owed   bool          // something is to be recorded still
	said   []Token       // those that were recorded last
	by     map[string]By // whose doing is what is to be recorded, by the name of the token
}

// Record has changes of tokens recorded from now on, and first those that there were since the last record. What is new
// is recorded before it opens anything; what was taken back opens nothing, whether that can be recorded or not.
func (t *Tokens) Record(record Record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recording = recording{record: record, owed: true, by: map[string]By{}}
	return t.tell()
}

// tell records what is to be recorded still.
func (t *Tokens) tell() error {
	if !t.owed {
		return nil
	}
	all := t.inForce()
	if err := t.record(all, t.by); err != nil {
		return fmt.Errorf("%w: %w", ErrUnrecorded, err)
	}
	t.owed, t.said = false, all
	clear(t.by)
	return nil
}

// before records the tokens that there are to be. Until the file says the same, that is to be told.
func (t *Tokens) before(all []Token, name string, by By) error {
	if t.record == nil {
		return nil
	}
	if err := t.record(all, map[string]By{name: by}); err != nil {
		t.owed = true // it may have come as far as the log
		return fmt.Errorf("%w: %w", ErrUnrecorded, err)
	}
	t.said, t.owed = all, true
	return nil
}

// changed notes whose doing a change is that is to be recorded.
func (t *Tokens) changed(name string, by By) {
	if t.record != nil {
		t.owed, t.by[name] = true, by
	}
}

// held tells whether a token opens nothing yet, since it is not recorded that there is one.
func (t *Tokens) held(one *Token) bool {
	return t.owed && !slices.ContainsFunc(t.said, one.same)
}

// same tells whether two are the same token, whenever it was used.
func (t *Token) same(other Token) bool {
	ends := t.Expires == nil && other.Expires == nil ||
		t.Expires != nil && other.Expires != nil && t.Expires.Equal(*other.Expires)
	return ends && t.Name == other.Name && t.SHA256 == other.SHA256 && slices.Equal(t.Roles, other.Roles) &&
		t.Created.Equal(other.Created)
}

// Mark tells a token from others of its name. Nothing can be opened by it, and no token be found.
func (t *Token) Mark() string {
	sum := sha256.Sum256([]byte("tagwarden/1/token\x00" + t.SHA256))
	return hex.EncodeToString(sum[:8])
}

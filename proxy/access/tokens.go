// Package access says who may do what: tokens, of which a data folder keeps hashes alone, the roles that they are for,
// and how often one may be wrong. It promises that a token which was taken back opens nothing any more, and that what
// cannot be read gives none.
package access

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// Token is what is kept of a token: everything but the token.
type Token struct {
	Name    string     `json:"name"`
	Roles   []Role     `json:"roles"`
	SHA256  string     `json:"sha256,omitempty"` // of the token, in hexadecimal
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires,omitempty"`
	Used    string     `json:"used,omitempty"` // the last day on which it was used: 2026-12-01, UTC

	Unsaved error `json:"-"` // why its day of use could not be kept
}

// May tells whether the token may be used for something.
func (t *Token) May(p Permission) bool {
	return slices.ContainsFunc(t.Roles, func(r Role) bool { return r.May(p) })
}

// Why a token is not made, found or taken back.
var (
	ErrNoToken = errors.New("there is no such token")
	ErrTaken   = errors.New("there is a token of that name already: revoke it first, or take another name")
	// ErrTokens: the file is not what was written. It is never written over: those that were there before go on.
	ErrTokens = errors.New("the file of tokens cannot be read")
)

// Tokens are the tokens of a data folder. The zero value knows none. It is safe for concurrent use.
type Tokens struct {
	path  string
	rand  io.Reader
	files durable.Files

	mu   sync.Mutex // guards what follows, and the file
	all  []Token
	kept onDisk // what all was read from, or written to
	seen mark   // of the file, when it was last looked at
	recording
	sharing
}

// mostTokens is how many tokens there may be.
const mostTokens = 1000

// byName is the order in which tokens stand.
func byName(a, b Token) int { return cmp.Compare(a.Name, b.Name) }

// tokenName is what tokens may be called: the name goes to the ledger with what the token was used for.
var tokenName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Create makes a token and returns it. It is recorded then, and on disk, as a hash: nobody can read it again. Other
// nodes take it when they know of it. The error wraps [ErrUnrecorded] where it cannot be recorded, and
// [order.ErrUntold] where the others cannot be reached: none is made then, or one that nobody has.
func (t *Tokens) Create(by By, name string, roles []Role, expires *time.Time, now time.Time) (string, error) {
	if !tokenName.MatchString(name) {
		return "", errors.New(
			"the name is none: up to 64 letters, digits, dots, dashes and underscores are right, a letter or digit first")
	}
	if err := rolesFault(roles); err != nil {
		return "", err
	}
	if expires != nil && !expires.After(now) {
		return "", errors.New("the token would have expired already")
	}
	if t.path == "" {
		return "", errNowhere
	}
	var random [32]byte
	if _, err := io.ReadFull(t.rand, random[:]); err != nil {
		return "", fmt.Errorf("cannot make a token: %w", err)
	}
	token := "tw_" + base64.RawURLEncoding.EncodeToString(random[:])
	made := Token{Name: name, Roles: roles, SHA256: digestOf(token), Created: now.UTC().Truncate(time.Second),
		Expires: expires}
	if err := t.ask(actMade, tokenAct{Token: made, By: by}); err != nil {
		return "", err
	}
	return token, nil
}

// Revoke takes a token back. It opens nothing any more when Revoke returns. The error wraps
// [ErrUnrecorded] where that holds all the same, and is recorded later, and [order.ErrUntold] where it
// holds on this node, and the others are told later.
func (t *Tokens) Revoke(by By, name string) error {
	t.mu.Lock()
	if err := t.read(); err != nil {
		t.mu.Unlock()
		return err
	}
	at := slices.IndexFunc(t.all, func(one Token) bool { return one.Name == name })
	if at < 0 {
		t.mu.Unlock()
		return ErrNoToken
	}
	one, shares := t.all[at], t.shares()
	t.mu.Unlock()
	if shares {
		return t.revokeShared(by, one)
	}
	return t.ask(actRevoked, tokenAct{Name: name, Mark: one.Mark(), By: by})
}

// List returns the tokens by name, without their hashes.
func (t *Tokens) List() []Token {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := slices.Clone(t.all)
	for i := range all {
		all[i].SHA256 = ""
	}
	return all
}

// Use finds a token that is valid now, and notes the day. That the day could not be written down takes nothing from the
// caller. Before it is written the file is read: who took the token out of it has it refused from then on.
func (t *Tokens) Use(token string, now time.Time) (Token, error) {
	sum := digestOf(token)
	day := now.UTC().Format(time.DateOnly)
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.find(sum, now)
	if one == nil {
		return Token{}, ErrNoToken
	}
	if one.Used >= day {
		return *one, nil
	}
	unsaved := errors.Join(t.read(), t.tell()) // once a day
	if one = t.find(sum, now); one == nil {
		return Token{}, ErrNoToken
	}
	next := slices.Clone(t.all)
	one.Used = day // also where it cannot be kept
	used := *one
	if used.Unsaved = unsaved; unsaved == nil {
		next[slices.IndexFunc(next, func(other Token) bool { return other.Name == used.Name })].Used = day
		used.Unsaved = t.save(next)
	}
	return used, nil
}

// find returns the valid token of that hash, nil where there is none.
func (t *Tokens) find(sum string, now time.Time) *Token {
	found := -1
	for i := range t.all { // all of them, whichever it is
		if subtle.ConstantTimeCompare([]byte(sum), []byte(t.all[i].SHA256)) == 1 {
			found = i
		}
	}
	if found < 0 || t.held(&t.all[found]) || !t.opens(&t.all[found]) || t.all[found].Expires != nil &&
		!now.Before(*t.all[found].Expires) {
		return nil
	}
	return &t.all[found]
}

func digestOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

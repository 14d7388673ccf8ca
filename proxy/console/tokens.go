package console

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Role is what a token may be used for.
type Role string

// The roles.
const (
	Add      Role = "objections-add"
	Read     Role = "objections-read"
	Withdraw Role = "objections-withdraw"
)

// Roles lists the roles.
func Roles() []Role { return []Role{Add, Read, Withdraw} }

// Token is what is kept of a token: everything but the token.
type Token struct {
	Name    string     `json:"name"`
	Roles   []Role     `json:"roles"`
	SHA256  string     `json:"sha256,omitempty"` // of the token, in hexadecimal
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires,omitempty"`
	Used    string     `json:"used,omitempty"` // the last day on which it was used: 2026-12-01, UTC

	unsaved error // why its day of use could not be kept
}

// Why a token is not made, found or taken back.
var (
	ErrNoToken = errors.New("there is no such token")
	ErrTaken   = errors.New("there is a token of that name already: revoke it first, or take another name")
)

// Tokens are the tokens of a data folder. The zero value knows none. It is safe for concurrent use.
type Tokens struct {
	path string
	rand io.Reader

	mu  sync.Mutex // guards what follows, and the file
	all []Token
}

// TokensFile is where in a data folder tokens are.
const TokensFile = "tokens.json"

// mostTokens is how many tokens there may be.
const mostTokens = 1000

// tokenName is what tokens may be called: the name goes to the ledger with what the token was used for.
var tokenName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// tokensFile is the file's form.
type tokensFile struct {
	Version int     `json:"version"`
	Tokens  []Token `json:"tokens"`
}

// OpenTokens reads the tokens of a data folder. A folder without the file has none.
func OpenTokens(data string) (*Tokens, error) {
	t := &Tokens{path: filepath.Join(data, TokensFile), rand: rand.Reader}
	text, err := os.ReadFile(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the tokens: %w", err)
	}
	if t.all, err = parseTokens(text); err != nil {
		return nil, fmt.Errorf("%s: %w: put a copy in its place, or remove it and make new tokens", t.path, err)
	}
	return t, nil
}

// parseTokens reads the file strictly: what is not what was written gives no token at all.
func parseTokens(text []byte) ([]Token, error) {
	in := json.NewDecoder(strings.NewReader(string(text)))
	in.DisallowUnknownFields()
	var file tokensFile
	if err := in.Decode(&file); err != nil {
		return nil, errors.New("it is no file of tokens")
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows what is a file of tokens")
	}
	if file.Version != 1 {
		return nil, errors.New("its version is not 1")
	}
	names := map[string]bool{}
	for _, one := range file.Tokens {
		sum, err := hex.DecodeString(one.SHA256)
		switch {
		case !tokenName.MatchString(one.Name) || names[one.Name]:
			return nil, errors.New("a token's name is none, or stands twice")
		case err != nil || len(sum) != sha256.Size:
			return nil, errors.New("a token has no SHA-256")
		case rolesFault(one.Roles) != nil:
			return nil, rolesFault(one.Roles)
		}
		names[one.Name] = true
	}
	return file.Tokens, nil
}

func rolesFault(roles []Role) error {
	if len(roles) == 0 {
		return errors.New("a token needs a role")
	}
	for i, role := range roles {
		if !slices.Contains(Roles(), role) {
			return fmt.Errorf("a role is none: %s are", words(Roles()))
		}
		if slices.Contains(roles[:i], role) {
			return errors.New("a role stands twice")
		}
	}
	return nil
}

func words[T ~string](all []T) string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = string(one)
	}
	return strings.Join(texts, ", ")
}

// Create makes a token and returns it. It is on disk then, as a hash: nobody can read it again.
func (t *Tokens) Create(name string, roles []Role, expires *time.Time, now time.Time) (string, error) {
	if !tokenName.MatchString(name) {
		return "", errors.New("the name is none: up to 64 letters, digits, dots, dashes and underscores are right, a letter or digit first")
	}
	if err := rolesFault(roles); err != nil {
		return "", err
	}
	if expires != nil && !expires.After(now) {
		return "", errors.New("the token would have expired already")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if slices.ContainsFunc(t.all, func(one Token) bool { return one.Name == name }) {
		return "", ErrTaken
	}
	if len(t.all) >= mostTokens {
		return "", fmt.Errorf("there are %d tokens: revoke some", len(t.all))
	}
	var random [32]byte
	if _, err := io.ReadFull(t.rand, random[:]); err != nil {
		return "", fmt.Errorf("cannot make a token: %w", err)
	}
	token := "tw_" + base64.RawURLEncoding.EncodeToString(random[:])
	made := Token{Name: name, Roles: roles, SHA256: digestOf(token), Created: now.UTC().Truncate(time.Second), Expires: expires}
	next := append(slices.Clone(t.all), made)
	slices.SortFunc(next, func(a, b Token) int { return cmp.Compare(a.Name, b.Name) })
	if err := t.save(next); err != nil {
		return "", err
	}
	t.all = next
	return token, nil
}

// Revoke takes a token back. It opens nothing any more when Revoke returns.
func (t *Tokens) Revoke(name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(t.all), func(one Token) bool { return one.Name == name })
	if len(next) == len(t.all) {
		return ErrNoToken
	}
	if err := t.save(next); err != nil {
		return err
	}
	t.all = next
	return nil
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

// Use finds a token that is valid now, and notes the day. That the day could not be written down takes nothing from the caller.
func (t *Tokens) Use(token string, now time.Time) (Token, error) {
	sum := digestOf(token)
	day := now.UTC().Format(time.DateOnly)
	t.mu.Lock()
	defer t.mu.Unlock()
	found := -1
	for i := range t.all { // all of them, whichever it is
		if subtle.ConstantTimeCompare([]byte(sum), []byte(t.all[i].SHA256)) == 1 {
			found = i
		}
	}
	if found < 0 {
		return Token{}, ErrNoToken
	}
	one := &t.all[found]
	if one.Expires != nil && !now.Before(*one.Expires) {
		return Token{}, ErrNoToken
	}
	used := *one
	if one.Used < day { // once a day
		one.Used = day
		used.unsaved = t.save(t.all)
	}
	return used, nil
}

func digestOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// save writes the file anew beside the old one and puts it in its place: a reader sees one of the two.
func (t *Tokens) save(all []Token) (err error) {
	if t.path == "" {
		return errors.New("tokens cannot be kept here")
	}
	text, err := json.MarshalIndent(tokensFile{1, all}, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot write the tokens: %w", err)
	}
	beside := t.path + ".new"
	defer func() {
		if err != nil {
			_ = os.Remove(beside)
			err = fmt.Errorf("cannot write the tokens: %w", err)
		}
	}()
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(beside, t.path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(t.path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tagwarden/tagwarden/config/namedfile"
)

// TokensFile is where in a data folder tokens are.
const TokensFile = "tokens.json"

// tokensForm is the number of the form that the file is written in.
//
// In form 1 the role security opened what the log can be checked with, and how many events wait; in form 2 that is the
// role proofs, and security opens what the log says as well. A token of form 1 is read as what it was made for.
const tokensForm = 2

// mostBytes is how many bytes the file has at most.
const mostBytes = 64 << 20

// tokensFile is the file's form.
type tokensFile struct {
	Version int     `json:"version"`
	Tokens  []Token `json:"tokens"`
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
	if file.Version < 1 || file.Version > tokensForm {
		return nil, fmt.Errorf("its version is none of 1 to %d", tokensForm)
	}
	names := map[string]bool{}
	for i := range file.Tokens {
		one := &file.Tokens[i]
		if file.Version == 1 {
			if err := one.fromForm1(); err != nil {
				return nil, err
			}
		}
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

// rolesOfForm1 are the roles that there were in form 1, as what they are now.
var rolesOfForm1 = map[Role]Role{Add: Add, Read: Read, Withdraw: Withdraw, Decide: Decide, Security: Checker}

// fromForm1 makes a token of form 1 one of today.
func (t *Token) fromForm1() error {
	for i, role := range t.Roles {
		now, was := rolesOfForm1[role]
		if !was {
			return errors.New("a role is none of those that there were in version 1")
		}
		t.Roles[i] = now
	}
	return nil
}

// onDisk is what the file held: nothing where there was none.
type onDisk struct {
	there bool
	sum   [sha256.Size]byte
}

// mark tells one state of the file from another without reading it.
type mark struct {
	there bool
	size  int64
	at    time.Time
	inode uint64
}

func markOf(path string) mark {
	info, err := os.Stat(path)
	if err != nil {
		return mark{}
	}
	m := mark{there: true, size: info.Size(), at: info.ModTime()}
	if file, ok := info.Sys().(*syscall.Stat_t); ok {
		m.inode = file.Ino
	}
	return m
}

// OpenTokens reads the tokens of a data folder. A folder without the file has none.
func OpenTokens(data string) (*Tokens, error) {
	t := &Tokens{path: filepath.Join(data, TokensFile), rand: rand.Reader}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.read(); err != nil {
		return nil, err
	}
	return t, nil
}

// Reload reads the file. What was taken out of it opens nothing any more. Where it cannot be read the tokens that were
// there go on, and nothing is written over it: the error, an [ErrTokens] where it is not what was written, says so.
func (t *Tokens) Reload() error {
	t.mu.Lock()
	err := errors.Join(t.read(), t.tell())
	t.mu.Unlock()
	return errors.Join(err, t.settle())
}

// Refresh is Reload where the file was changed since it was looked at last, or something is to be recorded still.
func (t *Tokens) Refresh() error {
	t.mu.Lock()
	var err error
	if markOf(t.path) != t.seen {
		err = t.read()
	}
	err = errors.Join(err, t.tell())
	t.mu.Unlock()
	return errors.Join(err, t.settle())
}

var errNowhere = errors.New("tokens cannot be kept here")

// read takes over what the file holds, where that is not what was read or written last.
func (t *Tokens) read() error {
	if t.path == "" {
		return errNowhere
	}
	t.seen = markOf(t.path)
	text, err := namedfile.Read(t.path, mostBytes)
	found := onDisk{err == nil, sha256.Sum256(text)}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		found, text = onDisk{}, []byte(`{"version":2}`)
	case err != nil:
		return fmt.Errorf("cannot read the tokens: %w", err)
	}
	if found == t.kept {
		return nil
	}
	all, err := parseTokens(text)
	if err != nil {
		return fmt.Errorf("%w: %s: %w: mend it, put a copy in its place, or remove it and make new tokens",
			ErrTokens, t.path, err)
	}
	t.kept, t.owed = found, t.record != nil
	if t.shares() {
		t.compare(all)
	}
	t.all = all
	return nil
}

// save writes the file anew beside the old one and puts it in its place: a reader sees one of the two. What it holds is
// in force when that is on disk. Read comes before it.
func (t *Tokens) save(all []Token) error {
	if t.path == "" {
		return errNowhere
	}
	text, err := json.MarshalIndent(tokensFile{tokensForm, all}, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot write the tokens: %w", err)
	}
	text = append(text, '\n')
	if err := t.files.Replace(t.path, text, 0o600); err != nil {
		return fmt.Errorf("cannot write the tokens: %w", errors.Join(err, t.read())) // it may have come as far as its place
	}
	t.all, t.kept, t.seen = all, onDisk{true, sha256.Sum256(text)}, markOf(t.path)
	return nil
}

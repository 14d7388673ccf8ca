package tree

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/rules/plural"
)

// Checkpoint says what the log of an origin had come to (c2sp.org/tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Tree   tlog.Tree
	More   []string // further lines; ours have none
	// Signed are the names of the keys whose signatures were checked, the log's first.
	Signed []string
	// Unknown are the names of keys that were not given, and whose signatures say nothing therefore.
	Unknown []string
}

// ErrCheckpoint says that bytes are no checkpoint, or none of this log.
var ErrCheckpoint = errors.New("this is no checkpoint of the log")

// mostCheckpoint is how long a checkpoint is at most, in bytes: 16 signatures of the largest kind, and more.
const mostCheckpoint = 128 << 10

// text is what is signed.
func (c *Checkpoint) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%d\n%s\n", c.Origin, c.Tree.N, c.Tree.Hash)
	for _, line := range c.More {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// Sign signs a tree.
func (s *Signer) Sign(t tlog.Tree) ([]byte, error) {
	if t.N < 0 {
		return nil, fmt.Errorf("cannot sign a tree of size %d", t.N)
	}
	c := Checkpoint{Origin: s.signer.Name(), Tree: t}
	return note.Sign(&note.Note{Text: c.text()}, s.signer)
}

// OpenCheckpoint reads a checkpoint of the log that the key belongs to, and checks the log's signature and those of the
// witnesses that are given. The error wraps [ErrCheckpoint].
func OpenCheckpoint(msg []byte, log note.Verifier, witnesses ...note.Verifier) (*Checkpoint, error) {
	if len(msg) > mostCheckpoint {
		return nil, fmt.Errorf("%w: it has %s, and may have %d", ErrCheckpoint, plural.Of(len(msg), "byte"), mostCheckpoint)
	}
	n, err := note.Open(msg, note.VerifierList(append([]note.Verifier{log}, witnesses...)...))
	if err != nil {
		if _, is := errors.AsType[*note.UnverifiedNoteError](err); is {
			err = fmt.Errorf("nobody signed it whose key was given: not %s", log.Name())
		}
		return nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	if c.Origin != log.Name() {
		return nil, fmt.Errorf("%w: it is of %s, and the key is that of %s", ErrCheckpoint, c.Origin, log.Name())
	}
	for _, s := range n.Sigs {
		if s.Name == log.Name() && s.Hash == log.KeyHash() {
			c.Signed = append([]string{s.Name}, c.Signed...)
			continue
		}
		c.Signed = append(c.Signed, s.Name)
	}
	if len(c.Signed) == 0 || c.Signed[0] != log.Name() {
		return nil, fmt.Errorf("%w: %s did not sign it", ErrCheckpoint, log.Name())
	}
	for _, s := range n.UnverifiedSigs {
		c.Unknown = append(c.Unknown, s.Name)
	}
	if !isWritten(msg, n) {
		return nil, fmt.Errorf("%w: a signature stands there twice, or in another form than that in which it is written",
			ErrCheckpoint)
	}
	return c, nil
}

// Unverified reads what a checkpoint says, whoever signed it. The error wraps [ErrCheckpoint].
func Unverified(msg []byte) (*Checkpoint, error) {
	text, _, found := strings.Cut(string(msg), "\n\n")
	if !found || len(msg) > mostCheckpoint {
		return nil, fmt.Errorf("%w: it has no signatures", ErrCheckpoint)
	}
	c, err := parseCheckpoint(text + "\n")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	return c, nil
}

// parseCheckpoint reads what is signed.
func parseCheckpoint(text string) (*Checkpoint, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 {
		return nil, fmt.Errorf("it has %s: origin, size and root are right", plural.Of(len(lines), "line"))
	}
	for i, line := range lines {
		if line == "" {
			return nil, fmt.Errorf("line %d is empty", i+1)
		}
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return nil, errors.New("line 2: a number without zeros before it is right")
	}
	root, err := decodeHash(lines[2])
	if err != nil {
		return nil, fmt.Errorf("line 3: %w", err)
	}
	return &Checkpoint{Origin: lines[0], Tree: tlog.Tree{N: size, Hash: root}, More: lines[3:]}, nil
}

// isWritten tells whether a note stands as it is written: each signature once, in the one form that base64 has.
func isWritten(msg []byte, n *note.Note) bool {
	rest := string(msg[len(n.Text)+1:])
	for line := range strings.SplitSeq(strings.TrimSuffix(rest, "\n"), "\n") {
		_, signature, _ := strings.Cut(strings.TrimPrefix(line, "— "), " ")
		if _, err := decode64(signature); err != nil {
			return false
		}
	}
	return strings.Count(rest, "\n") == len(n.Sigs)+len(n.UnverifiedSigs)
}

// keep leaves of a checkpoint the signatures that the keys verify.
func keep(msg []byte, keys ...note.Verifier) ([]byte, error) {
	n, err := note.Open(msg, note.VerifierList(keys...))
	if err != nil {
		return nil, err
	}
	n.UnverifiedSigs = nil
	return note.Sign(n)
}

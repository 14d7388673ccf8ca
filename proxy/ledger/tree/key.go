package tree

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/config/logkey"
)

// ErrOrigin says that a text names no log.
var ErrOrigin = logkey.ErrOrigin

// CheckOrigin is [logkey.CheckOrigin]: what can name a log.
func CheckOrigin(origin string) error { return logkey.CheckOrigin(origin) }

// DefaultOrigin is [logkey.DefaultOrigin]: the origin of a log where nobody gave it one.
func DefaultOrigin(host string) string { return logkey.DefaultOrigin(host) }

// Signer signs what the log of an origin had come to.
type Signer struct {
	signer note.Signer
	public string
}

// NewSigner is that of an origin with a seed of Ed25519 (RFC 8032).
func NewSigner(origin string, seed [ed25519.SeedSize]byte) (*Signer, error) {
	if err := CheckOrigin(origin); err != nil {
		return nil, fmt.Errorf("%q: %w", origin, err)
	}
	private := ed25519.NewKeyFromSeed(seed[:])
	public, err := note.NewEd25519VerifierKey(origin, private.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	// A signer's key, as the library reads it: origin and hash are those of the public half, 1 stands for Ed25519.
	named := public[:len(origin)+len("+00000000")]
	secret := base64.StdEncoding.EncodeToString(append([]byte{1}, seed[:]...))
	signer, err := note.NewSigner("PRIVATE+KEY+" + named + "+" + secret)
	if err != nil {
		return nil, errors.New("cannot make the key that signs checkpoints") // and nothing of the key is told
	}
	return &Signer{signer, public}, nil
}

// Public is the public half as others read it (c2sp.org/signed-note): "<origin>+<hash>+<key in base64>".
func (s *Signer) Public() string { return s.public }

// String hides the key from logs.
func (s *Signer) String() string { return "signer of " + s.public }

// GoString hides the key from logs.
func (s *Signer) GoString() string { return s.String() }

// ErrKey says that a text is no public key of a log.
var ErrKey = errors.New("this is no public key: <name>+<8 hex digits>+<base64> is right, as log.pub holds it")

// ParseKey reads a public key of a log as [Signer.Public] gives it; white space around it is ignored, as a file ends
// with a line's end. The error is [ErrKey].
func ParseKey(text string) (note.Verifier, error) {
	v, err := note.NewVerifier(strings.TrimSpace(text))
	if err != nil {
		return nil, ErrKey
	}
	return v, nil
}

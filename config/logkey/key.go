package logkey

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// ErrKey says that a text is no public key.
var ErrKey = errors.New("this is no public key: <name>+<8 hex digits>+<base64> is right")

// The kinds of keys, as the first byte of what stands in base64 (c2sp.org/signed-note).
const (
	kindEd25519     = 1 // of a log
	kindCosignature = 4 // of a witness: cosignature/v1
)

// key is a public key taken apart.
type key struct {
	name string
	hash uint32
	kind byte
	raw  []byte // without the kind
}

// parse reads a key of any kind, and holds its hash against what it is made of. White space around it is ignored. The
// error wraps [ErrKey].
func parse(text string) (key, error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(text), "+")
	hash, encoded, found := strings.Cut(rest, "+")
	sum, err := hex.DecodeString(hash)
	switch {
	case !found:
		return key{}, ErrKey
	case CheckOrigin(name) != nil:
		return key{}, fmt.Errorf("%w: the name is none", ErrKey)
	case err != nil || len(sum) != 4:
		return key{}, fmt.Errorf("%w: the hash behind the name has not 8 hex digits", ErrKey)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) < 2 {
		return key{}, fmt.Errorf("%w: what follows the hash is no base64", ErrKey)
	}
	k := key{name, binary.BigEndian.Uint32(sum), raw[0], raw[1:]}
	if k.hash != hashOf(name, raw) {
		return key{}, fmt.Errorf("%w: hash and key do not belong together: a part was changed", ErrKey)
	}
	return k, nil
}

// ed25519 is the key as Ed25519 has it.
func (k key) ed25519() (ed25519.PublicKey, error) {
	if k.kind != kindEd25519 && k.kind != kindCosignature || len(k.raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%w: it is of another kind than Ed25519, which alone is known here", ErrKey)
	}
	return k.raw, nil
}

// hashOf is the hash of a key: kind and key behind the name.
func hashOf(name string, kindAndKey []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), kindAndKey...))
	return binary.BigEndian.Uint32(sum[:])
}

// PEM is the public key of a log as openssl reads it: a SubjectPublicKeyInfo (RFC 8410) in PEM. The error wraps
// [ErrKey].
func PEM(text string) ([]byte, error) {
	k, err := parse(text)
	if err != nil {
		return nil, err
	}
	public, err := k.ed25519()
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("cannot write the public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// Name is whose key it is. The error wraps [ErrKey].
func Name(text string) (string, error) {
	k, err := parse(text)
	return k.name, err
}

// Witness is the public key of a witness: it verifies cosignatures (c2sp.org/tlog-cosignature, Ed25519).
type Witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

var _ note.Verifier = (*Witness)(nil)

// ParseWitness reads the public key of a witness. One that is written as a log's (kind 1) is taken as well: many
// witnesses publish theirs like this, and sign with a cosignature all the same. The error wraps [ErrKey].
func ParseWitness(text string) (*Witness, error) {
	k, err := parse(text)
	if err != nil {
		return nil, err
	}
	public, err := k.ed25519()
	if err != nil {
		return nil, err
	}
	return &Witness{k.name, hashOf(k.name, append([]byte{kindCosignature}, public...)), public}, nil
}

// Name is what the witness is called.
func (w *Witness) Name() string { return w.name }

// KeyHash is what its cosignatures are known by, besides the name.
func (w *Witness) KeyHash() uint32 { return w.hash }

// Same are texts of which two witnesses that count as two have none in common: their name, and their key, however it is
// written.
func (w *Witness) Same() []string { return []string{"name " + w.name, "key " + string(w.key)} }

// stamped is how long a cosignature is: the time in 8 bytes, and a signature.
const stamped = 8 + ed25519.SignatureSize

// Verify tells whether the witness signed a checkpoint's text, at the time that the cosignature says.
func (w *Witness) Verify(text, cosignature []byte) bool {
	at, ok := SignedAt(cosignature)
	return ok && ed25519.Verify(w.key, cosigned(text, at), cosignature[8:])
}

// SignedAt is when a cosignature says that it was made, in seconds since 1970; false: it is none.
func SignedAt(cosignature []byte) (seconds int64, ok bool) {
	if len(cosignature) != stamped {
		return 0, false
	}
	at := binary.BigEndian.Uint64(cosignature)
	return int64(at), at < 1<<63
}

// cosigned is what a witness signs: the checkpoint's text behind what it is for, and when.
func cosigned(text []byte, seconds int64) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", seconds), text...)
}

package pseudonym

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

// Root is the secret that all keys are made from: 32 random bytes.
type Root [32]byte

// TestRoot is published here, and therefore no secret: explain and replay use it, so that output can be compared and
// never matches production's pseudonyms.
var TestRoot = Root([]byte("tagwarden-test-root-not-a-secret"))

// ErrRoot says that a text is no root secret.
var ErrRoot = errors.New("cannot read root secret: it must be 32 bytes in base64; make one with `tagwarden init`")

// ParseRoot reads 32 bytes in base64 (RFC 4648, section 4 or 5, padding optional), white space around them ignored. The
// error is [ErrRoot] and says nothing of the text.
func ParseRoot(text string) (Root, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	b, err := encoding.DecodeString(text)
	if err != nil || len(b) != len(Root{}) {
		return Root{}, ErrRoot
	}
	return Root(b), nil
}

// String hides the secret from logs.
func (Root) String() string { return "root secret" }

// GoString hides the secret from logs.
func (Root) GoString() string { return "root secret" }

// Key is a key of HMAC-SHA256.
type Key [32]byte

// String hides the key from logs.
func (Key) String() string { return "key" }

// GoString hides the key from logs.
func (Key) GoString() string { return "key" }

// below returns the key that HKDF-SHA256 makes of secret for the label and the names,
// which are told apart by their lengths.
func below(secret []byte, label string, names ...string) Key {
	var info strings.Builder
	info.WriteString("tagwarden/1/" + label)
	for _, n := range names {
		length := len(n)
		info.WriteByte(0)
		info.Write([]byte{byte(length >> 24), byte(length >> 16), byte(length >> 8), byte(length)})
		info.WriteString(n)
	}
	b, err := hkdf.Key(sha256.New, secret, nil, info.String(), len(Key{}))
	if err != nil { // only for lengths beyond 255 hashes, or secrets too short in FIPS mode
		panic("BUG: HKDF refused a key of 32 bytes")
	}
	return Key(b)
}

// SubjectKey is the key of objections' subjects. It never changes, for an objection never ends by itself.
func (r Root) SubjectKey() Key { return below(r[:], "objection subject") }

// LedgerSubjectKey is the key of the ledger's subjects. Where it is shredded the log
// is anonymous and the objections stand.
func (r Root) LedgerSubjectKey() Key { return below(r[:], "ledger subject") }

// LedgerDigestKey is the key of the digests of bytes that left.
func (r Root) LedgerDigestKey() Key { return below(r[:], "ledger digest") }

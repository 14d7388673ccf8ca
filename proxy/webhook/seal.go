package webhook

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
)

// sealed is the first byte of every message that waits: how it is sealed.
const sealed = 1

// ErrUnsealed says that a message cannot be opened: it was sealed with another
// key, for another receiver, or is damaged.
var ErrUnsealed = errors.New("a message that waits cannot be opened: it was sealed with another key, or is damaged")

func gcm(key *[32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Seal encrypts a message for as long as it waits (AES-256-GCM, with the receiver's
// name authenticated): it names people.
func Seal(key *[32]byte, random io.Reader, to string, message []byte) ([]byte, error) {
	aead, err := gcm(key)
	if err != nil {
		return nil, fmt.Errorf("cannot seal a message: %w", err)
	}
	out := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(message)+aead.Overhead())
	out[0] = sealed
	if _, err := io.ReadFull(random, out[1:]); err != nil {
		return nil, fmt.Errorf("cannot seal a message: %w", err)
	}
	return aead.Seal(out, out[1:], message, []byte(to)), nil //nolint:gosec // the nonce was read two lines above
}

// Unseal decrypts what [Seal] made.
func Unseal(key *[32]byte, to string, body []byte) ([]byte, error) {
	aead, err := gcm(key)
	if err != nil || len(body) < 1+aead.NonceSize() || body[0] != sealed {
		return nil, ErrUnsealed
	}
	nonce, text := body[1:1+aead.NonceSize()], body[1+aead.NonceSize():]
	message, err := aead.Open(nil, nonce, text, []byte(to))
	if err != nil {
		return nil, ErrUnsealed
	}
	return message, nil
}

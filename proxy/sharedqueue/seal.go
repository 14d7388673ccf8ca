package sharedqueue

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"io"
)

// A message is a byte that says its form, an id that is drawn at random, and what is sealed: the name of the node that
// made it, and its items, each behind its length. It is sealed with AES-256-GCM under a key of its own,
// which HKDF-SHA-256 derives from the nodes' key and the id: no key seals twice, so that the nonce may be
// zero. Form, id and vendor are bound to it.
const (
	form     = 1
	idSize   = 16
	headSize = 1 + idSize

	// MaxItems is how many items a message holds.
	MaxItems = 256
	// MaxMessage is how long a message is made, in bytes, where the servers take as much.
	MaxMessage = 512 << 10
	overhead   = headSize + 16 + 2*binary.MaxVarintLen64 + 64 // and the node's name
)

// id names a message.
type id [idSize]byte

func drawID(from io.Reader) (of id, err error) {
	_, err = io.ReadFull(from, of[:])
	return of, err
}

// sealer is what seals the message of an id.
func sealer(key *[32]byte, of *id) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, key[:], of[:], "tagwarden/1/shared queue", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal makes a message.
func seal(key *[32]byte, of id, vendor, node string, items [][]byte) ([]byte, error) {
	aead, err := sealer(key, &of)
	if err != nil {
		return nil, err
	}
	n := overhead + len(node)
	for _, item := range items {
		n += binary.MaxVarintLen32 + len(item)
	}
	out := append(append(make([]byte, 0, n), form), of[:]...)
	plain := binary.AppendUvarint(make([]byte, 0, n), uint64(len(node)))
	plain = binary.AppendUvarint(append(plain, node...), uint64(len(items)))
	for _, item := range items {
		plain = append(binary.AppendUvarint(plain, uint64(len(item))), item...)
	}
	//nolint:gosec // the key is the message's own, made of its random id: it seals once
	return aead.Seal(out, make([]byte, aead.NonceSize()), plain, bound(of, vendor)), nil
}

// bound is what a message is bound to.
func bound(of id, vendor string) []byte {
	return append(append([]byte{form}, of[:]...), vendor...)
}

// unseal reads a message.
func unseal(key *[32]byte, vendor string, message []byte) (of id, node string, items [][]byte, err error) {
	if len(message) < headSize || message[0] != form {
		return of, "", nil, errSealed
	}
	of = id(message[1:headSize])
	aead, err := sealer(key, &of)
	if err != nil {
		return of, "", nil, err
	}
	plain, err := aead.Open(nil, make([]byte, aead.NonceSize()), message[headSize:], bound(of, vendor))
	if err != nil {
		return of, "", nil, errSealed
	}
	r := reader{plain}
	name := r.bytes()
	n := r.number()
	if n > MaxItems {
		return of, "", nil, errSealed
	}
	for range n {
		items = append(items, r.bytes())
	}
	if r.b == nil || len(r.b) != 0 {
		return of, "", nil, errSealed
	}
	return of, string(name), items, nil
}

// reader reads what was unsealed. After bytes that are nothing it is nil.
type reader struct{ b []byte }

func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b = nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) bytes() []byte {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.b = nil
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

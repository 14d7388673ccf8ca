package pseudonym

import (
	"crypto/sha256"
	"encoding"
)

// A Hasher is a [Key] made ready for HMAC-SHA256 (RFC 2104): it keeps what SHA-256 has come to behind the key's inner
// and outer pad, with which every message begins (section 4 of the RFC says that one may). That halves the work for a
// short message. It is as secret as the key, never changes, and is safe for concurrent use.
type Hasher struct{ inner, outer []byte }

// Hasher makes the key ready.
func (k *Key) Hasher() *Hasher { return &Hasher{k.behindPad(0x36), k.behindPad(0x5c)} }

// behindPad is the state of SHA-256 once it has read a pad: the key, filled up with zeros, XOR a byte.
func (k *Key) behindPad(b byte) []byte {
	var pad [sha256.BlockSize]byte
	copy(pad[:], k[:])
	for i := range pad {
		pad[i] ^= b
	}
	h := sha256.New()
	h.Write(pad[:])
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		panic("BUG: SHA-256 does not tell its state")
	}
	return state
}

// String hides the key from logs.
func (Hasher) String() string { return "key" }

// GoString hides the key from logs.
func (Hasher) GoString() string { return "key" }

// MAC returns HMAC-SHA256 of the parts, one behind the other. The caller sees to it that parts cannot be confused. It
// allocates nothing.
func (k *Hasher) MAC(parts ...[]byte) (sum [32]byte) {
	h := sha256.New()
	state := h.(encoding.BinaryUnmarshaler)
	if state.UnmarshalBinary(k.inner) != nil {
		panic("BUG: a MAC without a key")
	}
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(sum[:0])
	if state.UnmarshalBinary(k.outer) != nil {
		panic("BUG: a MAC without a key")
	}
	h.Write(sum[:])
	h.Sum(sum[:0])
	return sum
}

// MAC is [Hasher.MAC] for a key that few messages are hashed under.
func (k *Key) MAC(parts ...[]byte) [32]byte { return k.Hasher().MAC(parts...) }

// Pseudonym returns the bytes that [AppendFormat] makes a pseudonym of. id is normalised ([AppendNormal]). With bits
// from 1 to 255 at most 2^bits different results exist under one key, so that collisions really occur; 0 and 256 cut
// nothing.
func (k *Hasher) Pseudonym(id []byte, bits int) [32]byte {
	mac := k.MAC([]byte("pseudonym\x00"), id)
	if bits <= 0 || bits >= 256 {
		return mac
	}
	for i := range mac {
		mac[i] &= 0xff << (8 - min(max(bits-8*i, 0), 8))
	}
	return k.MAC([]byte("cut\x00"), mac[:])
}

// DailyVisitor returns the bytes of an id that is derived instead of stored: of site, truncated address and generalised
// user agent, under a key that lasts a day.
func (k *Hasher) DailyVisitor(site string, address, agent []byte) [32]byte {
	var buf [256]byte
	head := append(buf[:0], "daily visitor\x00"...)
	head = append(head, byte(len(address)))
	head = append(head, address...)
	head = append(head, byte(len(site)>>8), byte(len(site)))
	head = append(head, site...)
	return k.MAC(head, agent)
}

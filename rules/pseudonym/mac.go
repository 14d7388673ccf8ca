package pseudonym

import (
	"crypto/hmac"
	"crypto/sha256"
)

// inline bounds the message that MAC takes without a heap allocation: identifiers are shorter.
const inline = 448

// MAC returns HMAC-SHA256 (RFC 2104) of the parts, one behind the other. The caller sees to it that parts cannot be confused. Up to 448
// bytes it allocates nothing.
func (k *Key) MAC(parts ...[]byte) [32]byte {
	length := 0
	for _, p := range parts {
		length += len(p)
	}
	if length > inline {
		return k.macLong(parts)
	}
	var buf [sha256.BlockSize + inline]byte
	for i, b := range k {
		buf[i] = b ^ 0x36
	}
	for i := len(k); i < sha256.BlockSize; i++ {
		buf[i] = 0x36
	}
	n := sha256.BlockSize
	for _, p := range parts {
		n += copy(buf[n:], p)
	}
	inner := sha256.Sum256(buf[:n])
	for i, b := range k {
		buf[i] = b ^ 0x5c
	}
	for i := len(k); i < sha256.BlockSize; i++ {
		buf[i] = 0x5c
	}
	copy(buf[sha256.BlockSize:], inner[:])
	return sha256.Sum256(buf[:sha256.BlockSize+sha256.Size])
}

func (k *Key) macLong(parts [][]byte) (sum [32]byte) {
	h := hmac.New(sha256.New, k[:])
	var all []byte // copied, so that the parts of short messages need not be on the heap
	for _, p := range parts {
		all = append(all, p...)
	}
	if _, err := h.Write(all); err != nil {
		panic("BUG: a hash refused to be written to")
	}
	h.Sum(sum[:0])
	return sum
}

// Pseudonym returns the bytes that AppendFormat makes a pseudonym of. id is normalised (AppendNormal). With bits from 1 to 255 at most
// 2^bits different results exist under one key, so that collisions really occur; 0 and 256 cut nothing.
func (k *Key) Pseudonym(id []byte, bits int) [32]byte {
	mac := k.MAC([]byte("pseudonym\x00"), id)
	if bits <= 0 || bits >= 256 {
		return mac
	}
	for i := range mac {
		switch keep := bits - 8*i; {
		case keep <= 0:
			mac[i] = 0
		case keep < 8:
			mac[i] &= 0xff << (8 - keep)
		}
	}
	return k.MAC([]byte("cut\x00"), mac[:])
}

// DailyVisitor returns the bytes of an id that is derived instead of stored: of site, truncated address and generalised user agent,
// under a key that lasts a day.
func (k *Key) DailyVisitor(site string, address, agent []byte) [32]byte {
	var buf [256]byte
	head := append(buf[:0], "daily visitor\x00"...)
	head = append(head, byte(len(address)))
	head = append(head, address...)
	head = append(head, byte(len(site)>>8), byte(len(site)))
	head = append(head, site...)
	return k.MAC(head, agent)
}

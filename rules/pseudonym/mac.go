package pseudonym

import "crypto/sha256"

// inline bounds the message that MAC takes without a heap allocation: identifiers are shorter.
const inline = 448

// MAC returns HMAC-SHA256 (RFC 2104) of the parts, one behind the other. The caller sees to it that parts cannot be confused. Up to 448
// bytes it allocates nothing.
func (k *Key) MAC(parts ...[]byte) [32]byte {
	length := sha256.BlockSize
	for _, p := range parts {
		length += len(p)
	}
	var room [sha256.BlockSize + inline]byte
	buf := room[:]
	if length > len(buf) {
		buf = make([]byte, length)
	}
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

// Pseudonym returns the bytes that [AppendFormat] makes a pseudonym of. id is normalised ([AppendNormal]). With bits
// from 1 to 255 at most 2^bits different results exist under one key, so that collisions really occur; 0 and 256 cut
// nothing.
func (k *Key) Pseudonym(id []byte, bits int) [32]byte {
	mac := k.MAC([]byte("pseudonym\x00"), id)
	if bits <= 0 || bits >= 256 {
		return mac
	}
	for i := range mac {
		mac[i] &= 0xff << (8 - min(max(bits-8*i, 0), 8))
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

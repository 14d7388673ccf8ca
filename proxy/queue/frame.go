package queue

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// A frame is a head, the sealed event, and the head once more: whichever byte of it is damaged, one of the two
// still says which event it was. A head is 32 bytes, numbers with the least significant byte first:
//
//	version 1, doubt, round (2), number (4), key (8), hit (8), event (4), CRC-32C of all that (4)
//
// Doubt is 1 where the event may have arrived by an attempt before the frame was written, else 0.
//
// The event is sealed by AES-256-GCM under the key named, with the frame's number as nonce, and bound to the head.
type frameHead struct {
	key    uint64
	number uint32 // no other frame has it below that key
	round  uint16 // how often the event was put elsewhere (parked, and back): the highest counts
	name   Name
	doubt  bool // it may have arrived by then
}

const (
	version    = 1
	headLength = 32
	tagLength  = 16
	framing    = 12 // what package segment puts before a frame
	overhead   = framing + 2*headLength + tagLength
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (h *frameHead) append(b []byte) []byte {
	from := len(b)
	b = append(b, version, 0)
	if h.doubt {
		b[from+1] = 1
	}
	b = binary.LittleEndian.AppendUint16(b, h.round)
	b = binary.LittleEndian.AppendUint32(b, h.number)
	b = binary.LittleEndian.AppendUint64(b, h.key)
	b = binary.LittleEndian.AppendUint64(b, h.name.Hit)
	b = binary.LittleEndian.AppendUint32(b, h.name.Event)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[from:], castagnoli))
}

// readHead reads a head; ok is false where none stands.
func readHead(b []byte) (h frameHead, ok bool) {
	if len(b) < headLength || b[0] != version || b[1] > 1 ||
		binary.LittleEndian.Uint32(b[headLength-4:]) != crc32.Checksum(b[:headLength-4], castagnoli) {
		return h, false
	}
	return frameHead{
		round:  binary.LittleEndian.Uint16(b[2:]),
		number: binary.LittleEndian.Uint32(b[4:]),
		key:    binary.LittleEndian.Uint64(b[8:]),
		name:   Name{binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint32(b[24:])},
		doubt:  b[1] == 1,
	}, true
}

// readFrame takes a frame apart: its head, and the sealed event.
func readFrame(b []byte) (h frameHead, sealed []byte, ok bool) {
	if len(b) < 2*headLength+tagLength || string(b[:headLength]) != string(b[len(b)-headLength:]) {
		return h, nil, false
	}
	h, ok = readHead(b)
	return h, b[headLength : len(b)-headLength], ok
}

var errSealed = errors.New("the frame cannot be opened with its key: it is damaged")

func newAEAD(secret *[32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// sealer seals frames, with room of its own.
type sealer struct {
	nonce [12]byte
	buf   []byte
}

// seal appends an event to a file's bytes, as a sealed frame.
func (s *sealer) seal(dst []byte, aead cipher.AEAD, h *frameHead, e *Event) []byte {
	s.buf = appendEvent(h.append(s.buf[:0]), e)
	return s.sealed(dst, aead, h)
}

// sealed seals what stands in the buffer behind the head.
func (s *sealer) sealed(dst []byte, aead cipher.AEAD, h *frameHead) []byte {
	binary.BigEndian.PutUint64(s.nonce[4:], uint64(h.number))
	s.buf = aead.Seal(s.buf[:headLength], s.nonce[:], s.buf[headLength:], s.buf[:headLength-4])
	s.buf = h.append(s.buf)
	return segment.AppendBinary(dst, s.buf)
}

// open opens a sealed event. It stands in the place of the sealed bytes.
func open(aead cipher.AEAD, nonce *[12]byte, h *frameHead, frame, sealed []byte) ([]byte, error) {
	*nonce = [12]byte{}
	binary.BigEndian.PutUint64(nonce[4:], uint64(h.number))
	plain, err := aead.Open(sealed[:0], nonce[:], sealed, frame[:headLength-4])
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

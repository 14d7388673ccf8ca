package rarity

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/rules/minimise"
)

// magic begins the file; the number is that of its form.
const magic = "tagwarden counts of values 1\n"

// A file is magic; for each day, newest first: its number (8 bytes, big-endian, as all numbers), its key (16), how many
// values follow (4), and each value's hash (8) and number of networks (2), by hash; and SHA-256 over all of it.
const (
	headSize  = 8 + 16 + 4
	valueSize = 8 + 2
)

func encodeDays(days []*pastDay) []byte {
	dst := []byte(magic)
	for _, d := range days {
		dst = binary.BigEndian.AppendUint64(dst, uint64(d.day))
		dst = append(dst, d.key[:]...)
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(d.byID)))
		for _, id := range slices.Sorted(maps.Keys(d.byID)) {
			dst = binary.BigEndian.AppendUint64(dst, id)
			dst = binary.BigEndian.AppendUint16(dst, d.byID[id])
		}
	}
	sum := sha256.Sum256(dst)
	return append(dst, sum[:]...)
}

// parseDays reads what encodeDays writes, and nothing else. The error is ErrFile.
func parseDays(text []byte) ([]*pastDay, error) {
	end := len(text) - sha256.Size
	if end < len(magic) || string(text[:len(magic)]) != magic {
		return nil, ErrFile
	}
	if sum := sha256.Sum256(text[:end]); !bytes.Equal(sum[:], text[end:]) {
		return nil, ErrFile
	}
	var days []*pastDay
	for rest := text[len(magic):end]; len(rest) > 0; {
		d, after, ok := parseDay(rest)
		if !ok || len(days) == minimise.MaxDays || len(days) > 0 && d.day >= days[len(days)-1].day {
			return nil, ErrFile
		}
		days, rest = append(days, d), after
	}
	return days, nil
}

func parseDay(text []byte) (d *pastDay, rest []byte, ok bool) {
	if len(text) < headSize {
		return nil, nil, false
	}
	d = &pastDay{day: int64(binary.BigEndian.Uint64(text)), key: [16]byte(text[8:24])}
	n := int(binary.BigEndian.Uint32(text[24:]))
	text = text[headSize:]
	if d.day < 0 || n > valueSlots || len(text) < n*valueSize {
		return nil, nil, false
	}
	d.byID = make(map[uint64]uint16, n)
	last := uint64(0)
	for range n {
		id, networks := binary.BigEndian.Uint64(text), binary.BigEndian.Uint16(text[8:])
		if id <= last || networks < 2 || networks > minimise.MaxK {
			return nil, nil, false
		}
		last = id
		d.byID[id] = networks
		text = text[valueSize:]
	}
	return d, text, true
}

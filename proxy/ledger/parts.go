package ledger

import (
	"encoding/base64"
	"errors"

	"go.uber.org/zap/zapcore"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// longestLine is how long a line may be, with its end, in bytes.
const longestLine = segment.MaxLine + 1

// errTooLong says that a record fits in no line, nor do its parts. Nothing is recorded then.
var errTooLong = errors.New("a record is longer than a line may be, and cannot be divided")

// part is a record with its salt; and which part of a fact it is, where the whole is too long for a line. The records
// of all parts follow one another in the log and say the name of what they are about, "part" and "parts". The lists in
// them, put together in order, are the fact's; what is no list stands in the first.
type part struct {
	members    zapcore.ObjectMarshaler
	number, of int // 0: it is whole
	salt       [16]byte
}

// widest is a record as a part whose numbers take more room than any.
func widest(members zapcore.ObjectMarshaler) *part {
	return &part{members: members, number: 99_999, of: 99_999}
}

// MarshalLogObject writes the record's members, and those that every record has.
func (p *part) MarshalLogObject(to zapcore.ObjectEncoder) error {
	if err := p.members.MarshalLogObject(to); err != nil {
		return err
	}
	if p.of > 0 {
		to.AddInt("part", p.number)
		to.AddInt("parts", p.of)
	}
	to.AddString("salt", base64.RawStdEncoding.EncodeToString(p.salt[:]))
	return nil
}

// divisible is a record that may be too long for a line, since it holds lists.
type divisible interface {
	zapcore.ObjectMarshaler
	items() int                     // in all its lists
	halve() (first, rest divisible) // of one that has two items or more: each has one at least
}

// divide makes records of one, of which none is too long.
func divide(whole divisible, tooLong func(divisible) bool) ([]divisible, error) {
	if !tooLong(whole) {
		return []divisible{whole}, nil
	}
	if whole.items() < 2 {
		return nil, errTooLong
	}
	first, rest := whole.halve()
	all, err := divide(first, tooLong)
	if err != nil {
		return nil, err
	}
	more, err := divide(rest, tooLong)
	return append(all, more...), err
}

// halving hands out the items of a record's lists, one after the other, to the first of two records, as
// long as there is room; and one at least.
type halving struct {
	left  int // bytes
	begun bool
}

func (h *halving) takes(size int) bool {
	if h.begun && size > h.left {
		h.left = 0
		return false
	}
	h.begun = true
	h.left = max(h.left-size, 0)
	return true
}

// take divides a list. An item's size is about what it takes in a line, and never 0.
func take[T any](h *halving, all []T, size func(*T) int) (first, rest []T) {
	n := 0
	for n < len(all) && h.takes(size(&all[n])) {
		n++
	}
	return all[:n:n], all[n:]
}

// sizes is that of all items.
func sizes[T any](all []T, size func(*T) int) (n int) {
	for i := range all {
		n += size(&all[i])
	}
	return n
}

// size is that of a text in a list.
func size(text *string) int { return len(*text) + 3 }

// hashSize is that of a subject's hash.
func hashSize(*[16]byte) int { return 35 }

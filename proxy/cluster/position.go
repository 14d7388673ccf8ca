package cluster

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Position says how far a node has come in a log. The zero value is nowhere. It is kept with what was applied, in the
// same transaction ([Position.String], [ParsePosition]).
type Position struct {
	Stream string    // the id of the stream, 32 hex digits; "": nowhere
	Seq    uint64    // the number of the last act; acts are numbered from 1 without gaps; 0: none
	Entry  uint64    // the sequence, in the stream, of the entry that the act came in; 0: not known
	Sum    [32]byte  // SHA-256 of that entry
	Time   time.Time // of the last act
}

// IsZero says whether the position is nowhere.
func (p Position) IsZero() bool { return p.Stream == "" }

// String returns the position as a line of text that [ParsePosition] reads; "" is nowhere.
func (p Position) String() string {
	if p.IsZero() {
		return ""
	}
	var nanos int64
	if !p.Time.IsZero() {
		nanos = p.Time.UnixNano()
	}
	return strings.Join([]string{"1", p.Stream, strconv.FormatUint(p.Seq, 10), strconv.FormatUint(p.Entry, 10),
		hex.EncodeToString(p.Sum[:]), strconv.FormatInt(nanos, 10)}, " ")
}

var errPosition = errors.New(
	"not a position in a cluster's log: 1 STREAM SEQ ENTRY SUM NANOSECONDS, or nothing, would be one")

// ParsePosition reads what [Position.String] returned.
func ParsePosition(text string) (Position, error) {
	if text == "" {
		return Position{}, nil
	}
	fields := strings.Split(text, " ")
	if len(fields) != 6 || fields[0] != "1" || !isStreamID(fields[1]) {
		return Position{}, errPosition
	}
	p := Position{Stream: fields[1]}
	var err1, err2, err3 error
	p.Seq, err1 = strconv.ParseUint(fields[2], 10, 64)
	p.Entry, err2 = strconv.ParseUint(fields[3], 10, 64)
	nanos, err3 := strconv.ParseInt(fields[5], 10, 64)
	sum, err4 := hex.DecodeString(fields[4])
	if err := errors.Join(err1, err2, err3, err4); err != nil || len(sum) != len(p.Sum) {
		return Position{}, errPosition
	}
	copy(p.Sum[:], sum)
	if nanos != 0 {
		p.Time = time.Unix(0, nanos).UTC()
	}
	return p, nil
}

// isStreamID says whether a text is the id of a stream.
func isStreamID(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == 16 && strings.ToLower(text) == text
}

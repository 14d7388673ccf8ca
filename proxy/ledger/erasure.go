package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/tidwall/gjson"
	"go.uber.org/zap/zapcore"
)

// Kinds of records about lines that go while their segment stays.
const (
	// Lines of a sealed segment are to go, and why: segment, first, end, records, gone; window, or request and because.
	KindErasure = "erasure"
	// They went, with all that did so before: segment, records, digest.
	KindErased = "erased"
)

// Erasure is a record that lines of one segment are to go. It is signed before they do. It names
// records by their numbers, and nobody.
type Erasure struct {
	Segment    uint64 // number of the segment's first record
	First, End uint64 // which records it speaks of; End is not included
	Records    uint64 // how many of them go
	// Gone says which, from First on, in turn: how many stay, how many go, how many stay ...
	Gone    []uint64
	Window  string // that of the configuration whose time is over; "": somebody asked for it
	Request string // of the same request: a name drawn at random
	Because string // why somebody asked
}

// mostRuns is how many numbers an erasure says in Gone at most, and mostTogether of how many records one speaks: a line
// of it is no longer than a line may be.
const (
	mostRuns     = 8000
	mostTogether = 1 << 20
)

var _ zapcore.ObjectMarshaler = (*Erasure)(nil)

// MarshalLogObject writes the record's members.
func (e *Erasure) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddUint64("segment", e.Segment)
	to.AddUint64("first", e.First)
	to.AddUint64("end", e.End)
	to.AddUint64("records", e.Records)
	if err := to.AddArray("gone", runs(e.Gone)); err != nil {
		return err
	}
	addText(to, "window", e.Window)
	addText(to, "request", e.Request)
	addWords(to, "because", e.Because)
	return nil
}

type runs []uint64

// MarshalLogArray writes numbers.
func (r runs) MarshalLogArray(to zapcore.ArrayEncoder) error {
	for _, n := range r {
		to.AppendUint64(n)
	}
	return nil
}

// erasures are the records that say that lines of a segment are to go: numbers are in order.
func erasures(of Erasure, numbers []uint64) (all []Erasure) {
	for len(numbers) > 0 {
		e := of
		e.First, e.End, e.Records, e.Gone = numbers[0], numbers[0], 0, []uint64{0}
		for len(numbers) > 0 && len(e.Gone) < mostRuns && numbers[0] < e.First+mostTogether {
			n := numbers[0]
			if stay := n - e.End; stay > 0 {
				e.Gone = append(e.Gone, stay)
			}
			if len(e.Gone)%2 == 1 {
				e.Gone = append(e.Gone, 0)
			}
			e.Gone[len(e.Gone)-1]++
			e.End = n + 1
			e.Records++
			numbers = numbers[1:]
		}
		all = append(all, e)
	}
	return all
}

// ErrErasure says that a record does not say which lines are to go.
var ErrErasure = errors.New("the record does not say which lines were to go")

// ParseErasure reads what a record of [KindErasure] says, given by its line. The error wraps [ErrErasure].
func ParseErasure(line []byte) (e Erasure, err error) {
	if string(kindOf(line)) != KindErasure || !gjson.ValidBytes(line) {
		return e, ErrErasure
	}
	said := gjson.GetManyBytes(line, "segment", "first", "end", "records", "gone", "window", "request", "because")
	e = Erasure{
		Segment: said[0].Uint(), First: said[1].Uint(), End: said[2].Uint(), Records: said[3].Uint(),
		Window: said[5].Str, Request: said[6].Str, Because: said[7].Str,
	}
	gone := uint64(0)
	at := e.First
	for i, run := range said[4].Array() {
		n, err := strconv.ParseUint(run.Raw, 10, 64)
		switch {
		case err != nil, n > mostTogether, n == 0 && i > 0, i >= mostRuns+2:
			return Erasure{}, fmt.Errorf("%w: its runs are none", ErrErasure)
		case i%2 == 1:
			gone += n
		}
		at += n
		e.Gone = append(e.Gone, n)
	}
	if at != e.End || at < e.First || gone != e.Records || gone == 0 || e.First < e.Segment || len(e.Gone)%2 == 1 {
		return Erasure{}, fmt.Errorf("%w: its runs do not make its numbers", ErrErasure)
	}
	return e, nil
}

// Each calls with each record's number whose line is to go, in order.
func (e *Erasure) Each(each func(number uint64)) {
	e.Runs(func(first, end uint64) {
		for number := first; number < end; number++ {
			each(number)
		}
	})
}

// Runs calls with the numbers of records whose lines are to go, in order: from first on, before end.
func (e *Erasure) Runs(run func(first, end uint64)) {
	at := e.First
	for i, n := range e.Gone {
		if i%2 == 1 {
			run(at, at+n)
		}
		at += n
	}
}

// Covers tells whether the line of a record is to go.
func (e *Erasure) Covers(number uint64) bool {
	if number < e.First || number >= e.End {
		return false
	}
	at := e.First
	for i, n := range e.Gone {
		if at += n; number < at {
			return i%2 == 1
		}
	}
	return false
}

// NumbersDigest is what a record of [KindErased] says of the lines of a segment that went: SHA-256 of their numbers in
// order, in decimal, a line each, in hex.
func NumbersDigest(numbers []uint64) string {
	h := sha256.New()
	var room [24]byte
	for _, n := range numbers {
		h.Write(append(strconv.AppendUint(room[:0], n, 10), '\n'))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// erasedLines is a record that lines went.
type erasedLines struct {
	segment, records uint64
	digest           string
}

// MarshalLogObject writes the record's members.
func (e *erasedLines) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddUint64("segment", e.segment)
	to.AddUint64("records", e.records)
	to.AddString("digest", e.digest)
	return nil
}

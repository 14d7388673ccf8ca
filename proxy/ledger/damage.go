package ledger

import (
	"errors"
	"fmt"
)

// Damage is a part of a ledger that cannot be read.
type Damage struct {
	Path string // of the segment
	// From and To are where in its lines, unpacked, it begins and ends, in bytes. To is 0 where nothing says where it
	// ends: all that follows is lost.
	From, To int64
	Line     int // the number of its first line in the segment, from 1 on
	// First and End are the numbers of the records that cannot be read; End is not included, and 0 where nothing says it.
	First, End uint64
	Numbered   bool // First and End are known
	Why        error
}

// Why a part of a ledger cannot be read.
var (
	errNoRecord = errors.New("this is no record: one JSON object a line is right")
	errChecksum = errors.New("this is no record as it was written: its checksum is wrong")
	errShort    = errors.New("the segment ends here, and should hold more records")
	errNoEnd    = errors.New("the last line has no end")
	errPacked   = errors.New("it cannot be unpacked from here on: these are not the bytes that were written")
	errHole     = errors.New("no segment holds these records")
)

// Error says where the damage is.
func (d *Damage) Error() string {
	records := ""
	switch {
	case !d.Numbered:
	case d.End == d.First+1:
		records = fmt.Sprintf("record %d, ", d.First)
	case d.End > d.First:
		records = fmt.Sprintf("records %d to %d, ", d.First, d.End-1)
	default:
		records = fmt.Sprintf("from record %d on, ", d.First)
	}
	line := ""
	if d.Line > 0 {
		line = fmt.Sprintf("%d:", d.Line)
	}
	return fmt.Sprintf("%s:%s %sbyte %d: %v", d.Path, line, records, d.From, d.Why)
}

// Gone tells whether the records are not there, as far as can be told: else they are, and cannot be read.
func (d *Damage) Gone() bool { return errors.Is(d.Why, errShort) || errors.Is(d.Why, errHole) }

// Unwrap is why.
func (d *Damage) Unwrap() error { return d.Why }

package ledger

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// entry is a record that is not about an event.
type entry struct {
	kind    string
	members zapcore.ObjectMarshaler
}

// until says how far whoever records something waits.
type until uint8

const (
	written until = iota // until write(2) has returned: no end of the process loses it
	synced               // until it is on disk: no power cut does, either
	// Likewise; and it is about what has happened, whether it can be written or not: where it cannot, it is kept in
	// memory, and comes before whatever is written next.
	kept
)

// put records entries together, and waits.
func (r *records) put(until until, entries ...entry) error {
	if len(entries) == 0 {
		return nil
	}
	now := r.opts.Now()
	var frames []byte
	all := 0
	for _, e := range entries {
		more, n, err := r.encode(frames, now, e.kind, e.members)
		if err != nil {
			return err
		}
		frames, all = more, all+n
	}
	err := r.refused(false)
	if err == nil {
		err = r.wait(until, frames, all)
	}
	if err == nil || until != kept || errors.Is(err, segment.ErrUnknown) || errors.Is(err, ErrClosed) {
		return err
	}
	if full := r.writer.Keep(frames, all); full != nil {
		r.refuse(ErrOwed)
	}
	return err
}

// ErrOwed says that what happened is not recorded, and cannot be kept until it is: the next start does it.
var ErrOwed = errors.New("too much is to be recorded that cannot be written")

// wait adds records, and waits.
func (r *records) wait(until until, frames []byte, n int) error {
	ticket, err := r.writer.Add(frames, n)
	switch {
	case err != nil:
		return err
	case until == written:
		return ticket.Written()
	default:
		return ticket.Synced()
	}
}

// encoder encodes records.
type encoder struct {
	zap   zapcore.Encoder
	field [1]zapcore.Field
}

func newEncoder() *encoder { return &encoder{zap: newZap()} }

// append appends a record, as a line.
func (e *encoder) append(dst []byte, now time.Time, kind string, of *part) []byte {
	e.field[0] = zapcore.Field{Type: zapcore.InlineMarshalerType, Interface: of}
	record, err := e.zap.EncodeEntry(zapcore.Entry{Time: now.UTC(), Message: kind}, e.field[:])
	e.field[0].Interface = nil
	if err != nil {
		panic(fmt.Sprintf("BUG: a record of kind %s cannot be encoded", kind))
	}
	dst = segment.AppendLine(dst, record.Bytes())
	record.Free()
	return dst
}

// encode appends a record that zap encodes: its line, or the lines of its parts, of which there are n.
func (r *records) encode(
	dst []byte, now time.Time, kind string, members zapcore.ObjectMarshaler,
) (lines []byte, n int, err error) {
	e := r.encoder.Get().(*encoder)
	defer r.encoder.Put(e)
	lines = e.append(dst, now, kind, &part{members: members, salt: r.salts.next()})
	if len(lines)-len(dst) <= longestLine {
		return lines, 1, nil
	}
	whole, ok := members.(divisible)
	if !ok {
		return nil, 0, fmt.Errorf("cannot record %s: %w", kind, errTooLong)
	}
	var scratch []byte
	parts, err := divide(whole, func(d divisible) bool {
		scratch = e.append(scratch[:0], now, kind, widest(d))
		return len(scratch) > longestLine
	})
	if err != nil {
		return nil, 0, fmt.Errorf("cannot record %s: %w", kind, err)
	}
	lines = dst
	for i := range parts {
		lines = e.append(lines, now, kind, &part{parts[i], i + 1, len(parts), r.salts.next()})
	}
	return lines, len(parts), nil
}

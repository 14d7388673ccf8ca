package ledger

import (
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
)

// put records entries together, and waits.
func (l *Ledger) put(until until, entries ...entry) error {
	if err := l.refused(false); err != nil {
		return err
	}
	now := l.opts.Now()
	ticket, err := l.writer.AddFunc(func(dst []byte, _ uint64) ([]byte, int) {
		for _, e := range entries {
			dst = l.encode(dst, now, e.kind, e.members)
		}
		return dst, len(entries)
	})
	switch {
	case err != nil:
		return err
	case until == synced:
		return ticket.Synced()
	default:
		return ticket.Written()
	}
}

// encoder encodes records.
type encoder struct {
	zap   zapcore.Encoder
	field [1]zapcore.Field
}

func newEncoder() *encoder { return &encoder{zap: newZap()} }

// append appends a record, as a line.
func (e *encoder) append(dst []byte, now time.Time, kind string, members zapcore.ObjectMarshaler) []byte {
	e.field[0] = zapcore.Field{Type: zapcore.InlineMarshalerType, Interface: members}
	line, err := e.zap.EncodeEntry(zapcore.Entry{Time: now.UTC(), Message: kind}, e.field[:])
	e.field[0].Interface = nil
	if err != nil {
		panic(fmt.Sprintf("BUG: a record of kind %s cannot be encoded", kind))
	}
	record := line.Bytes()
	dst = segment.AppendLine(dst, record[:len(record)-1])
	line.Free()
	return dst
}

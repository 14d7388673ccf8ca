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

// put records entries together, and waits until they are written.
func (l *Ledger) put(entries ...entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return l.broken
	}
	now := l.opts.Now()
	for _, e := range entries {
		if err := l.add(now, e.kind, e.members); err != nil {
			return err
		}
	}
	return l.commit()
}

// add encodes a record, or as many as its facts take, and puts them among those that are not yet written.
func (l *Ledger) add(now time.Time, kind string, members zapcore.ObjectMarshaler) error {
	lines, err := appendEntry(l.pending, l.encoder, now, kind, members, &l.salts)
	if err != nil {
		return fmt.Errorf("cannot record %s: %w", kind, err)
	}
	l.pending = lines
	return nil
}

// appendEntry appends the line of a record, or the lines of its parts.
func appendEntry(
	dst []byte, encoder zapcore.Encoder, at time.Time, kind string, members zapcore.ObjectMarshaler, from *salts,
) ([]byte, error) {
	one := func(dst []byte, members zapcore.ObjectMarshaler, of part) ([]byte, error) {
		of.members = members
		var err error
		if of.salt, err = from.next(); err != nil {
			return nil, err
		}
		return appendZap(dst, encoder, at, kind, &of)
	}
	lines, err := one(dst, members, part{})
	if err != nil || len(lines)-len(dst) <= longestLine {
		return lines, err
	}
	whole, ok := members.(divisible)
	if !ok {
		return nil, errTooLong
	}
	parts, err := divide(whole, func(d divisible) (bool, error) {
		line, err := one(nil, d, widestPart)
		return len(line) > longestLine, err
	})
	if err != nil {
		return nil, err
	}
	lines = dst
	for i := range parts {
		if lines, err = one(lines, parts[i], part{number: i + 1, of: len(parts)}); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

// appendZap appends a line as zap's encoder writes it, with its checksum.
func appendZap(
	dst []byte, encoder zapcore.Encoder, at time.Time, kind string, members zapcore.ObjectMarshaler,
) ([]byte, error) {
	record, err := encoder.EncodeEntry(zapcore.Entry{Time: at.UTC(), Message: kind},
		[]zapcore.Field{{Type: zapcore.InlineMarshalerType, Interface: members}})
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	defer record.Free()
	return segment.AppendLine(dst, record.Bytes()), nil
}

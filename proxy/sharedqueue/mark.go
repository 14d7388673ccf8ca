package sharedqueue

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/natslink"
)

// mark says how far somebody has come with a message. Its bytes are its form, who wrote it, whether that
// was in good order, two sets, and an HMAC-SHA-256 over all of it and the message's id, so that nobody
// but a node says that something ended.
type mark struct {
	by    [16]byte // who took the message: one taking of a run of a program
	back  bool     // it was given back in good order: nothing is in doubt but what is said here
	begun Set      // items that may have been sent
	ended Set
}

const (
	markForm = 1
	macSize  = 16
	setSize  = MaxItems / 8
	markSize = 2 + 16 + 2*setSize + macSize
)

// marker is a queue as what reads and writes marks.
type marker struct{ *Queue }

func marking(q *Queue) marker { return marker{q} }

func (q marker) macKey() ([]byte, error) {
	return hkdf.Key(sha256.New, q.o.Key[:], nil, "tagwarden/1/shared queue marks", 32)
}

func (q marker) mac(of id, b []byte) []byte {
	h := hmac.New(sha256.New, q.marking)
	_, _ = h.Write(of[:]) // it never fails
	_, _ = h.Write(b)
	return h.Sum(nil)[:macSize]
}

func (q marker) appendMark(of id, m *mark) []byte {
	b := append([]byte{markForm, 0}, m.by[:]...)
	if m.back {
		b[1] = 1
	}
	b = append(append(b, m.begun[:]...), m.ended[:]...)
	return append(b, q.mac(of, b)...)
}

func (q marker) parseMark(of id, b []byte) (m mark, err error) {
	if len(b) != markSize || b[0] != markForm || b[1] > 1 || !hmac.Equal(q.mac(of, b[:markSize-macSize]),
		b[markSize-macSize:]) {
		return mark{}, errSealed
	}
	m.back = b[1] == 1
	m.by = [16]byte(b[2:18])
	m.begun, m.ended = Set(b[18:18+setSize]), Set(b[18+setSize:18+2*setSize])
	return m, nil
}

// readMark reads the mark of a message, as whoever leads the stream has it; no mark: its number is 0.
func (q marker) readMark(ctx context.Context, of id) (m mark, seq uint64, err error) {
	marks := q.streams.Load()
	if marks == nil {
		return mark{}, 0, ErrNotPut
	}
	ctx, cancel := context.WithTimeout(ctx, askLasts)
	defer cancel()
	raw, err := marks.marks.GetLastMsgForSubject(ctx, q.names.marks+of.text())
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return mark{}, 0, nil
	}
	if err != nil {
		return mark{}, 0, fmt.Errorf("cannot read the mark of a message: %w", err)
	}
	m, err = q.parseMark(of, raw.Data)
	return m, raw.Sequence, err
}

// writeMark writes a mark in place of the one of a number, or of a later one of the same writer's: an attempt of which
// no answer came may have been taken. The error is [ErrLost] where somebody else's is there.
func (q marker) writeMark(ctx context.Context, of id, m *mark, after uint64) (seq uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, q.o.Wait)
	defer cancel()
	msg := &nats.Msg{Subject: q.names.marks + of.text(), Data: q.appendMark(of, m)}
	for {
		if seq, err = q.tryMark(ctx, msg, after); err == nil {
			return seq, nil
		}
		if errors.Is(err, ErrLost) {
			there, at, unread := q.readMark(ctx, of)
			switch {
			case unread != nil:
				err = unread
			case there == *m: // the answer to an earlier attempt had not come
				return at, nil
			case there.by != m.by || there.back:
				return 0, ErrLost
			default:
				after = at
			}
		}
		if !pause(ctx, retryMark) {
			return 0, err
		}
	}
}

func (q marker) tryMark(ctx context.Context, msg *nats.Msg, after uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, askLasts)
	defer cancel()
	ack, err := q.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(after),
		jetstream.WithExpectStream(q.names.markStream), jetstream.WithRetryAttempts(0))
	switch c := natslink.Code(err); {
	case err == nil:
		return ack.Sequence, nil
	case c == jetstream.JSErrCodeStreamWrongLastSequence || c == jetstream.JSErrCodeStreamWrongLastSequenceConstant:
		return 0, ErrLost
	default:
		return 0, fmt.Errorf("cannot mark a message: %w", err)
	}
}

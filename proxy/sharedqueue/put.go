package sharedqueue

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/natslink"
)

// Most is how long one item may be, in bytes.
func (q *Queue) Most() int {
	most := MaxMessage
	if n := int(q.nc.MaxPayload()) - payloadRest; n > 0 {
		most = min(most, n)
	}
	return most - overhead - len(q.o.Node)
}

// Fits tells whether another item goes into a message in which there are some, with so many bytes together.
func (q *Queue) Fits(items, bytes, another int) bool {
	return items < MaxItems && bytes+another+(items+1)*binary.MaxVarintLen32 <= q.Most()
}

// Put puts a message of items for a vendor, of which there are at most [MaxItems]. It returns nil when the quorum has
// it, and tries until then or until [Options].Wait has passed. The error is [ErrFull], or wraps [ErrNotPut], or
// [ErrUnknown] where it may be there all the same.
func (q *Queue) Put(ctx context.Context, vendor string, items [][]byte) error {
	of, err := drawID(q.o.Rand)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotPut, err)
	}
	body, err := seal(&q.sealing, of, vendor, q.o.Node, items)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotPut, err)
	}
	ctx, cancel := context.WithTimeout(ctx, q.o.Wait)
	defer cancel()
	msg := &nats.Msg{Subject: q.names.events + token(vendor), Data: body}
	maybe := false
	for {
		err := q.tryPut(ctx, msg, of)
		switch {
		case err == nil:
			q.failed.Store(0)
			return nil
		case isFull(err):
			if maybe {
				return fmt.Errorf("%w: %w", ErrUnknown, err)
			}
			q.lookSoon()
			return ErrFull
		case !unheard(err):
			maybe = true
		}
		if ctx.Err() != nil || natslink.Unsent(err) || !pause(ctx, retryPut) {
			q.failed.Store(q.o.Now().UnixNano())
			if maybe {
				return fmt.Errorf("%w: %w", ErrUnknown, err)
			}
			return fmt.Errorf("%w: %w", ErrNotPut, err)
		}
	}
}

func (q *Queue) tryPut(ctx context.Context, msg *nats.Msg, of id) error {
	ctx, cancel := context.WithTimeout(ctx, tryLasts)
	defer cancel()
	_, err := q.js.PublishMsg(ctx, msg, jetstream.WithMsgID(of.text()), jetstream.WithExpectStream(q.names.stream),
		jetstream.WithRetryAttempts(0))
	return err
}

// isFull tells whether a server refused a message since there is no room.
func isFull(err error) bool {
	api, is := errors.AsType[*jetstream.APIError](err)
	return is && (strings.Contains(api.Description, "maximum bytes") || strings.Contains(api.Description, "resource"))
}

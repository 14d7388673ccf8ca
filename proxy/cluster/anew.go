package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/natslink"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// A log whose stream is gone is begun anew from a node: in a stream of another id that names, in its metadata, the act
// behind which it goes on, and the hash of the entry that this came in. Acts keep their numbers, and the first new
// entry names that hash as the one before it. So whoever stands at that place goes on there without a word, and whoever
// stands elsewhere is refused: it lacks acts that are in no stream any more, or has some that nobody else has.

// originOf is where a stream begins.
func originOf(c jetstream.StreamConfig) (Position, error) {
	id := c.Metadata[metaID]
	of, err := ParsePosition(c.Metadata[metaFrom])
	if err != nil {
		return Position{}, fmt.Errorf("%w: the stream %s does not say where it goes on", ErrNotOurs, c.Name)
	}
	if of.IsZero() {
		return Position{Stream: id, Sum: genesis(id)}, nil
	}
	return Position{Stream: id, Seq: of.Seq, Sum: of.Sum, Time: of.Time}, nil
}

// follows says why a stream that begins at an origin does not go on where a node is that has come
// some way in another one; nil: it does.
func follows(origin, at Position, stream string) error {
	switch {
	case origin.Seq == 0:
		return fmt.Errorf("%w: its id is %s, and this node has done %s in %s: %s",
			ErrOtherLog, origin.Stream, plural.Of(at.Seq, "act"), at.Stream, apartAdvice(stream, "this node"))
	case at.Seq < origin.Seq:
		return fmt.Errorf("%w behind act %d, and this node has done %d: the %s between are in no log any more: %s",
			ErrBegunAnew, origin.Seq, at.Seq, plural.Of(origin.Seq-at.Seq, "act"), againAdvice)
	case at.Seq > origin.Seq:
		return fmt.Errorf("%w behind act %d, and this node has done %d: the others lack %s: %s",
			ErrBegunAnew, origin.Seq, at.Seq, plural.Of(at.Seq-origin.Seq, "act"), againAdvice)
	case at.Sum != origin.Sum:
		return fmt.Errorf("%w behind another act %d than this node has done: %s", ErrBegunAnew, at.Seq, againAdvice)
	}
	return nil
}

// Restore begins a log anew whose stream is missing: it goes on behind the last act that this node has applied, which
// it returns. Base names what this node holds there, as [Options].Base does. Whoever has applied another act last has
// to be brought there. Whether this node is the one that has most is for the caller to find out ([Log.Nodes],
// [Log.Heard]). It is one step: the stream is there or not. The error wraps [ErrThere] where there is a stream.
func Restore(ctx context.Context, l *Log, base string) (Position, error) {
	at := *l.applied.Load()
	l.mu.Lock()
	read := l.head.at.Seq
	l.mu.Unlock()
	if read > at.Seq {
		return at, fmt.Errorf("act %d was read, and this node has done %d: what keeps it is in its log", read, at.Seq)
	}
	switch there, err := There(ctx, l); {
	case err != nil:
		return at, err
	case there:
		return at, fmt.Errorf("%w: the stream %s is there", ErrThere, l.names.stream)
	}
	if at.Seq == 0 {
		base = l.o.Base
	}
	switch _, err := (finding{l}).make(ctx, at, base); {
	case errors.Is(err, jetstream.ErrStreamNameAlreadyInUse):
		return at, fmt.Errorf("%w: another node made the stream %s just now", ErrThere, l.names.stream)
	case err != nil:
		return at, cannot("make the stream "+l.names.stream, err)
	}
	l.link.isUp() // it is looked for at once
	return at, nil
}

// There tells whether the log's stream is there, whatever it holds. An error says
// that the servers' quorum does not tell.
func There(ctx context.Context, l *Log) (bool, error) {
	_, err := natslink.Stream(ctx, l.js, l.names.stream)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return false, nil
	}
	return false, cannot("look up the stream "+l.names.stream, err)
}

package natslink

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// How a question is asked that nobody answers.
const (
	AskAgainAfter = 300 * time.Millisecond
	mostAsked     = int(AskLasts / AskAgainAfter)
)

// Stream looks for a stream of that name, until the servers tell. It is
// [jetstream.ErrStreamNotFound] where there is none.
func Stream(ctx context.Context, js jetstream.JetStream, name string) (jetstream.Stream, error) {
	return Insist(ctx, func(ctx context.Context) (jetstream.Stream, error) { return js.Stream(ctx, name) })
}

// Insist asks a question that may be asked several times, until there is an answer or [AskLasts] is over. It does not
// wait for a server that does not answer before it asks again: the question may have gone to one that is cut off or
// dead, and the next one goes to whoever is there by then.
func Insist[T any](ctx context.Context, ask func(context.Context) (T, error)) (answer T, err error) {
	ctx, cancel := context.WithTimeout(ctx, AskLasts)
	defer cancel()
	type answered struct {
		answer T
		err    error
	}
	answers := make(chan answered, mostAsked)
	again := time.NewTicker(AskAgainAfter)
	defer again.Stop()
	asked := 0
	for {
		if asked < mostAsked {
			asked++
			go func() {
				answer, err := ask(ctx)
				answers <- answered{answer, err}
			}()
		}
		select {
		case a := <-answers:
			return a.answer, a.err
		case <-again.C:
		case <-ctx.Done():
			return answer, ctx.Err()
		}
	}
}

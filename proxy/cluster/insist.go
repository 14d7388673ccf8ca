package cluster

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// How a question is asked that nobody answers.
const (
	askAgainAfter = 300 * time.Millisecond
	mostAsked     = int(apiTimeout / askAgainAfter)
)

// findStream looks for a stream of that name, until the servers tell. It is [jetstream.ErrStreamNotFound] where there is none.
func findStream(ctx context.Context, js jetstream.JetStream, name string) (jetstream.Stream, error) {
	return insist(ctx, func(ctx context.Context) (jetstream.Stream, error) { return js.Stream(ctx, name) })
}

// insist asks a question that may be asked several times, until there is an answer or [apiTimeout] is over. It does not
// wait for a server that does not answer before it asks again: the question may have gone to one that is cut off or dead,
// and the next one goes to whoever is there by then.
func insist[T any](ctx context.Context, ask func(context.Context) (T, error)) (answer T, err error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	type answered struct {
		answer T
		err    error
	}
	answers := make(chan answered, mostAsked)
	again := time.NewTicker(askAgainAfter)
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

package proxy

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// watchData looks each second whether what lies in the data folder is still what was left there, until the context
// ends.
func watchData(ctx context.Context, s *Server) {
	tick, end := s.opts.Every(time.Second)
	defer end()
	said, tokens := false, tokenFaults{log: s.opts.Log}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			said = lookAtObjections(s.opts.Log, s.objections, said)
			tokens.tell(s.tokens.Refresh())
		}
	}
}

// lookAtObjections says once that the file of objections is not in its place, and once that it is back. Said tells what
// was said last.
func lookAtObjections(log *zap.Logger, objections *objection.Store, said bool) bool {
	err := objections.Present()
	gone := errors.Is(err, objection.ErrGone)
	if gone && !said {
		fault(log, "objections are not acknowledged any more, and nothing is forwarded that one may object to", err)
	}
	if said && !gone {
		log.Info("the objections' file is back in its place: objections are taken again")
	}
	return gone
}

// every is a clock's ticker.
func every(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTicker(d)
	return t.C, t.Stop
}

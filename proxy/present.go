package proxy

import (
	"errors"
	"time"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// watchData looks each second whether what lies in the data folder is still what was left there, until stop is closed.
func (s *Server) watchData(stop <-chan struct{}) {
	tick, end := s.opts.Every(time.Second)
	defer end()
	said := false
	for {
		select {
		case <-stop:
			return
		case <-tick:
			said = s.lookAtObjections(said)
			s.lookAtTokens(s.tokens.Refresh())
		}
	}
}

// lookAtObjections says once that the file of objections is not in its place, and once that it is back. Said tells what was said last.
func (s *Server) lookAtObjections(said bool) bool {
	err := s.objections.Present()
	gone := errors.Is(err, objection.ErrGone)
	if gone && !said {
		s.fault("objections are not acknowledged any more, and nothing is forwarded that one may object to", err)
	}
	if said && !gone {
		s.opts.Log.Info("the objections' file is back in its place: objections are taken again")
	}
	return gone
}

// lookAtTokens says that the tokens cannot be read.
func (s *Server) lookAtTokens(err error) {
	if err != nil {
		s.fault("the tokens that were there go on, and none can be made or taken back", err)
	}
}

// every is a clock's ticker.
func every(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTicker(d)
	return t.C, t.Stop
}

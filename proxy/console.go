package proxy

import (
	"net/http"
	"time"

	"github.com/tagwarden/tagwarden/proxy/console"
)

// openConsole reads the tokens, and makes the API: for staff and other systems behind tokens, and for the operator without any.
func (s *Server) openConsole(data string) error {
	tokens, err := console.OpenTokens(data)
	if err != nil {
		return err
	}
	s.tokens = tokens
	options := console.Options{
		Objector: s.objector, Store: s.objections, Tokens: tokens, Now: s.opts.Now, Scopes: func() []string { return s.snapshot.Load().Policy.ScopeNames() }, Check: s.objector.check, Link: s.objector.link,
		FeedKey: func() [32]byte { return s.keyring.store.State().FeedKey() }, Report: s.fault,
		Assessments: func(now time.Time) any { return s.snapshot.Load().Loaded.Standings(now) },
		Refused:     func(why string) { s.metrics.Turned.WithLabelValues(why).Inc() },
	}
	s.api = console.New(options)
	options.Operator = true
	s.operator = console.New(options)
	return nil
}

// Operator is the API as the operator has it, who may do everything.
func (s *Server) Operator() http.Handler { return s.operator }

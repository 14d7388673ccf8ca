package proxy

import (
	"net/http"
	"time"

	"github.com/tagwarden/tagwarden/proxy/console"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// openConsole reads the tokens, and makes the API: for staff and other systems behind tokens, and for the operator without any.
func (s *Server) openConsole(data string) error {
	tokens, err := console.OpenTokens(data)
	if err != nil {
		return err
	}
	s.tokens = tokens
	options := console.Options{
		Objector: s, Store: s.objections, Tokens: tokens, Now: s.opts.Now, Scopes: s.scopes, Check: s.checkAct, Link: s.link,
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

// scopes lists what may be objected to under the policy in force.
func (s *Server) scopes() []string { return s.snapshot.Load().Policy.ScopeNames() }

// checkAct says what is wrong with an act, and does nothing.
func (s *Server) checkAct(act objection.Act) error {
	snapshot := s.snapshot.Load()
	keys := s.keyring.current(snapshot, s.opts.Now())
	if keys == nil {
		return errNoKeys
	}
	if _, fault := changeOf(snapshot.Loaded, keys, &act); fault != nil {
		return fault
	}
	return nil
}

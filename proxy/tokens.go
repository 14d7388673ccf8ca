package proxy

import (
	"errors"
	"maps"
	"slices"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// recordTokens records how the tokens that there are differ from those that the log says there are:
// whoever changed them, by the API, by a command or by hand, and also where the process died before it
// could say so. By names whose doing it was.
func recordTokens(s *Server, all []access.Token, by map[string]access.By) error {
	return s.recovered.recordTokens(s.ledger, all, by)
}

func (r *recovered) recordTokens(to *ledger.Ledger, all []access.Token, by map[string]access.By) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := make(map[string]ledger.Token, len(all))
	for i := range all {
		now[all[i].Name] = tokenRecord(&all[i])
	}
	var records []ledger.Token
	add := func(t ledger.Token, change string) {
		t.Change, t.By, t.Through = change, by[t.Name].Name, by[t.Name].Through
		records = append(records, t)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Tokens)) {
		was := r.Tokens[name]
		if is, there := now[name]; !there || !is.Same(&was) {
			add(was, ledger.TokenRevoked)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		is := now[name]
		if was, known := r.Tokens[name]; !known || !is.Same(&was) {
			add(is, ledger.TokenMade)
		}
	}
	if err := to.Tokens(records); err != nil {
		return err
	}
	r.Tokens = now
	return nil
}

// tokenRecord is what is recorded of a token, whatever became of it.
func tokenRecord(t *access.Token) ledger.Token {
	of := ledger.Token{Change: ledger.TokenMade, Name: t.Name, Created: t.Created, Mark: t.Mark()}
	for _, role := range t.Roles {
		of.Roles = append(of.Roles, string(role))
	}
	if t.Expires != nil {
		of.Expires = *t.Expires
	}
	return of
}

// repeatTokens records again which tokens there are. The mutex is held.
func (r *recovered) repeatTokens(to *ledger.Ledger) error {
	var records []ledger.Token
	for _, name := range slices.Sorted(maps.Keys(r.Tokens)) {
		again := r.Tokens[name]
		again.Again = true
		records = append(records, again)
	}
	return to.Tokens(records)
}

// tokenFaults says what is wrong with the tokens, and what cannot be recorded of
// them once for each time that it begins.
type tokenFaults struct {
	log  *zap.Logger
	said bool // that it cannot be recorded
}

func (f *tokenFaults) tell(err error) {
	unrecorded, notTaken := errors.Is(err, access.ErrUnrecorded), errors.Is(err, access.ErrNotTaken)
	if notTaken {
		f.log.Warn("what was put into the file of tokens by hand is not taken", zap.Error(err))
	}
	if err != nil && !notTaken && (!unrecorded || errors.Is(err, access.ErrTokens)) {
		fault(f.log, "the tokens that were there go on, and none can be made or taken back", err)
	}
	if unrecorded && !f.said {
		fault(f.log, "tokens that are new open nothing until they can be recorded", err)
	}
	f.said = unrecorded
}

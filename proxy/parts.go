package proxy

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// The parts of a server, in the order in which they stand on each other: each may use those above it. A start walks
// down the list, the end walks it up, /readyz asks it from above. The ledger comes behind everything that may refuse a
// start, so that a start that is refused leaves no record; what is recorded of objections is closed before it, the file
// that they are in after it.
//
// What a part is made of stands in wiring.go and in the part's own file.
var parts = []part{
	{name: "memory", open: openMemory, run: giveBack},
	{name: "certificate", open: openTLS, minute: renewTLS},
	{name: "lock", open: openLock, close: closeLock, run: watchData},
	{name: "order", open: openOrder},
	{name: "policy", open: openPolicy, mention: reloadMention},
	{name: "keys", open: openKeys, close: closeKeys, minute: turnKeys, health: clockHealth},
	{name: "objections", open: openObjections, close: closeObjections, minute: lookForRoom},
	{name: "delivery", open: openDelivery, close: closeDelivery},
	{name: "rarity", open: openRarity, close: closeRarity, minute: keepRarity},
	{name: "copies", open: openCopies, close: closeCopies, run: copyCheckpoints},
	{name: "policies", open: openPolicies},
	{name: "ledger", open: openLedger, close: closeLedger, run: loadAgain, minute: retainRecords, health: ledgerHealth},
	{name: "witnesses", open: openWitnesses, run: askWitnesses, health: witnessHealth},
	{name: "exports", open: openExports, close: closeExports, run: sendRecords, minute: tellUnsent,
		mention: exportMention},
	{name: "acts", open: openActs, close: closeObjections, health: actsHealth},
	{name: "tokens", open: openTokens},
	{name: "nodes", open: openNodes, close: closeNodes, run: tellNodes, health: nodesHealth, mention: nodesMention},
	{name: "administration", open: openAdministration, close: closeAdministration, run: tellAdministration,
		health: administrationHealth, mention: administrationMention},
	{name: "taps", open: openTaps, close: closeTaps, run: watchTaps},
	{name: "queue", open: openQueue, close: closeQueue, run: dispatchQueue, minute: noteEnded, health: queueHealth},
	{name: "retention", open: openRetention, run: keepPeriods},
	{name: "follow", open: openFollow, close: closeFollow, run: followPersons},
	{name: "kept opt-outs", open: openKeeper, close: closeKeeper, run: keepOptOuts},
	{name: "cookie acts", open: openCookieActs, close: closeCookieActs, minute: keepCookieActs},
	{name: "choices", open: openChoices},
	{name: "refusals", open: openRefusals, close: closeRefusals, minute: keepRefusals},
	{name: "turned away", open: openTurnedAway, close: closeTurnedAway, minute: keepTurnedAway},
	{name: "reviews", open: openReviews, run: watchReviews, minute: measureReviews},
	{name: "outbox", open: openOutbox, run: deliverOutbox, minute: sayOutbox, mention: outboxMention},
	{name: "alarms", open: openAlarms, close: closeAlarms, run: watchAlarms, minute: lookAtAlarms,
		mention: alarmsMention},
	{name: "visitors", open: openVisitors},
	{name: "audits", open: openAudits, close: closeAudits},
	{name: "api", open: openAPI},
	{name: "control", open: openControl, close: closeControl, run: takeCommands},
	{name: "listeners", open: openListeners},
}

// part is a subsystem. Whatever it does not do is nil.
type part struct {
	name   string
	open   func(*Server) error            // where it fails it leaves nothing behind
	close  func(*Server) error            // undoes open; called where that succeeded, and once
	run    func(context.Context, *Server) // goes on as long as hits are taken, until the context ends
	minute func(*Server)                  // done each minute while hits are taken
	health func(*Server) (wrong string)   // why hits cannot be taken, or not all of them, as a sentence; "": all is well

	mention func(*Server) []string // what staff has to look at while hits are taken, each as a sentence
}

// start opens parts, from above. Where one cannot be opened those that were are closed, and the error names it.
func (s *Server) start(parts []part) error {
	for _, p := range parts {
		if err := p.open(s); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", p.name, err), s.Release())
		}
		s.opened = append(s.opened, p)
	}
	if s.nodes != nil {
		s.nodes.begun.Store(true)
	}
	return nil
}

// Release closes what [New] opened. Serve does it at its end; it is for a server that does not serve.
func (s *Server) Release() error {
	s.releasing.Do(func() {
		for _, p := range slices.Backward(s.opened) {
			if p.close != nil {
				s.releaseErr = errors.Join(s.releaseErr, p.close(s))
			}
		}
	})
	return s.releaseErr
}

// mentions says what staff has to look at while hits are taken.
func mentions(s *Server) (all []string) {
	for i := range s.opened {
		if p := &s.opened[i]; p.mention != nil {
			all = append(all, p.mention(s)...)
		}
	}
	return all
}

// wrong says why hits cannot be taken, or not all of them; "": all is well.
func (s *Server) wrong() string {
	if s.listeners != nil && s.listeners.ending.Load() {
		return "ending"
	}
	for i := range s.opened {
		if p := &s.opened[i]; p.health != nil {
			if wrong := p.health(s); wrong != "" {
				return wrong
			}
		}
	}
	return ""
}

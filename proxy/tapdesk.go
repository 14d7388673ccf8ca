package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/config/strict"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/problem"
	"github.com/tagwarden/tagwarden/proxy/tap"
	"github.com/tagwarden/tagwarden/rules"
)

// openTaps comes behind the ledger, which is told how much each watch was shown, and before the queue, whose outcomes
// are shown.
func openTaps(s *Server) error {
	s.taps = tap.New(tap.Options{Rand: s.opts.Rand, Now: s.opts.Now, Ended: func(id, by string, events int) {
		if err := s.ledger.ReadEnd(ledger.ReadingEnd{ID: id, By: by, Records: events}); err != nil {
			fault(s.opts.Log, "how many events a tap has shown cannot be recorded", err)
		}
	}})
	return nil
}

func closeTaps(s *Server) error {
	s.taps.CloseAll()
	return nil
}

// watchTaps ends all taps when hits are taken no more: who waits for lines holds nobody up.
func watchTaps(ctx context.Context, s *Server) {
	<-ctx.Done()
	s.taps.CloseAll()
}

// shownOutcome records outcomes of events that waited, and shows them to whoever was shown those.
func shownOutcome(s *Server) func(ledger.Outcome) error {
	return func(o ledger.Outcome) error {
		err := s.ledger.Outcome(o)
		if err != nil || s.taps.Watches() == nil {
			return err
		}
		now := s.opts.Now().UTC()
		o.Each(func(hit uint64, events []int) bool {
			for _, e := range events {
				s.taps.Outcome(tap.Line{
					Kind: tap.OfOutcome, Time: now, Hit: hit, Event: e,
					Vendor: o.Vendor, Outcome: o.Outcome, Why: o.Why, Status: o.Status,
				})
			}
			return true
		})
		return nil
	}
}

// tapDesk lets callers watch.
type tapDesk struct {
	taps    *tap.Taps
	inForce func() *Snapshot
}

var _ api.Taps = (*tapDesk)(nil)

// newTapDesk makes the desk; nil where no hits are taken.
func newTapDesk(s *Server) api.Taps {
	if s.opts.Aside {
		return nil
	}
	return &tapDesk{s.taps, s.snapshot.Load}
}

// Check says what nobody can watch for, since there is no such thing.
func (d *tapDesk) Check(of tap.Ask) (all []problem.Fault) {
	var vendors, endpoints []string
	for _, r := range d.inForce().Policy.Recipients() {
		vendors = append(vendors, r.ID)
		for i := range r.Catalog.Endpoints {
			endpoints = append(endpoints, r.Catalog.Endpoints[i].ID)
		}
	}
	slices.Sort(endpoints) // of which several vendors have one of that name
	endpoints = slices.Compact(endpoints)
	for _, one := range []struct {
		member       string
		asked, known []string
	}{
		{"vendor", of.Vendors, vendors}, {"endpoint", of.Endpoints, endpoints}, {"reason", of.Reasons, rules.Reasons()},
	} {
		for _, name := range one.asked {
			if !slices.Contains(one.known, name) {
				all = append(all, problem.Fault{
					Pointer: "/" + one.member, Detail: "there is no such " + one.member + strict.SuggestionElse(name, one.known),
				})
			}
		}
	}
	return all
}

// Open begins a watch.
func (d *tapDesk) Open(by tap.Watcher, of tap.Ask, begin func() (string, error)) (api.TapOpened, error) {
	w, token, err := d.taps.Open(by, of, begin)
	if err != nil {
		return api.TapOpened{}, tapProblem(err)
	}
	return api.TapOpened{Tap: w.ID, Until: w.Until.UTC(), Preview: token}, nil
}

// Take hands out lines.
func (d *tapDesk) Take(ctx context.Context, id string, by tap.Watcher, wait time.Duration) (api.TapLines, error) {
	lines, lost, err := d.taps.Take(ctx, id, by, wait)
	return api.TapLines{Lines: lines, Lost: lost}, tapProblem(err)
}

// Close ends a watch.
func (d *tapDesk) Close(id string, by tap.Watcher) error { return tapProblem(d.taps.Close(id, by)) }

// tapProblem is an error as callers are told it.
func tapProblem(err error) error {
	var p *problem.Document
	switch {
	case err == nil:
		return nil
	case errors.Is(err, tap.ErrGone):
		return problem.New(http.StatusNotFound, "unknown",
			"this tap has ended: it lasts an hour at most, ends where nobody asks for its lines, and with the server")
	case errors.Is(err, tap.ErrFull):
		p = problem.New(http.StatusConflict, "busy", fmt.Sprintf("as many people watch already as may at once: %d",
			tap.MostWatches))
		p.Retry = 10
		return p
	case errors.Is(err, tap.ErrEnding):
		return problem.New(http.StatusServiceUnavailable, "unavailable", "the server stops: nothing is begun")
	default:
		return err
	}
}

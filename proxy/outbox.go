package proxy

import (
	"context"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/webhook"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// openOutbox makes the outbox: what waits there is told while hits are taken.
func openOutbox(s *Server) error {
	s.hookLog = &hookLog{log: s.opts.Log, now: s.opts.Now}
	s.outbox = webhook.NewOutbox(webhook.OutboxOptions{
		Store: waiting{s.objections.Outbox()}, Key: s.keyring.store.State().OutboxKey(), Now: s.opts.Now,
		Short:     outboxShort(s),
		Receivers: func() []*webhook.Receiver { return s.snapshot.Load().receivers },
		OnDelivered: func(to, event string, taken time.Duration) {
			s.hookLog.told(to)
			if event == webhook.AssessmentDue || event == webhook.Alarm {
				s.metrics.Webhooks.WithLabelValues(event, "taken").Inc()
				return
			}
			s.metrics.Told.WithLabelValues(to).Observe(taken.Seconds())
			s.metrics.Outbox.WithLabelValues(to, "taken").Inc()
		},
		OnFailed: func(to, event, why string, err error) {
			s.metrics.Untold.WithLabelValues(to, why).Inc()
			if event == webhook.AssessmentDue || event == webhook.Alarm {
				s.metrics.Webhooks.WithLabelValues(event, "failed").Inc()
			} else {
				s.metrics.Outbox.WithLabelValues(to, why).Inc()
			}
			s.hookLog.failed(to, why, err)
		},
		Fault: func(err error) {
			fault(s.opts.Log, "what waits to be told to other systems cannot be read or forgotten", err)
		},
	})
	s.metrics.Hooks(s.opts.Now, func() (all []metrics.Hook) {
		for _, one := range s.outbox.States() {
			all = append(all, metrics.Hook{
				Name: one.Name, Waiting: one.Room.Messages, Bytes: one.Room.Bytes, Oldest: one.Oldest, Failing: one.Failing,
				Paused: one.Paused,
			})
		}
		return all
	})
	return nil
}

// outboxReserve is how many bytes are left free on the disk by what waits to be told: objections and the ledger need
// them.
const outboxReserve = 128 << 20

// outboxShort tells whether so little is free. Where nobody knows it is not.
func outboxShort(s *Server) func() bool {
	look, dir := s.opts.Free, ObjectionsDir(s.loaded.Server.Data)
	if look == nil {
		look = func() (uint64, error) { return objection.FreeOn(dir) }
	}
	return func() bool {
		free, err := look()
		return err == nil && free < outboxReserve
	}
}

// posting puts messages of notices into the outbox.
func posting(s *Server) func(context.Context, objection.Notice) (bool, error) {
	return func(ctx context.Context, n objection.Notice) (bool, error) {
		kept, err := s.objections.Post(ctx, n)
		s.outbox.Kick()
		return kept, err
	}
}

func deliverOutbox(ctx context.Context, s *Server) { s.outbox.Deliver(ctx) }
func sayOutbox(s *Server)                          { s.hookLog.sayRest() }

// failingLong is how long a webhook fails before health mentions it.
const failingLong = time.Hour

// outboxMention names the webhooks that are not told, though hits are taken.
func outboxMention(s *Server) (all []string) {
	now := s.opts.Now()
	for _, one := range s.outbox.States() {
		wait := plural.Of(one.Room.Messages, "message") + " " + plural.Verb(one.Room.Messages, "waits", "wait")
		switch failing := now.Sub(one.Failing); {
		case one.Paused:
			all = append(all, fmt.Sprintf("webhook %s is paused: it answered that it is gone (410); %s until its lines in the "+
				"server file change, or a restart", one.Name, wait))
		case !one.Failing.IsZero() && failing > failingLong && one.Room.Messages > 0:
			all = append(all, fmt.Sprintf("webhook %s took nothing for %v (%s); %s",
				one.Name, failing.Round(time.Minute), one.Why, wait))
		}
	}
	return all
}

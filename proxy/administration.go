package proxy

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/cluster"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/order"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// administrationLog is what kind of acts the log has of what nodes share beside what people ask for: tokens,
// what became of assessments, promises that were signed, and changes of keys out of turn. It is one log, so
// that there is one order of them, and one place to be behind; it is another one than that of objections,
// which may be millions and wait for nobody.
const administrationLog = "administration"

// openOrder reads how far this node has come with such acts, and what stands by them.
func openOrder(s *Server) (err error) {
	if err := refuseRejoining(s.loaded.Server.Data); err != nil {
		return err
	}
	s.order, err = order.Open(order.Options{
		File: filepath.Join(s.loaded.Server.Data, order.FileName), Disk: s.opts.Disk, Shared: s.loaded.Server.Cluster != nil,
		Now: s.opts.Now, Rand: s.opts.Rand,
	})
	return err
}

// openTokens comes behind the ledger, which they are recorded on, and before the first act that changes them.
func openTokens(s *Server) (err error) {
	if s.tokens, err = access.OpenTokens(s.loaded.Server.Data); err != nil {
		return err
	}
	if err = s.tokens.Share(s.order); err != nil {
		return err
	}
	return s.tokens.Record(func(all []access.Token, by map[string]access.By) error { return recordTokens(s, all, by) })
}

// openAdministration comes behind everybody who does its acts.
func openAdministration(s *Server) error {
	n := s.nodes
	if n == nil {
		return nil
	}
	mark, _ := s.order.Position()
	at, err := cluster.ParsePosition(mark)
	if err != nil {
		return fmt.Errorf("this node says how far it has come, and that cannot be read: %w", err)
	}
	if behind, err := keysBehind(s); err != nil {
		return err
	} else if behind {
		s.order.Again()
		at = cluster.Position{Stream: at.Stream}
	}
	o, err := nodeLogOptions(s, administrationLog, at, s.order.Take)
	if err != nil {
		return err
	}
	keys := s.keyring.store.State()
	o.Identity = keys.Identity() + "/" + keys.Line()
	current := n.log.known() && within(n.log.Load().CaughtUp(), s.opts.Await)
	if !current {
		o.Wait = time.Millisecond // it was waited for already
	}
	o.First = func(context.Context, func(string) (bool, error)) error { return hadAdministration(s) }
	logger := s.opts.Log.With(zap.String("log", administrationLog))
	o.Note = func(e cluster.Event) {
		noteCluster(logger, e)
		switch e.What {
		case cluster.BegunAnew:
			recordCluster(s, e.Err.Error())
			s.order.TellAnew()
		case cluster.Reading, cluster.CaughtUp:
			s.order.TellAgain()
		default: // what is of no interest beyond the log
		}
	}
	log, err := cluster.Open(context.Background(), o)
	if err != nil {
		return err
	}
	n.administration.Store(log)
	s.order.Join(&n.administration)
	if current {
		within(log.CaughtUp(), catchUpWithin)
	}
	if err := s.promised.refuse(s.loaded); err != nil {
		return errors.Join(err, log.Close())
	}
	s.metrics.Administration(func() metrics.Administration {
		_, seq := s.order.Position()
		waiting, _ := s.order.Untold()
		return metrics.Administration{Applied: seq, Waiting: waiting}
	})
	return nil
}

// catchUpWithin is how long a start waits until this node knows what the others do, where it knows already what they
// objected to: whether its policy may be served may depend on it.
const catchUpWithin = 2 * time.Second

// within waits for something, for so long at most; true: it came.
func within(it <-chan struct{}, most time.Duration) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-it:
		return true
	case <-timer.C:
		return false
	}
}

func closeAdministration(s *Server) error {
	if s.nodes == nil {
		return nil
	}
	return s.nodes.administration.Load().Close()
}

// tellAdministration tells others what they could not be told.
func tellAdministration(ctx context.Context, s *Server) {
	if s.nodes != nil {
		s.order.TellAlways(ctx)
	}
}

func administrationHealth(s *Server) string {
	if s.nodes == nil {
		return ""
	}
	return lacks(s.nodes.administration.Load())
}

func administrationMention(s *Server) (all []string) {
	if s.nodes == nil {
		return nil
	}
	if waiting, since := s.order.Untold(); waiting > 0 {
		all = append(all, fmt.Sprintf(
			"of tokens, assessments, promises or keys %s to be told to the other nodes, the first since %s",
			plural.Of(waiting, "act")+" "+plural.Verb(waiting, "waits", "wait"), since.UTC().Format(time.RFC3339)))
	}
	if other := s.promised.other(s.snapshot.Load().Loaded); other != "" {
		all = append(all, other)
	}
	return all
}

package proxy

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/tagwarden/tagwarden/proxy/cluster"
	"github.com/tagwarden/tagwarden/proxy/order"
)

// nodeLog is a log of acts that nodes share; nil until everybody is open who does its acts.
type nodeLog struct {
	atomic.Pointer[cluster.Log]
	behind *nodeLog // no act is put on this log before that one is there; nil: it waits for none
}

// Append puts an act on the log. See [order.Log].
func (l *nodeLog) Append(ctx context.Context, id [16]byte, act []byte) error {
	log := l.Load()
	if log == nil || l.behind != nil && !l.behind.known() && log.Status().At.Seq == 0 {
		return errNoLog
	}
	_, err := log.Append(ctx, id, act)
	return err
}

// known tells whether a log's stream was found, or made.
func (l *nodeLog) known() bool {
	log := l.Load()
	return log != nil && log.Known()
}

// nodeLogOptions are what the logs of a kind of acts have in common: whose turn has
// come is given to take, from a place on.
func nodeLogOptions(
	s *Server, kind string, at cluster.Position, take func(acts []order.Act, mark string) error,
) (cluster.Options, error) {
	of := s.nodes.config
	secure, err := trustServers(s)
	return cluster.Options{
		Name: of.Name, Node: s.opts.node(of), URLs: of.NATS, Creds: of.Creds, TLS: secure, Kind: kind, At: at,
		Stale: time.Duration(of.Stale.After), Wait: s.opts.Await, Missing: s.opts.Aside, Now: s.opts.Now, Rand: s.opts.Rand,
		Apply: func(acts []cluster.Act, to cluster.Position) error {
			all := make([]order.Act, len(acts))
			for i := range acts {
				a := &acts[i]
				all[i] = order.Act{Seq: a.Seq, At: a.At, ID: a.ID, Body: a.Body}
			}
			return take(all, to.String())
		},
	}, err
}

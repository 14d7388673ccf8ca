package proxy

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/proxy/cluster"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// mostIdle is how many seconds a node that is an older copy waits for the log while nothing comes.
const mostIdle = 30

// errUnreached says that a node is an older copy, and what it lacks could not be had.
var errUnreached = errors.New(
	"the objections' store is an older copy than the ledger remembers, and the nodes' log, which " +
		"has what it lacks, cannot be reached: start again when the cluster can be, or put the newest copy in its place")

// takeWhatLacks has a node whose objections are an older copy than its ledger remembers take what they lack from the
// log, before it decides anything: what this node acknowledged is in force again when it takes hits. A copy that does
// not come to what the ledger remembers, change for change, is refused.
func takeWhatLacks(s *Server, replica objection.Replica, log *cluster.Log) error {
	past, from := s.recovered.stood(), s.objections.Head()
	s.opts.Log.Warn("the objections are an older copy: what they lack is taken from the nodes' log",
		zap.Uint64("remembered", past.Size), zap.Uint64("found", from.Size))
	second, end := s.opts.Every(time.Second)
	defer end()
	at := log.Status().At.Seq
	for idle := 0; ; {
		select {
		case <-log.CaughtUp():
			s.acts.caughtUp(s.objections)
			return replica.Reached()
		case <-second:
		}
		switch now := log.Status(); {
		case now.Err != nil && !errors.Is(now.Err, cluster.ErrUnauthorized):
			return fmt.Errorf("%w: %w", objection.ErrOlder, now.Err)
		case now.At.Seq != at:
			at, idle = now.At.Seq, 0
		default:
			if idle++; idle >= mostIdle {
				return errors.Join(errUnreached, now.Err)
			}
		}
	}
}

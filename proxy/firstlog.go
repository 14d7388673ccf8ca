package proxy

import (
	"errors"
	"fmt"

	"github.com/tagwarden/tagwarden/proxy/cluster"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// The logs of a cluster are made by the first node that comes, and never again by itself: a log that is gone, and made
// anew by a node that has nothing, would make that one forget objections. Before it makes one a node asks all that
// could say that there was one: the other nodes, the place that it has come to in either log, its ledger, and the other
// streams of the cluster. The log of objections is the first, and takes no act before that of administration is there:
// so that one says of the other that there was one.

// queueLog is what kind of stream the cluster's queue has; it is made behind the logs.
const queueLog = "queue"

// hadObjections says what tells that the cluster had a log of objections.
func hadObjections(s *Server, there func(kind string) (bool, error)) error {
	if mark, _ := s.order.Position(); mark != "" {
		return fmt.Errorf("%w: this node has come some way in the one of %s", cluster.ErrMissing, administrationLog)
	}
	if objection.ReplicaOf(s.objections).Lacks() {
		return fmt.Errorf("%w: this node's ledger remembers objections that its store lacks", cluster.ErrMissing)
	}
	if s.recovered.inCluster(s.nodes.config.Name) {
		return fmt.Errorf("%w: this node's ledger says that it shared one", cluster.ErrMissing)
	}
	for _, kind := range []string{administrationLog, queueLog} {
		is, err := there(kind)
		if err != nil {
			return err
		}
		if is {
			return fmt.Errorf("%w: the cluster has its stream of %s, which is made behind it", cluster.ErrMissing, kind)
		}
	}
	return nil
}

// errObjectionsFirst says that another stream is not made yet.
var errObjectionsFirst = errors.New("the log of objections comes first, and is not there yet")

// behindObjections says why a stream may not be made yet that says of the log of objections that
// there was one. On empty servers whoever asks first would else be the first: a queue that is there
// before the log has nobody make the log.
func behindObjections(log *cluster.Log) error {
	if log == nil || !log.Known() {
		return errObjectionsFirst
	}
	return nil
}

// hadAdministration says what tells that the cluster had a log of administration.
func hadAdministration(s *Server) error {
	log := s.nodes.log.Load()
	if err := behindObjections(log); err != nil {
		return err
	}
	switch status := log.Status(); {
	case status.At.Seq > 0:
		return fmt.Errorf("%w: the cluster's log of objections has acts, and takes none without it", cluster.ErrMissing)
	case !caughtUp(log): // it may have some
		return errObjectionsFirst
	}
	return nil
}

// baseOf names what a node holds that begins with such objections.
func baseOf(head objection.Head) string { return fmt.Sprintf("%d changes, %x", head.Size, head.Root) }

// administrationBase names what a node holds of administration at a place of the log: at its beginning whatever it had.
func administrationBase(at cluster.Position) string {
	if at.Seq == 0 {
		return ""
	}
	return fmt.Sprintf("%d acts, %x", at.Seq, at.Sum)
}

// inCluster tells whether the ledger says that this node shared the logs of a cluster of that name.
func (r *recovered) inCluster(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.Cluster == name
}

// recordCluster records what became of a log that nodes share; "": that this node shares it, once.
func recordCluster(s *Server, text string) {
	name := s.nodes.config.Name
	if text == "" {
		if s.recovered.inCluster(name) {
			return
		}
		text = "this node shares the cluster's log of objections"
	}
	if err := s.ledger.Cluster(ledger.Cluster{Name: name, Text: text}); err != nil {
		fault(s.opts.Log, "what became of the cluster's log cannot be recorded", err)
		return
	}
	s.recovered.mu.Lock()
	defer s.recovered.mu.Unlock()
	s.recovered.Cluster = name
}

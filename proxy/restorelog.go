package proxy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/cluster"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/problem"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// restoring begins logs anew that are gone, from this node.
type restoring struct{ *Server }

// sharedLog is a log as what may be begun anew.
type sharedLog struct {
	kind string
	log  *cluster.Log
	base func(at cluster.Position) (string, error) // what this node holds at a place
}

func (r restoring) logs() []sharedLog {
	n := r.nodes
	return []sharedLog{
		{objectionsLog, n.log.Load(), func(at cluster.Position) (string, error) {
			position, head := objection.ReplicaOf(r.objections).Stands()
			if position.Seq != at.Seq {
				return "", fmt.Errorf("this node's store has done act %d, and its log says %d", position.Seq, at.Seq)
			}
			return baseOf(head), nil
		}},
		{administrationLog, n.administration.Load(), func(at cluster.Position) (string, error) {
			return administrationBase(at), nil
		}},
	}
}

// restore says of each log whether it is gone and could be begun anew from here, and begins it where that was asked
// for. A log is begun anew from a node that no other one which answers is ahead of. What this one does not know
// others of, they tell when the log is there.
func (r restoring) restore(ctx context.Context, begin bool) (out api.ClusterRestored, err error) {
	n := r.nodes
	out.Name, out.Node = n.config.Name, r.opts.node(n.config)
	untold, _ := objection.ReplicaOf(r.objections).Untold()
	administered, _ := r.order.Untold()
	out.Untold = untold + administered
	for _, one := range r.logs() {
		got, at := r.look(ctx, one)
		if begin && got.Gone && got.Wrong == "" {
			if err := r.begin(ctx, one, &got, at); err != nil {
				return out, err
			}
		}
		out.Logs = append(out.Logs, got)
	}
	return out, nil
}

// look looks whether a log is gone, and compares this node with the others.
func (r restoring) look(ctx context.Context, one sharedLog) (got api.RestoredLog, at cluster.Position) {
	got.Log = one.kind
	at = one.log.Status().At
	got.Acts = at.Seq
	there, err := cluster.There(ctx, one.log)
	switch {
	case err != nil:
		got.Wrong = "the NATS servers do not say whether it is gone: " + err.Error()
		return got, at
	case there:
		if why := one.log.Err(); why != nil && !errors.Is(why, cluster.ErrMissing) {
			got.Wrong = why.Error()
		}
		return got, at
	}
	got.Gone = true
	nodes, err := one.log.Nodes(ctx)
	if err != nil {
		got.Wrong = "the other nodes cannot be asked: " + err.Error()
		return got, at
	}
	self := r.opts.node(r.nodes.config)
	got.Nodes, got.Wrong, got.Says = compared(self, at, nodes)
	got.Says = append(got.Says, away(self, at.Seq, nodes, one.log.Heard(), r.opts.Now())...)
	return got, at
}

// compared compares a node with the others that answer.
func compared(self string, at cluster.Position, nodes []cluster.NodeStatus) (all []api.NodeActs,
	wrong string, says []string) {
	var most *cluster.NodeStatus
	for i := range nodes {
		n := &nodes[i]
		all = append(all, api.NodeActs{Node: n.Node, Acts: n.At.Seq})
		switch {
		case n.Node == self:
		case n.At.Seq > at.Seq:
			if most == nil || n.At.Seq > most.At.Seq {
				most = n
			}
		case n.At.Seq == at.Seq && n.At.Seq > 0 && n.At.Sum != at.Sum:
			wrong = fmt.Sprintf("%s has done another act %d than this node: they were nodes of two clusters, or of a log that "+
				"was begun anew without one of them; stop the one that is not to count, and bring it to the new log (`cluster "+
				"join --again`)",
				n.Node, at.Seq)
		case n.At.Seq < at.Seq:
			says = append(says, fmt.Sprintf("%s has done %d of %s: bring it to the new log with a backup of this node "+
				"(`cluster join --again`)", n.Node, n.At.Seq, plural.Of(at.Seq, "act")))
		}
	}
	if most != nil {
		wrong = fmt.Sprintf("%s has done %s, and this node %d: begin it anew from there", most.Node,
			plural.Of(most.At.Seq, "act"), at.Seq)
		if at.Seq > 0 && most.At.Stream != at.Stream {
			wrong += "; where it did them in a log that was begun by a node that had nothing, stop it, begin it anew from " +
				"here, and bring that node to it (`cluster join --again`)"
		}
	}
	return all, wrong, says
}

// away names nodes that do not answer, with how many acts would be lost without them.
func away(self string, acts uint64, nodes []cluster.NodeStatus, heard map[string]cluster.Heard,
	now time.Time) (says []string) {
	for _, node := range slices.Sorted(maps.Keys(heard)) {
		if node == self || slices.ContainsFunc(nodes, func(n cluster.NodeStatus) bool { return n.Node == node }) {
			continue
		}
		of := heard[node]
		ahead := "which this node has done too, as far as its last heartbeat tells"
		if of.Acts > acts {
			ahead = fmt.Sprintf("%d more than this node: they would be lost, as long as it is not brought to the new log with "+
				"what it alone has (`cluster join --again`); start it first", of.Acts-acts)
		}
		says = append(says, fmt.Sprintf("%s does not answer; %s ago it had done %s, %s", node,
			now.Sub(of.At).Round(time.Second), plural.Of(of.Acts, "act"), ahead))
	}
	if len(nodes) < 2 {
		says = append(says, "no other node answers: what one has done that is away is not known here; start every node "+
			"that there is first")
	}
	return says
}

// begin records that a log is begun anew, and begins it. Where the process dies between the two it is asked for again.
func (r restoring) begin(ctx context.Context, one sharedLog, got *api.RestoredLog, at cluster.Position) error {
	base, err := one.base(at)
	if err != nil {
		return problem.New(http.StatusServiceUnavailable, "unavailable", err.Error())
	}
	var nodes []string
	for _, n := range got.Nodes {
		nodes = append(nodes, fmt.Sprintf("%s %d", n.Node, n.Acts))
	}
	text := fmt.Sprintf("the log of %s is gone, and is begun anew from this node behind act %d (hash %x); acts done: %s",
		one.kind, at.Seq, at.Sum[:8], strings.Join(nodes, ", "))
	if len(got.Says) > 0 {
		text += "; " + strings.Join(got.Says, "; ")
	}
	if err := r.ledger.Cluster(ledger.Cluster{Name: r.nodes.config.Name, Text: text}); err != nil {
		return problem.New(http.StatusServiceUnavailable, "unavailable", "it cannot be recorded, and so is not begun: "+
			err.Error())
	}
	switch _, err := cluster.Restore(ctx, one.log, base); {
	case errors.Is(err, cluster.ErrThere):
		got.Gone, got.Wrong = false, err.Error()
		return nil
	case err != nil:
		return problem.New(http.StatusServiceUnavailable, "unavailable", err.Error())
	}
	r.opts.Log.Warn(text)
	got.Begun = true
	return nil
}

package proxy

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/cluster"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// answerNode is what this node tells others of itself.
func answerNode(s *Server) []byte {
	snapshot := s.snapshot.Load()
	if s.dispatch == nil || snapshot == nil {
		return nil // it begins
	}
	head := s.objections.Head()
	untold, _ := objection.ReplicaOf(s.objections).Untold()
	administered, _ := s.order.Untold()
	_, administration := s.order.Position()
	of := s.dispatch.queue.Stats()
	waiting := 0
	for i := range of.Vendors {
		waiting += of.Vendors[i].Events
	}
	for i := range of.Reasons {
		waiting += of.Reasons[i].Events
	}
	out := api.ClusterNode{
		Version: s.opts.Version, Policy: snapshot.Policy.Digest(), Changes: head.Size, Root: hex.EncodeToString(head.Root[:]),
		Untold: untold + administered, Administration: administration, Queue: waiting, Records: s.ledger.State().Records, Since: s.nodes.began.UTC(), Fresh: -1,
		NotTaking: s.wrong(),
	}
	state := s.keyring.store.State()
	day, _ := state.Chain(pseudonym.Day)
	out.Keys = fmt.Sprintf("%d %s", day, state.Mark())
	if log := s.nodes.log.Load(); log != nil && !log.Fresh().IsZero() {
		out.Fresh = s.opts.Now().Sub(log.Fresh()).Seconds()
	}
	text, err := json.Marshal(&out)
	if err != nil {
		return nil
	}
	return text
}

// clusterStatus asks all nodes how they stand.
func clusterStatus(s *Server) api.Cluster {
	n := s.nodes
	if n == nil {
		return nil
	}
	return func(ctx context.Context) (api.ClusterStatus, error) {
		out := api.ClusterStatus{Name: n.config.Name, Node: s.opts.node(n.config), Nodes: []api.ClusterNode{}}
		all, err := n.log.Load().Nodes(ctx)
		if err != nil { // it says of itself what it can
			status := n.log.Load().Status()
			all = []cluster.NodeStatus{{Node: out.Node, At: status.At, Stale: status.Stale, Body: answerNode(s)}}
			out.Look = append(out.Look, "the other nodes cannot be asked")
		}
		for i := range all {
			var one api.ClusterNode
			if len(all[i].Body) > 0 && json.Unmarshal(all[i].Body, &one) != nil {
				continue // of a version that says other things
			}
			one.Node, one.Stale, one.Acts = all[i].Node, all[i].Stale, all[i].At.Seq
			out.Nodes = append(out.Nodes, one)
		}
		out.Look = slices.Concat(out.Look, unlike(out.Nodes), nodesMention(s), administrationMention(s))
		return out, nil
	}
}

// unlike says in what nodes differ that should be alike.
func unlike(nodes []api.ClusterNode) (all []string) {
	policies := map[string][]string{}
	for i := range nodes {
		if nodes[i].Policy != "" {
			policies[nodes[i].Policy] = append(policies[nodes[i].Policy], nodes[i].Node)
		}
	}
	if len(policies) > 1 {
		all = append(all, fmt.Sprintf("the nodes decide by %d different policies: bring the same one to all", len(policies)))
	}
	for i := range nodes {
		for j := range nodes[:i] {
			a, b := &nodes[i], &nodes[j]
			if a.Acts == b.Acts && a.Changes == b.Changes && a.Root != b.Root && a.Root != "" && b.Root != "" {
				all = append(all, fmt.Sprintf("%s and %s have done the same acts and hold different objections: start one of them "+
					"from a copy of the other, and report this", b.Node, a.Node))
			}
			day, _, _ := strings.Cut(a.Keys, " ")
			if a.Administration == b.Administration && a.Keys != b.Keys && day != "" && strings.HasPrefix(b.Keys, day+" ") {
				all = append(all, fmt.Sprintf("%s and %s have done the same and have different keys: begin one of them anew with a "+
					"backup of the other (cluster join), and report this", b.Node, a.Node))
			}
		}
	}
	return all
}

// mostUnlike is how long nodes may decide by different policies before somebody is told.
const mostUnlike = time.Minute

// compareNodes looks whether nodes decide alike, and says so where they have not for a while.
func compareNodes(ctx context.Context, s *Server) {
	n := s.nodes
	status, err := clusterStatus(s)(ctx)
	if err != nil || ctx.Err() != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	now := s.opts.Now()
	found := unlike(status.Nodes)
	switch {
	case len(found) == 0:
		n.unlikeSince, n.unlike = time.Time{}, nil
	case n.unlikeSince.IsZero():
		n.unlikeSince = now
	case now.Sub(n.unlikeSince) >= mostUnlike && !slices.Equal(found, n.unlike):
		n.unlike = found
		for _, one := range found {
			s.opts.Log.Warn(one)
		}
	}
}

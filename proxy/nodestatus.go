package proxy

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/cluster"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/plural"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// answerNode is what this node tells others of itself.
func answerNode(s *Server) []byte {
	if !s.nodes.begun.Load() {
		return nil // it begins
	}
	snapshot := s.snapshot.Load()
	if s.dispatch == nil || snapshot == nil { // a command, that needs neither
		return nil
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
		Untold: untold + administered, Administration: administration, Queue: waiting, Records: s.ledger.State().Records,
		Since: s.nodes.began.UTC(), Fresh: -1,
		NotTaking: s.wrong(),
	}
	if s.opts.Aside {
		out.NotTaking = "it does not serve: a command works on its data folder"
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

// remembered is for how long a node that is gone is named.
const remembered = 24 * time.Hour

// lookLasts is for how long servers are waited for that do not say how they are.
const lookLasts = 2 * time.Second

// clusterStatus asks all nodes how they stand. Where none can be asked it says how this one does.
func clusterStatus(s *Server) api.Cluster {
	n := s.nodes
	if n == nil {
		return nil
	}
	return func(ctx context.Context) (api.ClusterStatus, error) {
		out := api.ClusterStatus{Name: n.config.Name, Node: s.opts.node(n.config)}
		log := n.log.Load()
		looking, cancel := context.WithTimeout(ctx, lookLasts)
		defer cancel()
		n.lookAtServers(looking)
		all, err := log.Nodes(ctx)
		if err != nil {
			at := log.Status()
			all = []cluster.NodeStatus{{Node: out.Node, At: at.At, Stale: at.Stale, Body: answerNode(s)}}
		}
		out.Nodes = nodesOf(all)
		for i := range out.Nodes {
			out.Nodes[i].Effect = n.effects.on(out.Nodes[i].Node)
		}
		out.Look = append(unlike(out.Nodes), notWell(out.Nodes, out.Node)...)
		switch {
		case err == nil:
			out.Silent = silent(log.Heard(), all, s.opts.Now())
		case log.Err() != nil: // this node says that of itself
		case log.Status().Server == "":
			out.Look = append(out.Look, "no NATS server can be reached, so that the other nodes could not be asked")
		default:
			out.Look = append(out.Look, err.Error())
		}
		for _, one := range out.Silent {
			ago := time.Duration(one.Heard * float64(time.Second)).Round(time.Second)
			out.Look = append(out.Look, fmt.Sprintf("%s does not answer; its last heartbeat came %s ago: start it, or replace "+
				"it (a node that was taken away is named for a day)", one.Node, ago))
		}
		out.Look = slices.Concat(out.Look, ofItself(s), administrationMention(s))
		return out, nil
	}
}

// nodesOf reads what nodes say of themselves. What a later version says besides is passed over.
func nodesOf(answers []cluster.NodeStatus) []api.ClusterNode {
	all := make([]api.ClusterNode, 0, len(answers))
	for i := range answers {
		var one api.ClusterNode
		if len(answers[i].Body) > 0 && json.Unmarshal(answers[i].Body, &one) != nil {
			continue // of a version that says other things
		}
		one.Node, one.Stale, one.Acts = answers[i].Node, answers[i].Stale, answers[i].At.Seq
		all = append(all, one)
	}
	return all
}

// notWell names nodes, but one, that are not current or take no hits. That one says more of itself.
func notWell(nodes []api.ClusterNode, but string) (all []string) {
	for i := range nodes {
		switch n := &nodes[i]; {
		case n.NotTaking != "":
			all = append(all, n.Node+" takes no hits: "+strings.TrimSpace(n.NotTaking))
		case n.Stale && n.Node != but:
			all = append(all, n.Node+" is not current: it may lack an objection that another node took")
		}
	}
	return all
}

// silent are nodes that were heard of, and did not answer.
func silent(heard map[string]cluster.Heard, answered []cluster.NodeStatus, now time.Time) (all []api.SilentNode) {
	for _, node := range slices.Sorted(maps.Keys(heard)) {
		ago := now.Sub(heard[node].At)
		there := slices.ContainsFunc(answered, func(n cluster.NodeStatus) bool { return n.Node == node })
		if !there && ago < remembered {
			all = append(all, api.SilentNode{Node: node, Heard: max(0, ago.Seconds())})
		}
	}
	return all
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
		all = append(all, fmt.Sprintf("the nodes decide by %s: bring the same one to all",
			plural.Of(len(policies), "different policy")))
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
				all = append(all, fmt.Sprintf(
					"%s and %s have done the same and have different keys: begin one of them anew with a "+
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
	answers, err := n.log.Load().Nodes(ctx)
	if err != nil || ctx.Err() != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	now := s.opts.Now()
	found := unlike(nodesOf(answers))
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

package proxy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/cluster"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/natslink"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// nodes is this server as one of several. What people ask one of them for is on the log that all of them share before
// it is done, and each does all of it in that order. A server that is alone has none: a nil nodes is never stale.
type nodes struct {
	config *config.Cluster
	zap    *zap.Logger
	now    func() time.Time
	log    nodeLog // of objections

	administration nodeLog

	began   time.Time
	begun   atomic.Bool // everything of the server is open: who is asked how it stands may look at it
	effects effects     // of test objections

	sameName atomic.Bool // another process goes by the name of this one

	servers atomic.Pointer[[]string] // what has to be looked at about the NATS servers; nil: nobody looked yet

	mu          sync.Mutex // guards what follows
	unlikeSince time.Time  // since when nodes differ that should be alike; zero: they do not
	unlike      []string   // in what, once that has lasted
}

// objectionsLog is what kind of acts the log of objections has.
const objectionsLog = "objections"

// errNoLog says that the log is not open yet.
var errNoLog = errors.New("the log that nodes share is not open yet")

// newNodes returns nil for a server that is alone.
func newNodes(s *Server) *nodes {
	if s.loaded.Server.Cluster == nil {
		return nil
	}
	n := &nodes{config: s.loaded.Server.Cluster, zap: s.opts.Log, now: s.opts.Now, began: s.opts.Now()}
	n.log.behind = &n.administration // so that a log of objections with acts tells that there was one of administration
	return n
}

// order is the log as the store of objections sees it; nil for a server that is alone.
func (n *nodes) order() objection.Order {
	if n == nil {
		return nil
	}
	return &n.log
}

// stale tells whether other nodes may have taken an objection that this one does not know, so that what one may object
// to is not to travel.
func (n *nodes) stale() bool {
	if n == nil || n.config.Stale.Then == "go_on" && n.caughtUp() {
		return false
	}
	for _, log := range [2]*cluster.Log{n.log.Load(), n.administration.Load()} {
		if log == nil || log.Stale(n.now()) {
			return true
		}
	}
	return false
}

// caughtUp tells whether this node has had all acts once since it began.
func (n *nodes) caughtUp() bool {
	return caughtUp(n.log.Load()) && caughtUp(n.administration.Load())
}

// caughtUp tells whether a node has had all acts of a log once since it began.
func caughtUp(log *cluster.Log) bool {
	if log == nil {
		return false
	}
	select {
	case <-log.CaughtUp():
		return true
	default:
		return false
	}
}

// openNodes comes behind the store, which is given acts, and the ledger, which they are recorded on. It does not wait
// for the cluster longer than a moment: until there is one the server is stale.
func openNodes(s *Server) error {
	n := s.nodes
	if n == nil {
		return nil
	}
	if _, err := trustOf(n.config); err != nil {
		return placed(s, err, "cluster", "ca")
	}
	if !s.opts.Aside {
		if err := n.refuseServers(context.Background()); err != nil {
			return err
		}
	}
	replica := objection.ReplicaOf(s.objections)
	position, head := replica.Stands()
	at, err := cluster.ParsePosition(position.Mark)
	if err != nil {
		return fmt.Errorf("the store of objections says how far it has come, and that cannot be read: %w", err)
	}
	o, err := nodeLogOptions(s, objectionsLog, at, replica.Take)
	if err != nil {
		return err
	}
	lacks := replica.Lacks() // acts come as soon as the log is open
	n.effects.init(s.opts.node(n.config), s.metrics.NewClusterEffect())
	o.Identity, o.Base = s.keyring.store.State().Identity(), baseOf(head)
	o.Answer, o.Hear = func() []byte { return answerNode(s) }, n.effects.hear
	o.First = func(ctx context.Context, there func(string) (bool, error)) error { return hadObjections(s, there) }
	o.Note = func(e cluster.Event) {
		noteCluster(n.zap, e)
		switch e.What {
		case cluster.SameName:
			n.sameName.Store(true)
		case cluster.BegunAnew:
			recordCluster(s, e.Err.Error())
			replica.TellAnew()
		case cluster.Reading, cluster.CaughtUp:
			recordCluster(s, "")
			replica.Tell()
		default: // what is of no interest beyond the log
		}
	}
	log, err := cluster.Open(context.Background(), o)
	if errors.Is(err, natslink.ErrBadCreds) {
		return placed(s, err, "cluster", "creds")
	}
	if err != nil {
		return err
	}
	if lacks {
		if err := takeWhatLacks(s, replica, log); err != nil {
			return errors.Join(err, log.Close())
		}
	}
	n.log.Store(log)
	s.metrics.Cluster(func() metrics.Cluster {
		status := log.Status()
		waiting, since := replica.Untold()
		return metrics.Cluster{
			Stale: status.Stale, Fresh: status.Fresh, Behind: status.Behind, Waiting: waiting, Oldest: since,
			Reconnects: status.Reconnects, Applied: status.At.Seq,
		}
	}, s.opts.Now)
	return nil
}

// noteCluster writes what happens to a log down.
func noteCluster(to *zap.Logger, e cluster.Event) {
	about := []zap.Field{zap.String("what", string(e.What))}
	if e.Server != "" {
		about = append(about, zap.String("server", e.Server))
	}
	if e.Err != nil {
		about = append(about, zap.Error(e.Err))
	}
	switch e.What {
	case cluster.Connected, cluster.Created, cluster.Reading, cluster.CaughtUp:
		to.Info("cluster", about...)
	case cluster.Refused, cluster.ApplyFailed, cluster.SameName, cluster.OthersApart:
		to.Error("cluster", about...)
	default:
		to.Warn("cluster", about...)
	}
}

func closeNodes(s *Server) error {
	if s.nodes == nil {
		return nil
	}
	return s.nodes.log.Load().Close()
}

// tellNodes has acts told again that could not be told, and looks at the other nodes and at the servers now and then.
func tellNodes(ctx context.Context, s *Server) {
	n := s.nodes
	if n == nil {
		return
	}
	again, end := s.opts.Every(time.Second)
	defer end()
	minute, endMinute := s.opts.Every(time.Minute)
	defer endMinute()
	compare, endCompare := s.opts.Every(mostUnlike / 6)
	defer endCompare()
	var probing sync.WaitGroup
	defer probing.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again:
			objection.ReplicaOf(s.objections).Tell()
			s.order.TellAgain()
		case <-compare:
			compareNodes(ctx, s)
		case <-minute:
			probing.Go(func() { n.probe(ctx, s.objections) })
			n.lookAtServers(ctx)
		}
	}
}

// nodesHealth: hits are taken from when this node knows what the others know. One that is cut off later goes on, with
// what is consented to.
func nodesHealth(s *Server) string {
	if s.nodes == nil {
		return ""
	}
	return lacks(s.nodes.log.Load())
}

// lacks says why a node does not have what a log holds; "": it has, or had and is cut off.
func lacks(log *cluster.Log) string {
	switch {
	case caughtUp(log):
		return ""
	case log.Err() != nil:
		return "the log that nodes share cannot be used: " + log.Err().Error()
	default:
		return "this node does not have yet what the others of its cluster know"
	}
}

// nodesMention says what has to be looked at though hits are taken.
func nodesMention(s *Server) []string {
	n := s.nodes
	if n == nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return append(ofItself(s), n.unlike...)
}

// ofItself says what has to be looked at about this node and the servers.
func ofItself(s *Server) (all []string) {
	n := s.nodes
	if n.sameName.Load() {
		all = append(all, "another process goes by the name of this node, "+s.opts.node(n.config)+
			": give each one of its own (cluster.node), "+
			"and start both again")
	}
	for _, log := range [2]*cluster.Log{n.log.Load(), n.administration.Load()} {
		apart := log.Apart()
		for _, node := range slices.Sorted(maps.Keys(apart)) {
			all = append(all, fmt.Sprintf(
				"%s has done %s in another log than this node (it says in its log what to do): what it was asked "+
					"for may not be known here", node, plural.Of(apart[node].At.Seq, "act")))
		}
		if !n.caughtUp() || !log.Stale(s.opts.Now()) {
			continue
		}
		what := "what one may object to does not travel"
		if n.config.Stale.Then == "go_on" {
			what = "what one may object to travels all the same"
		}
		why := "cut off from the cluster since " + log.Fresh().UTC().Format(time.RFC3339)
		if len(apart) > 0 {
			why = "this node does not know what another one was asked for"
		}
		all = append(all, why+": "+what)
		if err := log.Err(); err != nil {
			all = append(all, err.Error())
		}
		break
	}
	if waiting, since := objection.ReplicaOf(s.objections).Untold(); waiting > 0 {
		all = append(all, fmt.Sprintf("%s to be told to the other nodes, the first since %s", plural.Of(waiting, "act")+" "+
			plural.Verb(waiting, "waits", "wait"),
			since.UTC().Format(time.RFC3339)))
	}
	all = append(all, n.effects.mentions()...)
	if servers := n.servers.Load(); servers != nil {
		all = append(all, *servers...)
	}
	return all
}

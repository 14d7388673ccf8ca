package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/proxy/cluster"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// Each minute one of the nodes puts a test objection on the log, which is nobody's
// ([objection.Replica.Probe]). Every node reports to that one when it is in force there; that one takes the
// time, by its own clock alone, and says it to all.

const (
	probeEvery    = time.Minute
	slowEffect    = time.Second // what people are told: on every node that is connected
	mostUnseen    = 60          // test objections, after which a node is forgotten that sees none
	mostEffects   = 256         // nodes
	probePatience = 10 * time.Second
)

// effects are how long test objections took until they were in force, by node.
type effects struct {
	node    string
	metrics *metrics.ClusterEffect

	mu    sync.Mutex
	asked time.Time          // when this node last saw one, its own or another's; zero: never
	by    map[string]*effect // node
	open  *openProbe         // of this node; nil: none
}

// effect is what is known of a node.
type effect struct {
	seconds float64 // of the last one; -1: it was not in force when the next one was asked for
	unseen  int     // in a row
}

// openProbe is a test objection that nodes report of.
type openProbe struct {
	sent time.Time
	seen map[string]bool
	end  func()
}

// toldEffect is what a node says to all of a test objection.
type toldEffect struct {
	Effect *effectOn `json:"effect"`
}

type effectOn struct {
	Node    string  `json:"node"`
	Seconds float64 `json:"seconds"` // -1: it was not in force there when the next one was asked for
}

func (e *effects) init(node string, m *metrics.ClusterEffect) {
	e.node, e.metrics, e.by = node, m, map[string]*effect{}
}

// hear takes what a node says.
func (e *effects) hear(what []byte) {
	var s toldEffect
	if json.Unmarshal(what, &s) != nil || s.Effect == nil || !cluster.IsNode(s.Effect.Node) || s.Effect.Seconds < -1 {
		return // of a version that says other things
	}
	node, seconds := s.Effect.Node, s.Effect.Seconds
	e.mu.Lock()
	defer e.mu.Unlock()
	of := e.by[node]
	if of == nil {
		if len(e.by) >= mostEffects {
			return
		}
		of = &effect{}
		e.by[node] = of
	}
	if of.seconds = seconds; seconds >= 0 {
		of.unseen = 0
		e.metrics.Took(node, seconds)
		return
	}
	if of.unseen++; of.unseen >= mostUnseen {
		delete(e.by, node)
		e.metrics.Forget(node)
		return
	}
	e.metrics.Unseen(node)
}

// on is how long the last one took on a node; nil: there was none.
func (e *effects) on(node string) *float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if of := e.by[node]; of != nil {
		seconds := of.seconds
		return &seconds
	}
	return nil
}

// mentions says where test objections take too long.
func (e *effects) mentions() (all []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, node := range slices.Sorted(maps.Keys(e.by)) {
		switch seconds := e.by[node].seconds; {
		case seconds < 0:
			all = append(all, fmt.Sprintf("the last test objection was not in force on %s within a minute", node))
		case seconds > slowEffect.Seconds():
			all = append(all, fmt.Sprintf("the last test objection was in force on %s after %.1f s", node, seconds))
		}
	}
	return all
}

// due tells whether a test objection is to be asked for now, and closes the one
// before: it returns who did not see that.
func (e *effects) due(now time.Time) (unseen []string, due bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if open := e.open; open != nil {
		open.end()
		e.open = nil
		for _, node := range slices.Sorted(maps.Keys(e.by)) {
			if !open.seen[node] {
				unseen = append(unseen, node)
			}
		}
	}
	recent := now.Sub(e.asked)
	return unseen, e.asked.IsZero() || recent < 0 || recent > probeEvery*3/4
}

// probe asks for a test objection, unless another node did so lately.
func (n *nodes) probe(ctx context.Context, store *objection.Store) {
	log, e := n.log.Load(), &n.effects
	unseen, due := e.due(n.now())
	for _, node := range unseen {
		n.say(log, effectOn{node, -1})
	}
	if !due || !n.caughtUp() {
		return
	}
	open := &openProbe{sent: n.now(), seen: map[string]bool{}}
	address, end, err := log.Listen(func(node []byte) { n.reported(log, open, string(node)) })
	if err != nil {
		return // the servers cannot be reached, which is said elsewhere
	}
	open.end = end
	e.mu.Lock()
	e.open, e.asked = open, open.sent
	e.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	_ = objection.ReplicaOf(store).Probe(ctx, address) // where it is not done in time the nodes do not report it
}

// reported is told that a node has it in force.
func (n *nodes) reported(log *cluster.Log, of *openProbe, node string) {
	took, e := n.now().Sub(of.sent), &n.effects
	e.mu.Lock()
	again := of.seen[node] || e.open != of || len(of.seen) >= mostEffects
	of.seen[node] = true
	e.mu.Unlock()
	if !again && cluster.IsNode(node) {
		n.say(log, effectOn{node, max(0, took.Seconds())})
	}
}

func (n *nodes) say(log *cluster.Log, of effectOn) {
	if text, err := json.Marshal(toldEffect{&of}); err == nil && log.Say(text) != nil {
		n.effects.hear(text) // nobody else hears of it
	}
}

// probed reports that a test objection is in force here, to the node that asked for it.
func (n *nodes) probed(to string) {
	if n == nil {
		return
	}
	n.effects.mu.Lock()
	n.effects.asked = n.now()
	n.effects.mu.Unlock()
	if log := n.log.Load(); log != nil && n.caughtUp() {
		_ = log.Send(to, []byte(n.effects.node)) // it is not seen then, and who asked says so
	}
}

package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Bounds of what nodes tell one another.
const (
	askLasts     = time.Second
	askForStream = 300 * time.Millisecond
	maxNodes     = 256
	maxAnswer    = 16 << 10
	maxSaid      = 1 << 10
)

// NodeStatus is what a node tells of itself. Nobody vouches for it but the node.
type NodeStatus struct {
	Node  string   // its name
	At    Position // how far it has come
	Stale bool     // whether it is stale, by its own clock
	Body  []byte   // of its [Options].Answer
}

// answer is a NodeStatus as it travels.
type answer struct {
	Node  string `json:"node"`
	At    string `json:"at"`
	Stale bool   `json:"stale"`
	Body  []byte `json:"body,omitempty"`
}

// Heard is a node's last heartbeat.
type Heard struct {
	At   time.Time // when it came, by the clock of who heard it
	Acts uint64    // how far its node had come
}

// heard are the last heartbeats of other nodes.
type heard struct {
	mu     sync.Mutex
	at     map[string]Heard // by the name of the node
	others map[string]Apart // likewise, of those that are in another log
}

// from notes that one of a node came. Of many nodes the one that was heard of longest ago is forgotten.
func (h *heard) from(node string, acts uint64, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.at == nil {
		h.at = map[string]Heard{}
	}
	delete(h.others, node) // who beats here is here
	if h.at[node] = (Heard{now, acts}); len(h.at) > maxNodes {
		delete(h.at, slices.MinFunc(slices.Collect(maps.Keys(h.at)), func(a, b string) int {
			return h.at[a].At.Compare(h.at[b].At)
		}))
	}
}

// Heard returns the last heartbeat of each other node since the log was opened, and of those whose heartbeats it found
// in the stream then. At most 256 nodes are remembered.
func (l *Log) Heard() map[string]Heard {
	l.heard.mu.Lock()
	defer l.heard.mu.Unlock()
	all := maps.Clone(l.heard.at)
	delete(all, l.o.Node)
	return all
}

// asking is a log as what asks other nodes, and answers them.
type asking struct{ *Log }

// answerNodes answers whoever asks for [Log.Nodes].
func (l asking) answerNodes() error {
	_, err := l.nc.Subscribe(l.names.nodes, func(m *nats.Msg) {
		if m.Reply == "" {
			if len(m.Data) <= maxSaid && !receiving(l).noticed(m.Data) && !l.hearApart(m.Data) {
				l.o.Hear(m.Data)
			}
			return
		}
		body := l.o.Answer()
		if len(body) > maxAnswer {
			body = nil
		}
		at := *l.applied.Load()
		if at.IsZero() { // it has seen a stream, though nothing in it
			l.mu.Lock()
			at = Position{Stream: l.head.at.Stream}
			l.mu.Unlock()
		}
		b, err := json.Marshal(answer{Node: l.o.Node, At: at.String(), Stale: l.Stale(l.o.Now()), Body: body})
		if err == nil {
			_ = m.Respond(b) // who does not hear it asks again
		}
	})
	return err
}

// parseAnswer reads what a node tells of itself.
func parseAnswer(b []byte) (NodeStatus, bool) {
	var a answer
	if len(b) > 2*maxAnswer || json.Unmarshal(b, &a) != nil || !nodePattern.MatchString(a.Node) ||
		len(a.Body) > maxAnswer {
		return NodeStatus{}, false
	}
	at, err := ParsePosition(a.At)
	return NodeStatus{Node: a.Node, At: at, Stale: a.Stale, Body: a.Body}, err == nil
}

// Nodes asks all nodes that are connected, this one included, how they are, and returns what came in up to a second,
// sorted by name. At most 256 answers are read.
func (l *Log) Nodes(ctx context.Context) ([]NodeStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, askLasts)
	defer cancel()
	return asking{l}.ask(ctx)
}

func (l asking) ask(ctx context.Context) ([]NodeStatus, error) {
	inbox := l.nc.NewRespInbox()
	sub, err := l.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, cannot("ask the nodes", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := sub.SetPendingLimits(maxNodes, maxNodes*maxAnswer); err != nil {
		return nil, cannot("ask the nodes", err)
	}
	if err := l.nc.PublishRequest(l.names.nodes, inbox, nil); err != nil {
		return nil, cannot("ask the nodes", err)
	}
	var found []NodeStatus
	for range maxNodes {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			break // time is over
		}
		if s, good := parseAnswer(m.Data); good {
			found = append(found, s)
			l.noteApart(s)
		}
	}
	slices.SortFunc(found, func(a, b NodeStatus) int { return cmp.Compare(a.Node, b.Node) })
	return found, nil
}

// elsewhere returns a node that has come some way in a stream, and which; "": none that answers.
func (l asking) elsewhere(ctx context.Context) (node, stream string) {
	ctx, cancel := context.WithTimeout(ctx, askForStream)
	defer cancel()
	nodes, err := l.ask(ctx)
	if err != nil {
		return "", ""
	}
	for _, n := range nodes {
		if !n.At.IsZero() {
			return n.Node, n.At.Stream
		}
	}
	return "", ""
}

// Say tells all nodes that are connected something of at most 1 KiB, this one included: their [Options].Hear. Who
// is not connected does not hear of it.
func (l *Log) Say(what []byte) error {
	if len(what) > maxSaid {
		return fmt.Errorf("%d bytes are said to the nodes: at most %d", len(what), maxSaid)
	}
	return l.nc.Publish(l.names.nodes, what)
}

// Listen returns an address that nodes can send something to ([Log.Send]), and what ends that. It is told what comes,
// by one goroutine, which it must not block.
func (l *Log) Listen(hear func([]byte)) (address string, end func(), err error) {
	address = l.nc.NewRespInbox()
	sub, err := l.nc.Subscribe(address, func(m *nats.Msg) {
		if len(m.Data) <= maxSaid {
			hear(m.Data)
		}
	})
	if err == nil {
		err = sub.SetPendingLimits(maxNodes, maxNodes*maxSaid)
	}
	if err != nil {
		return "", nil, cannot("listen to the nodes", err)
	}
	return address, func() { _ = sub.Unsubscribe() }, nil
}

var addressPattern = regexp.MustCompile(`^_INBOX\.[A-Za-z0-9_.-]{1,100}$`)

// Send sends something of at most 1 KiB to who listens at an address, if anybody does.
func (l *Log) Send(address string, what []byte) error {
	if !addressPattern.MatchString(address) || len(what) > maxSaid {
		return fmt.Errorf("%q is no address of a node that listens", address)
	}
	return l.nc.Publish(address, what)
}

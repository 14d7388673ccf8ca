package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
)

// Bounds of what nodes tell one another.
const (
	askLasts     = time.Second
	askForStream = 300 * time.Millisecond
	maxNodes     = 256
	maxAnswer    = 16 << 10
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

// asking is a log as what asks other nodes, and answers them.
type asking struct{ *Log }

// answerNodes answers whoever asks for [Log.Nodes].
func (l asking) answerNodes() error {
	_, err := l.nc.Subscribe(l.names.nodes, func(m *nats.Msg) {
		if m.Reply == "" {
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
	if len(b) > 2*maxAnswer || json.Unmarshal(b, &a) != nil || !nodePattern.MatchString(a.Node) || len(a.Body) > maxAnswer {
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

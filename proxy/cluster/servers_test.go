package cluster

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
)

// servers are three NATS servers of a test.
type servers struct {
	*natstest.Servers
	t testing.TB
}

// startServers starts a cluster of three and waits until JetStream has a leader.
func startServers(t testing.TB) *servers {
	t.Helper()
	return &servers{natstest.Start(t), t}
}

// start starts a server again on its folder.
func (c *servers) start(i int) {
	c.t.Helper()
	if err := c.Again(i); err != nil {
		c.t.Fatal(err)
	}
}

func (c *servers) stop(i int)               { c.Stop(i) }
func (c *servers) kill(i int)               { c.Kill(i) }
func (c *servers) isolate(i int, cut bool)  { c.Isolate(i, cut) }
func (c *servers) monitor(i int) string     { return c.Monitor(i) }
func (c *servers) clientAddr(i int) string  { return c.ClientAddr(i) }
func (c *servers) leader(stream string) int { return c.Leader(stream) }

// relays are addresses of servers for one node, through relays of its own.
func (c *servers) relays(t testing.TB, of ...int) (urls []string, relays []*relay) {
	t.Helper()
	return c.RelaysTo(t, of...)
}

// relay is what a test cuts, or has hold back what it is given.
type relay = natstest.Relay

// until waits for a condition.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	natstest.Until(t, what, holds)
}

// member is a node of a test's cluster, and what it was handed.
type member struct {
	*Log
	mu     sync.Mutex
	acts   []Act
	to     Position
	fails  error // of Apply
	events []Event
	relays []*relay
}

// join opens a log as a node of a test.
func join(t testing.TB, c *servers, node string, change func(*Options)) *member {
	t.Helper()
	m, err := tryJoin(t, c, node, change)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func tryJoin(t testing.TB, c *servers, node string, change func(*Options)) (*member, error) {
	t.Helper()
	m := &member{}
	o := Options{Name: "eu1", Node: node, Kind: "objections", Identity: "keys-1", Stale: 2 * time.Second,
		Wait:  20 * time.Second,
		Apply: m.apply, Note: m.note}
	o.URLs, m.relays = c.relays(t)
	if change != nil {
		change(&o)
	}
	m.to = o.At
	var err error
	if m.Log, err = Open(t.Context(), o); err != nil {
		return m, err
	}
	t.Cleanup(func() {
		_ = m.Close()
		if t.Failed() {
			m.mu.Lock()
			defer m.mu.Unlock()
			for _, e := range m.events[max(0, len(m.events)-30):] {
				t.Logf("%s: %s %s %v", node, e.What, e.Server, e.Err)
			}
			t.Logf("%s: %+v", node, m.Status())
		}
	})
	return m, nil
}

func (m *member) apply(acts []Act, to Position) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails != nil {
		return m.fails
	}
	for _, a := range acts {
		if want := m.to.Seq + 1; a.Seq != want {
			panic(fmt.Sprintf("act %d was applied instead of %d", a.Seq, want))
		}
		m.to.Seq = a.Seq
	}
	m.acts, m.to = append(m.acts, acts...), to
	return nil
}

func (m *member) note(e Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e)
}

func (m *member) has(n int) func() bool {
	return func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return len(m.acts) >= n
	}
}

func (m *member) applied() ([]Act, Position) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.acts), m.to
}

func (m *member) failWith(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fails = err
}

func (m *member) isFresh() bool { return !m.Stale(time.Now()) }

// id is an act's id in a test.
func id(n int) (id [16]byte) {
	copy(id[:], fmt.Sprintf("%016d", n))
	return id
}

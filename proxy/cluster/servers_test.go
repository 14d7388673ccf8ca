package cluster

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// servers are three NATS servers with JetStream, every write synced. Everything between them goes through relays, which
// tests cut.
type servers struct {
	t      testing.TB
	mu     sync.Mutex
	run    [3]*server.Server
	folder [3]string
	routes [3][3]*relay // from, to
}

// startServers starts a cluster of three and waits until JetStream has a leader.
func startServers(t testing.TB) *servers {
	t.Helper()
	c := &servers{t: t}
	for i := range 3 {
		c.folder[i] = t.TempDir()
		for j := range 3 {
			if i != j {
				c.routes[i][j] = newRelay(t, func() string { return c.routeAddr(j) })
			}
		}
	}
	for i := range 3 {
		c.start(i)
	}
	t.Cleanup(func() {
		for i := range 3 {
			c.stop(i)
		}
	})
	c.waitForLeader()
	return c
}

// clusterName is that of this process's servers: those of another one do not join them, whatever ports they find.
var clusterName = "test-" + strconv.FormatUint(rand.Uint64(), 36)

// start starts a server, or starts it again on its folder.
func (c *servers) start(i int) {
	c.t.Helper()
	o := &server.Options{
		ServerName: "s" + strconv.Itoa(i), Host: "127.0.0.1", Port: -1, HTTPHost: "127.0.0.1", HTTPPort: -1,
		NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: c.folder[i], SyncAlways: true, JetStreamMaxStore: 1 << 30, JetStreamMaxMemory: 64 << 20,
		DisableShortFirstPing: true,
		Cluster: server.ClusterOpts{Name: clusterName, Host: "127.0.0.1", Port: -1, NoAdvertise: true, Advertise: "127.0.0.1:1",
			PoolSize: -1, Compression: server.CompressionOpts{Mode: server.CompressionOff}},
	}
	for j := range 3 {
		if i != j {
			o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", Host: c.routes[i][j].addr()})
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		c.t.Fatal(err)
	}
	go s.Start()
	c.mu.Lock()
	c.run[i] = s
	c.mu.Unlock()
	if !s.ReadyForConnections(20 * time.Second) {
		c.t.Fatal("a server does not start")
	}
}

func (c *servers) at(i int) *server.Server {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.run[i]
}

// stop stops a server in good order.
func (c *servers) stop(i int) {
	c.mu.Lock()
	s := c.run[i]
	c.run[i] = nil
	c.mu.Unlock()
	if s != nil {
		s.Shutdown()
		s.WaitForShutdown()
	}
}

// isolate cuts a server off from the others, or connects it again.
func (c *servers) isolate(i int, cut bool) {
	for j := range 3 {
		if j != i {
			c.routes[i][j].cut(cut)
			c.routes[j][i].cut(cut)
		}
	}
}

// kill ends a server without a word to the others.
func (c *servers) kill(i int) {
	c.isolate(i, true)
	c.stop(i)
	c.isolate(i, false)
}

func (c *servers) routeAddr(i int) string {
	if s := c.at(i); s != nil && s.ClusterAddr() != nil {
		return s.ClusterAddr().String()
	}
	return ""
}

func (c *servers) clientAddr(i int) string {
	if s := c.at(i); s != nil && s.Addr() != nil {
		return s.Addr().String()
	}
	return ""
}

func (c *servers) monitor(i int) string {
	if s := c.at(i); s != nil && s.MonitorAddr() != nil {
		return "http://" + s.MonitorAddr().String()
	}
	return ""
}

func (c *servers) waitForLeader() {
	c.t.Helper()
	until(c.t, "a JetStream leader with three peers", func() bool {
		for i := range 3 {
			if s := c.at(i); s != nil && s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == 3 {
				return true
			}
		}
		return false
	})
}

// leader returns which server leads a stream; -1: none.
func (c *servers) leader(stream string) int {
	for i := range 3 {
		if s := c.at(i); s != nil && s.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, stream) {
			return i
		}
	}
	return -1
}

// urls are the servers' addresses for one node, each through a relay of its own.
func (c *servers) relays(t testing.TB, of ...int) (urls []string, relays []*relay) {
	if len(of) == 0 {
		of = []int{0, 1, 2}
	}
	for _, i := range of {
		r := newRelay(t, func() string { return c.clientAddr(i) })
		urls, relays = append(urls, "nats://"+r.addr()), append(relays, r)
	}
	return urls, relays
}

// relay passes TCP connections on, until it is cut, or until it holds back what it is given.
type relay struct {
	listener net.Listener
	to       func() string
	mu       sync.Mutex
	isCut    bool
	conns    []net.Conn
	held     [2]chan struct{} // bytes to the server, and from it; nil: they pass; closed: they pass again
}

func newRelay(t testing.TB, to func() string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: listener, to: to}
	go r.serve()
	t.Cleanup(func() { _ = listener.Close(); r.cut(true); r.hold() })
	return r
}

func (r *relay) addr() string { return r.listener.Addr().String() }

func (r *relay) serve() {
	for {
		in, err := r.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", r.to())
		if err != nil {
			_ = in.Close()
			continue
		}
		r.mu.Lock()
		if r.isCut {
			_, _ = in.Close(), out.Close()
		} else {
			r.conns = append(r.conns, in, out)
		}
		r.mu.Unlock()
		for way, pair := range [][2]net.Conn{{out, in}, {in, out}} {
			go func() {
				_, _ = io.Copy(pair[0], &held{pair[1], func() { r.wait(way) }})
				_, _ = pair[0].Close(), pair[1].Close()
			}()
		}
	}
}

// held is a connection whose bytes are handed on once wait returns.
type held struct {
	net.Conn
	wait func()
}

func (h *held) Read(b []byte) (int, error) {
	n, err := h.Conn.Read(b)
	h.wait()
	return n, err
}

// wait waits as long as bytes that go one way are held back.
func (r *relay) wait(way int) {
	r.mu.Lock()
	held := r.held[way]
	r.mu.Unlock()
	if held != nil {
		<-held
	}
}

// The ways of a relay.
const (
	toServer = iota
	fromServer
)

// hold holds back what goes these ways, as a network does that loses packets: nobody is told. Without any, all passes.
func (r *relay) hold(ways ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for way := range r.held {
		switch hold := slices.Contains(ways, way); {
		case hold && r.held[way] == nil:
			r.held[way] = make(chan struct{})
		case !hold && r.held[way] != nil:
			close(r.held[way])
			r.held[way] = nil
		}
	}
}

// cut ends all connections and refuses new ones, or lets them be made again.
func (r *relay) cut(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isCut = cut
	if cut {
		for _, c := range r.conns {
			_ = c.Close()
		}
		r.conns = slices.Delete(r.conns, 0, len(r.conns))
	}
}

// until waits for a condition.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	end := time.NewTimer(30 * time.Second)
	defer end.Stop()
	for tick := time.NewTicker(2 * time.Millisecond); !holds(); {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("waited in vain for: %s", what)
		}
	}
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
	o := Options{Name: "eu1", Node: node, Kind: "objections", Identity: "keys-1", Stale: 2 * time.Second, Wait: 20 * time.Second,
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

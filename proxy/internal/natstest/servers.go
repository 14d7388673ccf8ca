// Package natstest runs three NATS servers in a test's own process.
package natstest

import (
	"crypto/rand"
	"io"
	"net"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Servers are three NATS servers with JetStream, every write synced.
type Servers struct {
	t      testing.TB
	mu     sync.Mutex
	run    [3]*server.Server
	name   string // no other test's servers join these, whatever ports they find
	folder [3]string
	routes [3]string // addresses at which they find each other
	client [3]int    // ports
}

// Start starts them, and waits until JetStream has a leader.
func Start(t testing.TB) *Servers {
	t.Helper()
	c := &Servers{t: t, name: "test-" + rand.Text()}
	for i := range 3 {
		c.folder[i] = t.TempDir()
		c.client[i] = -1
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a port that is free
		if err != nil {
			t.Fatal(err)
		}
		c.routes[i] = l.Addr().String()
		_ = l.Close()
	}
	for i := range 3 {
		c.Start(i)
	}
	t.Cleanup(func() {
		for i := range 3 {
			c.Stop(i)
		}
	})
	Until(t, "a JetStream leader with three peers", func() bool {
		for i := range 3 {
			if s := c.at(i); s != nil && s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == 3 {
				return true
			}
		}
		return false
	})
	return c
}

// Start starts a server, or starts it again on its folder and at its address.
func (c *Servers) Start(i int) {
	c.t.Helper()
	_, port, _ := net.SplitHostPort(c.routes[i])
	routed, _ := strconv.Atoi(port)
	o := &server.Options{
		ServerName: "s" + strconv.Itoa(i), Host: "127.0.0.1", Port: c.client[i], NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: c.folder[i], SyncAlways: true, JetStreamMaxStore: 1 << 30, JetStreamMaxMemory: 64 << 20,
		Cluster: server.ClusterOpts{Name: c.name, Host: "127.0.0.1", Port: routed, NoAdvertise: true, PoolSize: -1,
			Compression: server.CompressionOpts{Mode: server.CompressionOff}},
	}
	for j := range 3 {
		if i != j {
			o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", Host: c.routes[j]})
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		c.t.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		c.t.Fatal("a server does not start")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.run[i] = s
	c.client[i] = s.Addr().(*net.TCPAddr).Port
}

func (c *Servers) at(i int) *server.Server {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.run[i]
}

// Stop stops a server in good order.
func (c *Servers) Stop(i int) {
	c.mu.Lock()
	s := c.run[i]
	c.run[i] = nil
	c.mu.Unlock()
	if s != nil {
		s.Shutdown()
		s.WaitForShutdown()
	}
}

// URLs are their addresses.
func (c *Servers) URLs() (all []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, port := range c.client {
		all = append(all, "nats://127.0.0.1:"+strconv.Itoa(port))
	}
	return all
}

// Relays are addresses of them for one node, through relays that can be cut.
func (c *Servers) Relays(t testing.TB) (urls []string, cut func(bool)) {
	var all []*relay
	for _, to := range c.URLs() {
		r := newRelay(t, to[len("nats://"):])
		all, urls = append(all, r), append(urls, "nats://"+r.listener.Addr().String())
	}
	return urls, func(is bool) {
		for _, r := range all {
			r.cut(is)
		}
	}
}

// relay passes TCP connections on, until it is cut.
type relay struct {
	listener net.Listener
	to       string
	mu       sync.Mutex
	isCut    bool
	conns    []net.Conn
}

func newRelay(t testing.TB, to string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // of a test
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: listener, to: to}
	go r.serve()
	t.Cleanup(func() { _ = listener.Close(); r.cut(true) })
	return r
}

func (r *relay) serve() {
	for {
		in, err := r.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", r.to) //nolint:noctx // of a test
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
		for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
			go func() {
				_, _ = io.Copy(pair[0], pair[1])
				_, _ = pair[0].Close(), pair[1].Close()
			}()
		}
	}
}

func (r *relay) cut(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isCut = cut; cut {
		for _, c := range r.conns {
			_ = c.Close()
		}
		r.conns = nil
	}
}

// Until waits for a condition.
func Until(t testing.TB, what string, holds func() bool) {
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

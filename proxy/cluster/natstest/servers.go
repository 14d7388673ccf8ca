// Package natstest runs three NATS servers in a test's own process. Everything between them goes through relays, which
// tests cut.
package natstest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Servers are three NATS servers with JetStream, every write synced. One that was stopped
// comes back on its folder, at its address.
type Servers struct {
	mu      sync.Mutex
	run     [3]*server.Server
	options [3]*server.Options
	routes  [3][3]*Relay // from, to; nil: none
}

// Start starts them for a test, and waits until JetStream has a leader. They end with it.
func Start(t testing.TB) *Servers {
	t.Helper()
	c := new(Servers)
	folder := t.TempDir() // one of its own with each call
	t.Cleanup(c.End)
	if err := c.Begin(folder, nil); err != nil {
		t.Fatal(err)
	}
	return c
}

// Begin starts them below a folder, and waits until they have chosen a leader. Each may be changed before it starts.
func (c *Servers) Begin(folder string, change func(*server.Options)) error {
	for i := range 3 {
		for j := range 3 {
			if i == j {
				continue
			}
			r, err := NewRelay(func() string { return c.routeAddr(j) })
			if err != nil {
				return err
			}
			c.routes[i][j] = r
		}
	}
	name := "test-" + rand.Text() // no other test's servers join these, whatever ports they find
	for i := range 3 {
		o := &server.Options{
			ServerName: "n" + strconv.Itoa(i+1), Host: "127.0.0.1", Port: -1, HTTPHost: "127.0.0.1", HTTPPort: -1,
			NoSigs: true, NoLog: true, JetStream: true, StoreDir: fmt.Sprintf("%s/n%d", folder, i+1), SyncAlways: true,
			JetStreamMaxStore: 1 << 30, JetStreamMaxMemory: 64 << 20, DisableShortFirstPing: true,
			Cluster: server.ClusterOpts{Name: name, Host: "127.0.0.1", Port: -1, NoAdvertise: true, Advertise: "127.0.0.1:1",
				PoolSize: -1, Compression: server.CompressionOpts{Mode: server.CompressionOff}},
		}
		for j := range 3 {
			if i != j {
				o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", Host: c.routes[i][j].Addr()})
			}
		}
		if change != nil {
			change(o)
		}
		if err := c.Run(i, o); err != nil {
			return err
		}
	}
	return c.led()
}

// led waits until JetStream has a leader with three peers.
func (c *Servers) led() error {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		for i := range 3 {
			if s := c.At(i); s != nil && s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == 3 {
				return nil
			}
		}
	}
	return errors.New("the NATS servers choose no leader")
}

// Run starts a server with options of the caller's.
func (c *Servers) Run(i int, o *server.Options) error {
	c.mu.Lock()
	c.options[i] = o
	c.mu.Unlock()
	return c.Again(i)
}

// Again starts a server, for the first time or on the folder that it has.
func (c *Servers) Again(i int) error {
	c.mu.Lock()
	o := c.options[i]
	c.mu.Unlock()
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	go s.Start()
	c.mu.Lock()
	c.run[i] = s // others find it while it starts
	c.mu.Unlock()
	if !s.ReadyForConnections(30 * time.Second) {
		return errors.New("a NATS server does not start")
	}
	o.Port = s.Addr().(*net.TCPAddr).Port // it comes back where it was
	if o.HTTPPort != 0 {
		o.HTTPPort = s.MonitorAddr().Port
	}
	return nil
}

// At is a server; nil: it does not run.
func (c *Servers) At(i int) *server.Server {
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

// Lose has all of them lose what they hold, and waits until they have chosen a leader again.
func (c *Servers) Lose() error {
	for i := range 3 {
		c.Stop(i)
	}
	for i := range 3 {
		if err := os.RemoveAll(c.options[i].StoreDir); err != nil {
			return err
		}
	}
	for i := range 3 {
		if err := c.Again(i); err != nil {
			return err
		}
	}
	return c.led()
}

// End stops all.
func (c *Servers) End() {
	for i := range 3 {
		c.Stop(i)
	}
	for i := range 3 {
		for _, r := range c.routes[i] {
			if r != nil {
				r.End()
			}
		}
	}
}

// Isolate cuts a server off from the others, or connects it again.
func (c *Servers) Isolate(i int, cut bool) {
	for j := range 3 {
		if j != i {
			c.routes[i][j].Cut(cut)
			c.routes[j][i].Cut(cut)
		}
	}
}

// Kill ends a server without a word to the others.
func (c *Servers) Kill(i int) {
	c.Isolate(i, true)
	c.Stop(i)
	c.Isolate(i, false)
}

// Leader is the server that leads a stream; -1: none does.
func (c *Servers) Leader(stream string) int {
	for i := range 3 {
		if s := c.At(i); s != nil && s.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, stream) {
			return i
		}
	}
	return -1
}

func (c *Servers) routeAddr(i int) string {
	if s := c.At(i); s != nil && s.ClusterAddr() != nil {
		return s.ClusterAddr().String()
	}
	return ""
}

// ClientAddr is where clients reach a server; "": it does not run.
func (c *Servers) ClientAddr(i int) string {
	if s := c.At(i); s != nil && s.Addr() != nil {
		return s.Addr().String()
	}
	return ""
}

// Monitor is the URL of its monitoring endpoint; "": it does not run.
func (c *Servers) Monitor(i int) string {
	if s := c.At(i); s != nil && s.MonitorAddr() != nil {
		return "http://" + s.MonitorAddr().String()
	}
	return ""
}

// URLs are their addresses, of those as well that do not run now.
func (c *Servers) URLs() (all []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.options {
		all = append(all, "nats://127.0.0.1:"+strconv.Itoa(o.Port))
	}
	return all
}

// RelaysTo are addresses of some of them for one node, through relays of its own; of none in particular: of all.
func (c *Servers) RelaysTo(t testing.TB, of ...int) (urls []string, relays []*Relay) {
	t.Helper()
	if len(of) == 0 {
		of = []int{0, 1, 2}
	}
	for _, i := range of {
		r, err := NewRelay(func() string { return c.ClientAddr(i) })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.End)
		urls, relays = append(urls, "nats://"+r.Addr()), append(relays, r)
	}
	return urls, relays
}

// Relays are addresses of all of them for one node, and what cuts it off.
func (c *Servers) Relays(t testing.TB) (urls []string, cut func(bool)) {
	t.Helper()
	urls, relays := c.RelaysTo(t)
	return urls, func(is bool) {
		for _, r := range relays {
			r.Cut(is)
		}
	}
}

// Until waits for a condition.
func Until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	end := time.NewTimer(time.Minute) // on a busy machine, too
	defer end.Stop()
	for tick := time.NewTicker(2 * time.Millisecond); !holds(); {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

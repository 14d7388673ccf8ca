package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rogpeppe/go-internal/testscript"
)

// natsServers are three NATS servers with JetStream in this process, which sync every write. A server that was stopped comes
// back on its folder, at its address.
type natsServers struct {
	run     [3]*server.Server
	options [3]*server.Options
}

// start starts them and waits until they have chosen a leader. Each may be changed before it starts.
func (n *natsServers) start(folder string, change func(*server.Options)) error {
	var routes []*url.URL
	name := "test-" + strconv.FormatUint(rand.Uint64(), 36) // no other test's servers join these
	for range n.options {
		port, err := freePort()
		if err != nil {
			return err
		}
		routes = append(routes, &url.URL{Scheme: "nats-route", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))})
	}
	for i := range n.options {
		port, _ := strconv.Atoi(routes[i].Port())
		o := &server.Options{
			ServerName: "n" + strconv.Itoa(i+1), Host: "127.0.0.1", Port: -1, HTTPHost: "127.0.0.1", HTTPPort: -1,
			NoSigs: true, NoLog: true, JetStream: true, StoreDir: fmt.Sprintf("%s/n%d", folder, i+1), SyncAlways: true,
			JetStreamMaxStore: 1 << 30, JetStreamMaxMemory: 64 << 20,
			Cluster: server.ClusterOpts{Name: name, Host: "127.0.0.1", Port: port}, Routes: routes,
		}
		if change != nil {
			change(o)
		}
		n.options[i] = o
		if err := n.again(i); err != nil {
			return err
		}
	}
	return n.wait()
}

// wait waits until they have chosen a leader.
func (n *natsServers) wait() error {
	for deadline := time.Now().Add(30 * time.Second); ; {
		for _, s := range n.run {
			if s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == len(n.run) {
				return nil
			}
		}
		if time.Now().After(deadline) {
			return errors.New("the NATS servers choose no leader")
		}
	}
}

// freePort is a port at which nobody listens. It is none of those that the kernel gives away, so that it stays free.
func freePort() (int, error) {
	for range 100 {
		port := 10000 + rand.IntN(20000)
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no port is free")
}

// again starts a server, for the first time or on the folder that it has.
func (n *natsServers) again(i int) error {
	s, err := server.NewServer(n.options[i])
	if err != nil {
		return err
	}
	go s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		return errors.New("a NATS server does not start")
	}
	n.run[i] = s
	o := n.options[i] // it comes back where it was
	o.Port = s.Addr().(*net.TCPAddr).Port
	if o.HTTPPort != 0 {
		o.HTTPPort = s.MonitorAddr().Port
	}
	return nil
}

func (n *natsServers) stop(i int) {
	if s := n.run[i]; s != nil {
		s.Shutdown()
		s.WaitForShutdown()
		n.run[i] = nil
	}
}

func (n *natsServers) stopAll() {
	for i := range n.run {
		n.stop(i)
	}
}

// lose has all of them lose what they hold.
func (n *natsServers) lose() error {
	n.stopAll()
	for i := range n.options {
		if err := os.RemoveAll(n.options[i].StoreDir); err != nil {
			return err
		}
	}
	for i := range n.options {
		if err := n.again(i); err != nil {
			return err
		}
	}
	return n.wait()
}

// addresses are theirs as a server file names them: a list in YAML, without its brackets.
func (n *natsServers) addresses(scheme string, of func(*server.Server) net.Addr) string {
	var all []string
	for _, s := range n.run {
		all = append(all, fmt.Sprintf("'%s://%s'", scheme, of(s)))
	}
	return strings.Join(all, ", ")
}

// natsKey is under which a script finds its servers.
type natsKey struct{}

// natsCommand has a script start three NATS servers, with TLS and credentials or without ([secured]), and stop one of them or start it again. NATS and MONITOR are their addresses.
func natsCommand(ts *testscript.TestScript, neg bool, args []string) {
	n := ts.Value(natsKey{}).(*natsServers)
	number := 0
	if len(args) == 2 {
		number, _ = strconv.Atoi(args[1])
	}
	switch {
	case !neg && len(args) == 1 && (args[0] == "start" || args[0] == "secure"):
		ts.Defer(n.stopAll)
		ts.Defer(func() { killLeft(ts.MkAbs(".")) })
		var change func(*server.Options)
		schemes := []string{"nats", "http"}
		if args[0] == "secure" {
			var err error
			change, err = secured(ts.MkAbs("."))
			ts.Check(err)
			schemes = []string{"tls", "https"}
		}
		ts.Check(n.start(ts.MkAbs("servers"), change))
		ts.Setenv("NATS", n.addresses(schemes[0], func(s *server.Server) net.Addr { return s.Addr() }))
		ts.Setenv("MONITOR", n.addresses(schemes[1], func(s *server.Server) net.Addr { return s.MonitorAddr() }))
	case !neg && len(args) == 1 && args[0] == "lose":
		ts.Check(n.lose())
	case !neg && 1 <= number && number <= len(n.run) && args[0] == "stop":
		n.stop(number - 1)
	case !neg && 1 <= number && number <= len(n.run) && args[0] == "again":
		ts.Check(n.again(number - 1))
	default:
		ts.Fatalf("usage: nats start | secure | lose | stop N | again N")
	}
}

// killLeft kills the servers whose process ids the folder's *.pid hold: where a script fails they would go on.
func killLeft(folder string) {
	files, _ := filepath.Glob(filepath.Join(folder, "*.pid"))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

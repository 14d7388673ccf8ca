package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
)

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

// addresses are servers' as a server file names them: a list in YAML, without its brackets.
func addresses(n *natstest.Servers, scheme string, of func(*server.Server) net.Addr) string {
	var all []string
	for i := range 3 {
		all = append(all, fmt.Sprintf("'%s://%s'", scheme, of(n.At(i))))
	}
	return strings.Join(all, ", ")
}

// natsKey is under which a script finds its servers.
type natsKey struct{}

// natsCommand has a script start three NATS servers, with TLS and credentials or without ([secured]), and stop one of
// them or start it again. NATS and MONITOR are their addresses.
func natsCommand(ts *testscript.TestScript, neg bool, args []string) {
	n := ts.Value(natsKey{}).(*natstest.Servers)
	number := 0
	if len(args) == 2 {
		number, _ = strconv.Atoi(args[1])
	}
	switch {
	case !neg && len(args) == 1 && (args[0] == "start" || args[0] == "secure"):
		ts.Defer(n.End)
		ts.Defer(func() { killLeft(ts.MkAbs(".")) })
		var change func(*server.Options)
		schemes := []string{"nats", "http"}
		if args[0] == "secure" {
			var err error
			change, err = secured(ts.MkAbs("."))
			ts.Check(err)
			schemes = []string{"tls", "https"}
		}
		ts.Check(n.Begin(ts.MkAbs("servers"), change))
		ts.Setenv("NATS", addresses(n, schemes[0], func(s *server.Server) net.Addr { return s.Addr() }))
		ts.Setenv("MONITOR", addresses(n, schemes[1], func(s *server.Server) net.Addr { return s.MonitorAddr() }))
	case !neg && len(args) == 1 && args[0] == "lose":
		ts.Check(n.Lose())
	case !neg && 1 <= number && number <= 3 && args[0] == "stop":
		n.Stop(number - 1)
	case !neg && 1 <= number && number <= 3 && args[0] == "again":
		ts.Check(n.Again(number - 1))
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

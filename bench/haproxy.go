package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// haproxyConfig is HAProxy as a reverse proxy, its defaults as Debian has them: each request is told to the system's
// log, a datagram each; one thread; connections kept alive on both sides and shared by clients.
const haproxyConfig = `
global
  log DIR/log local0
  maxconn 4096
  nbthread 1
defaults
  log global
  mode http
  option httplog
  option dontlognull
  timeout connect 5000
  timeout client 50000
  timeout server 50000
frontend hits
  bind LISTEN
  default_backend sink
backend sink
  http-reuse always
  server sink UPSTREAM
`

// startHAProxy starts HAProxy, or says that there is none here ([errMissing]).
func startHAProxy(ctx context.Context, started *processes, dir, upstream string) (*process, string, error) {
	program, err := programOf("haproxy", "haproxy")
	if err != nil {
		return nil, "", err
	}
	dir = filepath.Join(dir, "haproxy")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, "", err
	}
	if err := drainLog(ctx, filepath.Join(dir, "log")); err != nil {
		return nil, "", err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	text := strings.NewReplacer("DIR", dir, "UPSTREAM", upstream, "LISTEN", address).Replace(haproxyConfig)
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, "", err
	}
	p, err := started.start(ctx, program, "-db", "-f", file)
	if err != nil {
		return nil, "", err
	}
	return p, address, p.listens(ctx, address)
}

// drainLog stands in for the system's log: it takes what comes, until the run is over.
func drainLog(ctx context.Context, name string) error {
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	go func() {
		room := make([]byte, 64<<10)
		for {
			if _, err := l.Read(room); errors.Is(err, net.ErrClosed) {
				return
			}
		}
	}()
	return nil
}

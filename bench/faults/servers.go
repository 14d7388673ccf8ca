package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// servers are three NATS servers.
type servers struct {
	all    [3]*natsServer
	routes [3][3]*relay // from, to
	stream string       // whose leader counts: how its name ends
}

type natsServer struct {
	process
	id                       string // its name
	client, cluster, monitor string // addresses
	store                    string
	mounted                  bool // the store is a small file system of its own
}

const smallMiB = 48 // of the small disk

// freeAddr is an address on loopback that nobody has now, and nobody gets who asks for any: those have higher ports.
func freeAddr() (string, error) {
	for range 100 {
		at := fmt.Sprint("127.0.0.1:", 12_000+rand.IntN(18_000)) //nolint:gosec // any will do
		l, err := net.Listen("tcp", at)
		if err == nil {
			return at, l.Close()
		}
	}
	return "", errors.New("no port of loopback is free")
}

// newServers lays three servers out. The third one's disk is small, where this process may mount one.
func newServers(s *starter, o *options, dir, trust string) (*servers, error) {
	c := &servers{stream: "_objections"}
	for i := range c.all {
		n := &natsServer{id: fmt.Sprint("s", i), store: filepath.Join(dir, fmt.Sprint("nats", i))}
		for _, at := range []*string{&n.client, &n.cluster, &n.monitor} {
			var err error
			if *at, err = freeAddr(); err != nil {
				return nil, err
			}
		}
		c.all[i] = n
	}
	for i, n := range c.all {
		var routes []string
		for j, to := range c.all {
			if i == j {
				continue
			}
			r, err := newRelay(to.cluster)
			if err != nil {
				return nil, err
			}
			c.routes[i][j] = r
			routes = append(routes, "nats://"+r.addr())
		}
		if err := os.MkdirAll(n.store, 0o700); err != nil {
			return nil, err
		}
		if i == 2 {
			n.mounted = syscall.Mount("tmpfs", n.store, "tmpfs", 0, fmt.Sprintf("size=%dm", smallMiB)) == nil
		}
		config := filepath.Join(dir, fmt.Sprintf("nats%d.conf", i))
		text := fmt.Sprintf(`server_name: s%d
listen: %q
http: %q
jetstream { store_dir: %q, sync_interval: always, max_file_store: 1GB, max_memory_store: 64MB }
cluster { name: faults, listen: %q, no_advertise: true, pool_size: -1, routes: [%s] }
%s`, i, n.client, n.monitor, n.store, n.cluster, strings.Join(routes, ", "), trust)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			return nil, err
		}
		n.process = process{starter: s, name: fmt.Sprint("nats-server ", i), command: []string{o.nats, "-c", config},
			log: filepath.Join(dir, fmt.Sprintf("nats%d.log", i)), env: []string{"GOMAXPROCS=2",
				fmt.Sprintf("FAULTS_CLOCK_SECONDS=%d", int(o.skew.Seconds())*[3]int{1, -1, 0}[i])}}
		if err := n.start(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// isolate cuts a server off from the others, or connects it again.
func (c *servers) isolate(i int, cut bool) {
	for j := range c.all {
		if j != i {
			c.routes[i][j].cut(cut)
			c.routes[j][i].cut(cut)
		}
	}
}

// leader is which server leads the stream of objections, as two say at least; it waits for that. -1: none.
func (c *servers) leader() (leads int) {
	_ = until(20*time.Second, "a leader", func() bool {
		votes := map[string]int{}
		for _, n := range c.all {
			votes[n.leader(c.stream)]++
		}
		leads = slices.IndexFunc(c.all[:], func(n *natsServer) bool { return votes[n.id] >= 2 })
		return leads >= 0
	})
	return leads
}

// leader is who leads, as this server says.
func (n *natsServer) leader(of string) string {
	var answer struct {
		Accounts []struct {
			Streams []struct {
				Name    string `json:"name"`
				Cluster struct {
					Leader string `json:"leader"`
				} `json:"cluster"`
			} `json:"stream_detail"`
		} `json:"account_details"`
	}
	if getJSON("http://"+n.monitor+"/jsz?accounts=true&streams=true", &answer) != nil {
		return ""
	}
	for _, a := range answer.Accounts {
		for _, s := range a.Streams {
			if strings.HasSuffix(s.Name, of) {
				return s.Cluster.Leader
			}
		}
	}
	return ""
}

// follower is a server that does not lead; not the one with the small disk, where there is another.
func (c *servers) follower() int {
	if c.leader() == 0 {
		return 1
	}
	return 0
}

// fill fills the small disk; false: there is none.
func (c *servers) fill() (free func(), is bool) {
	n := c.all[2]
	if !n.mounted {
		return nil, false
	}
	name := filepath.Join(n.store, "filler")
	f, err := os.OpenFile(filepath.Clean(name), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, false
	}
	for chunk := make([]byte, 64<<10); len(chunk) > 0; {
		if _, err := f.Write(chunk); err != nil {
			chunk = chunk[:len(chunk)/2]
		}
	}
	_ = f.Close()
	return func() { _ = os.Remove(name) }, true
}

func (c *servers) end() {
	for _, n := range c.all {
		if n == nil {
			continue
		}
		n.kill()
		if n.mounted {
			_ = syscall.Unmount(n.store, syscall.MNT_DETACH)
		}
	}
	for i := range c.routes {
		for _, r := range c.routes[i] {
			if r != nil {
				r.end()
			}
		}
	}
}

var asker = &http.Client{Timeout: 2 * time.Second}

func getJSON(url string, into any) error {
	r, err := asker.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = r.Body.Close() }()
	return json.NewDecoder(r.Body).Decode(into)
}

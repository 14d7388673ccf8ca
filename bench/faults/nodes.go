package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// node is a tagwarden.
type node struct {
	process
	file        string // server file
	hits, admin string // addresses
	relays      []*relay
}

const policyText = `purposes:
  audience: { title: Measure the audience of our pages, categories: [analytics], gpc: ignore, us: [sale] }
`

const activitiesText = `activities:
  - { id: measure, vendor: ga4, purposes: [audience], basis: opt_out, regions: [US], retention: 14 months, profile: standard, events: ["*"] }
  - { id: collect, vendor: segment, purposes: [audience], basis: opt_out, regions: [US], retention: 14 months, profile: standard, events: ["*"] }
`

const profilesText = `profiles:
  standard:
    classes: { event_name: keep, client_id: { pseudonymise: { rotate: day } } }
`

// newNode lays a node out; relays lead to the servers, one each.
func newNode(s *starter, o *options, dir, name, creds string, c *servers, clock time.Duration) (*node, error) {
	n := &node{file: filepath.Join(dir, name, "tagwarden.yaml")}
	var urls, monitors []string
	var err error
	for _, at := range []*string{&n.hits, &n.admin} {
		if *at, err = freeAddr(); err != nil {
			return nil, err
		}
	}
	for _, to := range c.all {
		r, err := newRelay(to.client)
		if err != nil {
			return nil, err
		}
		n.relays = append(n.relays, r)
		urls = append(urls, fmt.Sprintf("%q", "nats://"+r.addr()))
		monitors = append(monitors, fmt.Sprintf("%q", "http://"+to.monitor))
	}
	files := map[string]string{
		"tagwarden.yaml": fmt.Sprintf(`version: 1
listen: %s
admin: { listen: %s }
data: ./data
policy: ./policy
keys: { root: ./root.key }
sites:
  shop: { hosts: [shop.example], base: /t, origins: ["https://shop.example"], region: { default: US }, signals: { gpc: {} } }
vendors:
  ga4: { catalog: ga4, upstream: %q, private: true, concurrency: 64 }
  segment: { catalog: segment, upstreams: { api: %q, settings: %q }, private: true }
%scluster: { name: faults, node: %s, nats: [%s], creds: %q, monitor: [%s], stale: { after: %s } }
`, n.hits, n.admin, "http://"+o.sink, "http://"+o.sink, "http://"+o.sink, o.delivery(), name, strings.Join(urls, ", "), creds, strings.Join(monitors, ", "), o.stale),
		"policy/purposes.yaml": policyText, "policy/activities.yaml": activitiesText, "policy/profiles.yaml": profilesText,
		"root.key": rootKey(name == "stranger"),
	}
	for file, text := range files {
		path := filepath.Join(filepath.Dir(n.file), file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	n.process = process{
		starter: s, name: "node " + name, command: []string{o.tagwarden, "serve", "--config", n.file},
		log: filepath.Join(dir, name+".log"), env: []string{"GOMAXPROCS=2", "TAGWARDEN_FAULTS_CLOCK=" + clock.String(),
			"TAGWARDEN_FAULTS_SILENCE=" + silence.String()},
	}
	return n, nil
}

// delivery is what server files say of it.
func (o *options) delivery() string {
	if !o.queue {
		return ""
	}
	return "delivery: { mode: queued, retry: { first: 50ms, most: 2s }, queue: { on: cluster, size: 24MiB } }\n"
}

// silence is after how long others are handed what a silent node had taken.
const silence = 3 * time.Second

// rootKey is a root secret of a run: that of all nodes, or another one.
func rootKey(other bool) string {
	if other {
		return strings.Repeat("g", 43) + "=\n"
	}
	return strings.Repeat("Q", 43) + "=\n"
}

// verb runs a verb of tagwarden on the node's server file.
func (n *node) verb(args ...string) (string, error) {
	args = append(args, "--config", n.file)
	cmd := exec.Command(n.command[0], args...)
	cmd.Env = append(os.Environ(), n.env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s of %s: %w: %s", strings.Join(args, " "), n.name, err, out)
	}
	return string(out), nil
}

// get asks the node's admin listener.
func (n *node) get(path string) (int, string, error) {
	r, err := asker.Get("http://" + n.admin + path)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	return r.StatusCode, string(b), err
}

// isReady says whether the node takes hits, is current, and has told all that it was asked for.
func (n *node) isReady() bool {
	status, _, err := n.get("/readyz")
	if err != nil || status != http.StatusOK {
		return false
	}
	_, metrics, err := n.get("/metrics")
	return err == nil && strings.Contains(metrics, "\ntagwarden_cluster_stale 0\n") &&
		strings.Contains(metrics, "\ntagwarden_cluster_untold_acts 0\n")
}

// until waits until something is so.
func until(most time.Duration, what string, is func() bool) error {
	for end := time.Now().Add(most); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("in " + most.String() + " it never came to that: " + what)
		}
	}
	return nil
}

func (n *node) end() {
	n.kill()
	for _, r := range n.relays {
		r.end()
	}
}

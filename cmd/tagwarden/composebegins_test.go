package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestComposeBegins runs docker/cluster/begin.sh as somebody would who has docker, with the files that it
// has there: three NATS servers, two nodes, and nginx where there is one. A hit gets through to each node,
// an objection of one holds on the other.
func TestComposeBegins(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cluster")
	if err := os.CopyFS(folder, os.DirFS(composeFolder)); err != nil {
		t.Fatal(err)
	}
	m := newMachines(t, folder)
	docker := httptest.NewServer(m)
	defer docker.Close()
	begin := func() (string, error) {
		c := exec.Command("sh", filepath.Join(folder, "begin.sh"))
		c.Env = append(os.Environ(), "TAGWARDEN=tagwarden", "COMPOSE=compose", "COMPOSE_AT="+docker.URL)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	out, err := begin()
	if err != nil || t.Failed() {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"\ncluster eu1, asked at node1: 2 nodes\n", "\nnode1  yes ", "\nnode2  yes "} {
		if !strings.Contains(out, want) || strings.Contains(out, "look at") {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	for _, name := range []string{"node1/root.key", "node1/approver.key", "copy/node1", "node2/root.key",
		"node2/approver.key"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
			t.Errorf("%s lies where a server can read it", name)
		}
	}
	if out, err := begin(); err == nil || !strings.Contains(out, "node1 is there already") {
		t.Errorf("begun twice: %v\n%s", err, out)
	}
	if out, err := exec.Command("tagwarden", "check", "--config", filepath.Join(folder, "node1",
		"node1-here-tagwarden.yaml")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for range 4 { // in turn
		response, err := http.Get("http://" + m.at["web:80"] +
			"/t/g/collect?v=2&tid=G-1&cid=1234567890.1700000001&en=page_view")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusNoContent && response.StatusCode != http.StatusOK {
			t.Errorf("a hit is answered with %d", response.StatusCode)
		}
	}
	if m.nodes["web"] != nil {
		for _, node := range []string{"node1", "node2"} {
			out, err := exec.Command("tagwarden", "logs", "search", "--dir", filepath.Join(folder, node, "data", "ledger"),
				"--where", "kind=event").CombinedOutput()
			if err != nil || !strings.Contains(string(out), "page_view") {
				t.Errorf("nginx passes nothing on to %s: %v\n%s", node, err, out)
			}
		}
		logged, err := os.ReadFile(filepath.Join(folder, "logs", "access.log"))
		if err != nil || !strings.Contains(string(logged), " 204 ") || strings.Contains(string(logged), "1234567890") ||
			strings.Contains(string(logged), "127.0.0.1") {
			t.Errorf("nginx wrote down %s, %v", logged, err)
		}
	}
}

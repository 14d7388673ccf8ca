package proxy_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// threeNodes are nodes of one cluster that take hits.
func threeNodes(t *testing.T, n *natsServer, v *vendor) (all []*running) {
	t.Helper()
	for _, name := range []string{"a", "b", "c"} {
		all = append(all, start(t, nodeFolder(t, v.URL, n, name, "")))
	}
	for _, r := range all {
		r.ready(t)
	}
	return all
}

// opens tells whether a token opens what the role operator does.
func (r *running) opens(t *testing.T, token string) bool {
	t.Helper()
	status, body := r.as(t, token, "/api/v1/cluster")
	if status != http.StatusOK && status != http.StatusUnauthorized && status != http.StatusTooManyRequests {
		t.Fatalf("%d %s", status, body)
	}
	return status == http.StatusOK
}

// inFile are the names in a node's file of tokens.
func (r *running) inFile(t *testing.T) (names []string) {
	t.Helper()
	for _, one := range gjson.Get(read(t, r.tokensFile()), "tokens.#.name").Array() {
		names = append(names, one.Str)
	}
	return names
}

func (r *running) tokensFile() string {
	return filepath.Join(filepath.Dir(r.file), "data", access.TokensFile)
}

// editTokens changes a file of tokens by hand.
func editTokens(t *testing.T, path string, change func(tokens []map[string]any) []map[string]any) {
	t.Helper()
	var file struct {
		Version int              `json:"version"`
		Tokens  []map[string]any `json:"tokens"`
	}
	if err := json.Unmarshal([]byte(read(t, path)), &file); err != nil {
		t.Fatal(err)
	}
	file.Tokens = change(file.Tokens)
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(text))
}

// TestNodesShareTokens: what one node makes or takes back is so on all, in each one's log and file; one that is cut off
// goes on with those it knows, takes them back for itself, and makes none.
func TestNodesShareTokens(t *testing.T) {
	t.Parallel()
	n, v := startNATS(t), startVendor(t)
	nodes := threeNodes(t, n, v)
	a, b, c := nodes[0], nodes[1], nodes[2]
	everywhere := func(what, token string, want bool) {
		t.Helper()
		for i, r := range nodes {
			until(t, fmt.Sprintf("%s: on node %d the token opens: %v", what, i, want), func() bool {
				return r.opens(t, token) == want
			})
		}
	}
	crm, ops := a.bearer(t, "crm", "operator"), b.bearer(t, "ops", "operator")
	everywhere("made", crm, true)
	everywhere("made", ops, true)
	if w := c.operate("POST", "/tokens", `{"name":"crm","roles":["objections-read"]}`); w.Code != http.StatusConflict {
		t.Errorf("a name that another node gave: %d %s", w.Code, w.Body)
	}
	if w := c.operate("DELETE", "/tokens", `{"name":"crm"}`); w.Code != http.StatusOK || c.opens(t, crm) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	everywhere("taken back", crm, false)
	again := b.bearer(t, "crm", "operator")
	everywhere("made again under its name", again, true)
	everywhere("the first of its name", crm, false)

	n.stop()
	until(t, "it is cut off", func() bool { _, body := a.get(t, "/readyz"); return strings.Contains(body, "cut off") })
	if !a.opens(t, ops) || !a.opens(t, again) {
		t.Error("a node that is cut off does not go on with the tokens that it knows")
	}
	if w := a.operate("POST", "/tokens",
		`{"name":"late","roles":["objections-read"]}`); w.Code != http.StatusServiceUnavailable ||
		!strings.Contains(w.Body.String(), "cannot be reached") {
		t.Errorf("one is made without the others: %d %s", w.Code, w.Body)
	}
	if w := a.operate("DELETE", "/tokens", `{"name":"ops"}`); w.Code != http.StatusAccepted ||
		w.Body.String() != "{\"untold\":true}\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if a.opens(t, ops) || !b.opens(t, ops) || slices.Contains(a.inFile(t), "ops") {
		t.Error("what is taken back here opens something here, or nothing where nobody knows of it")
	}
	if err := a.stop(t); err != nil {
		t.Fatal(err)
	}
	a = start(t, a.file)
	nodes[0] = a
	if a.opens(t, ops) || !a.opens(t, again) {
		t.Error("that does not outlast a restart")
	}
	if status := a.operate("GET", "/tokens", "").Body.String(); strings.Contains(status, `"ops"`) {
		t.Errorf("%s", status)
	}
	if _, figures := a.get(t, "/metrics"); !strings.Contains(figures,
		"\ntagwarden_cluster_untold_administration_acts 1\n") {
		t.Error("metrics do not say that an act waits")
	}
	n.start(t)
	everywhere("told", ops, false)
	everywhere("let be", again, true)
	for i, r := range nodes {
		until(t, "its file is current", func() bool {
			return slices.Contains(r.inFile(t), "crm") && !slices.Contains(r.inFile(t), "ops")
		})
		made, taken := 0, 0
		for _, line := range r.tokenRecords(t) {
			switch {
			case strings.HasPrefix(line, "made crm"), strings.HasPrefix(line, "made ops"):
				made++
			case line == `revoked crm ["operator"] operator socket`, line == `revoked ops ["operator"] operator socket`:
				taken++
			}
		}
		if made != 3 || taken != 2 {
			t.Errorf("the log of node %d: %q", i, r.tokenRecords(t))
		}
	}
}

// TestTokensOfAFileAreShared: what a node's file holds when it first comes into a cluster, and what is changed in it by
// hand later, is told to all; what was taken back does not come back by an old copy.
func TestTokensOfAFileAreShared(t *testing.T) {
	t.Parallel()
	n, v := startNATS(t), startVendor(t)
	first := nodeFolder(t, v.URL, n, "a", "")
	text := read(t, first)
	write(t, first, text[:strings.Index(text, "cluster:")])
	alone := start(t, first)
	early := alone.bearer(t, "early", "operator")
	if err := alone.stop(t); err != nil {
		t.Fatal(err)
	}
	write(t, first, text)
	a, b := start(t, first), start(t, nodeFolder(t, v.URL, n, "b", ""))
	a.ready(t)
	b.ready(t)
	until(t, "what it had before it was a node is one of all", func() bool {
		return a.opens(t, early) && b.opens(t, early)
	})
	reload := func() { // as happens within a second
		if err := a.Reload(); err != nil {
			t.Error(err)
		}
	}
	copied := read(t, a.tokensFile())
	editTokens(t, a.tokensFile(), func(all []map[string]any) []map[string]any {
		all[0]["roles"] = []string{"objections-read"}
		return all
	})
	reload()
	until(t, "what was changed by hand is so on the other", func() bool {
		return gjson.Get(b.operate("GET", "/tokens", "").Body.String(), "tokens.0.roles.0").Str == "objections-read"
	})
	editTokens(t, a.tokensFile(), func([]map[string]any) []map[string]any { return nil })
	reload()
	until(t, "what was taken out by hand opens nothing on the other", func() bool {
		return gjson.Get(b.operate("GET", "/tokens", "").Body.String(), "tokens.#").Int() == 0
	})
	write(t, a.tokensFile(), copied)
	reload()
	until(t, "an old copy does not bring it back", func() bool { return len(a.inFile(t)) == 0 })
	if a.opens(t, early) || b.opens(t, early) {
		t.Error("it opens something")
	}
}

// TestATokenOfAStoppedNode: what a command makes while its node does not run is told when it does; a node that joins
// has the tokens of the others, and does not bring back what is taken back meanwhile.
func TestATokenOfAStoppedNode(t *testing.T) {
	t.Parallel()
	n, v := startNATS(t), startVendor(t)
	a := start(t, nodeFolder(t, v.URL, n, "a", ""))
	a.ready(t)
	crm := a.bearer(t, "crm", "operator")
	a.act(t, objection.Change{Object: []string{"audience"}})
	if _, err := a.Rotate(everyKey); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if w := a.operate("POST", "/backup", fmt.Sprintf(`{"dir":%q}`, copied)); w.Code != 200 {
		t.Fatal(w.Body)
	}
	file := nodeFolder(t, v.URL, n, "b", "")
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.Join(loaded, copied); err != nil {
		t.Fatal(err)
	}
	if w := a.operate("DELETE", "/tokens", `{"name":"crm"}`); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if _, err := a.Rotate(everyKey); err != nil {
		t.Fatal(err)
	}
	tokens, err := access.OpenTokens(filepath.Join(filepath.Dir(file), "data"))
	if err != nil {
		t.Fatal(err)
	}
	mine, err := tokens.Create(access.By{}, "mine", []access.Role{"operator"}, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b := start(t, file)
	b.ready(t)
	until(t, "what was made while it was stopped is told", func() bool { return a.opens(t, mine) && b.opens(t, mine) })
	if a.opens(t, crm) || b.opens(t, crm) || slices.Contains(b.inFile(t), "crm") {
		t.Error("what was taken back meanwhile came back with the copy")
	}
	until(t, "it has the keys of the others", func() bool {
		return a.keyState(t).Rekeys() == 2 && a.keyState(t).Mark() == b.keyState(t).Mark()
	})
}

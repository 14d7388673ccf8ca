package proxy_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/order"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// keyState is that of a node, as it is on disk.
func (r *running) keyState(t *testing.T) pseudonym.State {
	t.Helper()
	state, err := keys.Read(proxy.KeysDir(dataOf(r)))
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// TestNodesReplaceKeysTogether: keys that are replaced on one node are replaced on all, to the same ones,
// whether a node was there, or away for a day; a node that is cut off replaces none; what was replaced is
// on no node's disk, and neither it nor what it was replaced by can be found in the servers' files. An
// older key state is brought to the present.
func TestNodesReplaceKeysTogether(t *testing.T) {
	t.Parallel()
	n, v, clock := startNATS(t), startVendor(t), newClock("2026-11-24T12:00:00Z")
	var nodes []*running
	for _, name := range []string{"a", "b", "c"} {
		nodes = append(nodes, start(t, nodeFolder(t, v.URL, n, name, ""), clock.option))
	}
	for _, r := range nodes {
		r.ready(t)
	}
	a, b, c := nodes[0], nodes[1], nodes[2]
	first := a.keyState(t)
	before := a.pseudonymOf(t, v)
	if before == "" || b.pseudonymOf(t, v) != before || c.pseudonymOf(t, v) != before {
		t.Fatal("nodes of one root have different keys")
	}
	old := read(t, filepath.Join(proxy.KeysDir(dataOf(c)), keys.StateFile))
	if err := c.stop(t); err != nil {
		t.Fatal(err)
	}
	all := proxy.Rotation{Chains: []pseudonym.Rotation{pseudonym.Day, pseudonym.Never}, LedgerSubjects: true}
	if text, err := a.Rotate(all); err != nil || text != "rotated: day; rotated: never; ledger subjects shredded" {
		t.Fatalf("%q, %v", text, err)
	}
	after := a.pseudonymOf(t, v)
	if after == before || after == "" {
		t.Errorf("%q became %q", before, after)
	}
	until(t, "the other node has the same keys", func() bool { return b.keyState(t) == a.keyState(t) })
	// what is stored is used a moment later
	until(t, "it makes the same pseudonyms", func() bool { return b.pseudonymOf(t, v) == after })
	clock.set("2026-11-25T12:00:00Z")
	if later := a.pseudonymOf(t, v); later == after || later == before || b.pseudonymOf(t, v) != later {
		t.Error("the day's end does what it did no more")
	}
	c = start(t, c.file, clock.option)
	nodes[2] = c
	c.ready(t)
	agree := func(what string, least, most int) {
		t.Helper()
		until(t, what, func() bool {
			for _, r := range nodes {
				a.pseudonymOf(t, v)
				r.pseudonymOf(t, v)
				if n := r.keyState(t).Rekeys(); r.keyState(t) != a.keyState(t) || n < least || n > most {
					return false
				}
			}
			return true
		})
	}
	agree("a node that was away has the same keys", 1, 1)
	if b.pseudonymOf(t, v) != c.pseudonymOf(t, v) {
		t.Error("they give other pseudonyms")
	}

	n.stop()
	if text, err := b.Rotate(all); !errors.Is(err, order.ErrUntold) {
		t.Errorf("cut off: %q, %v", text, err)
	}
	if got := b.keyState(t).Rekeys(); got != 1 {
		t.Errorf("a node that is cut off replaced keys: %d times", got)
	}
	n.start(t)
	for _, r := range nodes {
		until(t, "it is not cut off any more", func() bool {
			_, body := r.get(t, "/readyz")
			return !strings.Contains(body, "cut off")
		})
	}
	done := b.keyState(t).Rekeys() // what was put on the log in the last moment is done
	together := make(chan error, 2)
	for _, r := range []*running{a, b} {
		go func() {
			_, err := r.Rotate(proxy.Rotation{Chains: []pseudonym.Rotation{pseudonym.Week}})
			together <- err
		}()
	}
	if err := errors.Join(<-together, <-together); err != nil {
		t.Errorf("two at once: %v", err)
	}
	agree("two at once", done+2, done+3) // what b asked for may be on the log, before these, though b was not told
	done = a.keyState(t).Rekeys() - 2
	if err := c.stop(t); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(proxy.KeysDir(dataOf(c)), keys.StateFile), old)
	c = start(t, c.file, clock.option)
	nodes[2] = c
	agree("one with an older key state", done+2, done+2)
	if err := b.stop(t); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dataOf(b), order.FileName)); err != nil {
		t.Fatal(err)
	}
	b = start(t, b.file, clock.option)
	nodes[1] = b
	b.ready(t)
	agree("one that does all acts again", done+2, done+2)
	status := gjson.Parse(a.operate("GET", "/cluster", "").Body.String())
	if marks := status.Get("nodes.#.keys").Array(); len(marks) != 3 || marks[0].Str != marks[1].Str ||
		marks[1].Str != marks[2].Str ||
		!strings.HasSuffix(marks[0].Str, " "+a.keyState(t).Mark()) || status.Get("look").Exists() {
		t.Errorf("%s", status.Raw)
	}
	for name, r := range map[string]*running{"a": a, "b": b, "c": c} {
		if got := strings.Count(r.ledger(t), `"text":"rotated: day; rotated: never; ledger subjects shredded"`); got < done {
			t.Errorf("the log of %s says %d times that keys were replaced", name, got)
		}
	}
	gone := first.Append(nil)
	last := a.keyState(t).Append(nil)
	for _, text := range [][]byte{gone, last} { // what keys a state holds, but those that stay
		for _, key := range []string{"ledger_subject", "chains.day.key", "chains.never.key", "chains.week.key",
			"rekeying.secret"} {
			n.holdsNot(t, key, gjson.GetBytes(text, key).Str)
		}
	}
}

// holdsNot fails where a NATS server's files hold a text.
func (n *natsServer) holdsNot(t *testing.T, what, text string) {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != 32 {
		t.Fatalf("there is no %s", what)
	}
	err = filepath.WalkDir(n.options.StoreDir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if b, err := os.ReadFile(path); err == nil && (bytes.Contains(b, raw) || bytes.Contains(b, []byte(text))) {
			t.Errorf("%s is in %s", what, path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestNodesWithOtherKeys: a node whose keys would part with the first change, or have parted, is refused; so is
// a change where the node does not run.
func TestNodesWithOtherKeys(t *testing.T) {
	t.Parallel()
	n, v := startNATS(t), startVendor(t)
	a := start(t, nodeFolder(t, v.URL, n, "a", ""))
	a.ready(t)
	state := a.keyState(t)
	other, rekeyed := state, state
	other.BeginRekeying(pseudonym.Key{1})
	rekeyed.Rekey([16]byte{1}, []pseudonym.Rotation{pseudonym.Day}, false)
	rekeyed.BeginLine() // as a server that is alone does
	const want = "bring the other nodes' keys"
	for _, of := range []pseudonym.State{other, rekeyed} {
		file := nodeFolder(t, v.URL, n, "b", "")
		write(t, filepath.Join(filepath.Dir(file), "data", "keys", keys.StateFile), string(of.Append(nil)))
		loaded, err := config.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(filepath.Dir(file), "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot, Await: 20 * time.Second}); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if _, err := proxy.RotateStopped(loaded, everyKey, proxy.Options{}); err == nil ||
			!strings.Contains(err.Error(), "start this one") {
			t.Errorf("where it does not run: %v", err)
		}
	}
	if got := gjson.Get(a.operate("GET", "/cluster", "").Body.String(), "nodes.#.node").Array(); !slices.Equal(
		[]string{fmt.Sprint(got[0])}, []string{"a"}) {
		t.Errorf("%v", got)
	}
}

// TestALogThatIsGone: a node that has done acts of a log does not begin another one in its place.
func TestALogThatIsGone(t *testing.T) {
	t.Parallel()
	n, v := startNATS(t), startVendor(t)
	a := start(t, nodeFolder(t, v.URL, n, "a", ""))
	a.ready(t)
	if _, err := a.Rotate(everyKey); err != nil {
		t.Fatal(err)
	}
	if err := a.stop(t); err != nil {
		t.Fatal(err)
	}
	client, err := nats.Connect(n.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	js, err := jetstream.New(client)
	if err == nil {
		err = js.DeleteStream(t.Context(), "tagwarden-test_administration")
	}
	if err != nil {
		t.Fatal(err)
	}
	a = start(t, a.file)
	until(t, "it says so, and takes no hits", func() bool {
		status, body := a.get(t, "/readyz")
		return status == 503 && strings.Contains(body, "log is missing: there is no stream tagwarden-test_administration")
	})
}

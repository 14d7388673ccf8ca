package proxy_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// TestANodeWithAnOlderCopy: a node whose objections are an older copy than its ledger remembers, or are gone, takes
// what they lack from the nodes' log before it takes a hit, and its ledger has each act once. Where the log does not
// hold it, or holds something else, or cannot be reached, it does not start, and says what to do.
func TestANodeWithAnOlderCopy(t *testing.T) {
	n, v := startNATS(t), startVendor(t)
	file := nodeFolder(t, v.URL, n, "a", "")
	store := filepath.Join(filepath.Dir(file), "data", "objections", objection.FileName)
	acts := 0
	object := func(r *running) {
		acts++
		ids := []objection.ID{{Name: "user_id", Value: fmt.Sprint("u-", acts)}}
		r.actOf(t, ids, objection.Change{Object: []string{"audience"}})
	}
	// serves starts the node, has it do something, and returns its store, how many changes are in it.
	serves := func(do func(*running)) (holds string, changes int64) {
		t.Helper()
		r := start(t, file)
		r.ready(t)
		do(r)
		node := gjson.Parse(r.operate("GET", "/cluster", "").Body.String()).Get("nodes.0")
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
		return read(t, store), node.Get("changes").Int()
	}
	servers := func(from, to string) { // copies what the NATS server holds
		t.Helper()
		if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(from))); err != nil {
			t.Fatal(err)
		}
	}
	older, _ := serves(object)
	n.stop()
	natsOlder := filepath.Join(t.TempDir(), "older")
	servers(n.options.StoreDir, natsOlder)
	n.start(t)
	_, changes := serves(func(r *running) {
		for range 5 {
			object(r)
		}
		r.act(t, objection.Change{Object: []string{"audience"}})
	})
	for _, what := range []string{"older", "gone"} {
		write(t, store, older)
		if what == "gone" {
			if err := os.Remove(store); err != nil {
				t.Fatal(err)
			}
		}
		_, nowChanges := serves(func(r *running) {
			if r.forwarded(t, v) {
				t.Errorf("%s: an objection that was acknowledged is not in force", what)
			}
			object(r) // what comes behind the copy is recorded too
			if got := len(r.recordsOf(t, "objection")); got != acts+1 {
				t.Errorf("%s: the ledger has %d objections of %d", what, got, acts+1)
			}
		})
		if changes++; nowChanges != changes {
			t.Errorf("%s: %d changes, want %d", what, nowChanges, changes)
		}
	}
	refused := func(says ...string) {
		t.Helper()
		write(t, store, older)
		loaded, err := config.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot, Every: func(time.Duration) (
			<-chan time.Time, func()) {
			fast := time.NewTicker(20 * time.Millisecond)
			return fast.C, fast.Stop
		}})
		for _, one := range append(says, "older copy than the ledger remembers") {
			if err == nil || !strings.Contains(err.Error(), one) {
				t.Errorf("%v: want %q", err, one)
			}
		}
	}
	n.stop()
	refused("cannot be reached: start again when the cluster can be")
	servers(natsOlder, n.options.StoreDir)
	n.start(t)
	refused("with all that the nodes' log holds it comes to 1 change, and the ledger remembers 9",
		"objections restore --because")
	b := start(t, nodeFolder(t, v.URL, n, "b", "")) // the log goes on in another way
	b.ready(t)
	for range 9 {
		object(b)
	}
	refused("has another history", "objections restore --because")
}

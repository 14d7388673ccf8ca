package proxy_test

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// natsServer is one NATS server that can be stopped and comes back with what it had. (The log itself is held against
// three of them where it is written.)
type natsServer struct {
	*server.Server
	options server.Options
}

func startNATS(t testing.TB) *natsServer {
	n := &natsServer{options: server.Options{
		Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true,
		JetStreamMaxStore: 1 << 30, JetStreamMaxMemory: 64 << 20,
	}}
	n.start(t)
	t.Cleanup(func() { n.stop() })
	return n
}

func (n *natsServer) start(t testing.TB) {
	t.Helper()
	s, err := server.NewServer(&n.options)
	if err != nil {
		t.Fatal(err)
	}
	n.Server = s
	go s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	n.options.Port = s.Addr().(*net.TCPAddr).Port
}

func (n *natsServer) stop() {
	n.Shutdown()
	n.WaitForShutdown()
}

// nodeFolder is the folder of a node: what is consented to travels on consent, and
// everything as long as nobody opts out.
func nodeFolder(t testing.TB, upstream string, n *natsServer, name, more string) string {
	t.Helper()
	file := folder(t, upstream)
	policy := strings.Replace(policyText, "  - { id: segment",
		"  - { id: ga4-opt-out, vendor: ga4, purposes: [audience], "+
			"basis: opt_out, regions: [US], retention: 14 months, profile: standard, events: [\"*\"] }\n  - { id: segment", 1)
	policy = strings.Replace(policy, "gpc: ignore", "gpc: ignore, us: [sale]", 1)
	writePolicy(t, filepath.Dir(file), policy)
	write(t, file, strings.Replace(read(t, file), "region: { default: EU }", "region: { default: US }", 1))
	write(t, file, read(t, file)+
		fmt.Sprintf("cluster: { name: test, node: %s, nats: [\"nats://127.0.0.1:%d\"], stale: { after: 1s%s } }\n",
			name, n.options.Port, more))
	return file
}

// ready waits until a node takes hits.
func (r *running) ready(t testing.TB) {
	t.Helper()
	until(t, "a node is ready", func() bool { status, _ := r.get(t, "/readyz"); return status == 200 })
}

// without sends a page view that nobody consented to: it travels on what one may object to, or not.
func (r *running) without(t testing.TB, v *vendor) bool {
	t.Helper()
	before := len(v.got())
	r.send(t, get(pageView, ""))
	return len(v.got()) > before
}

// TestNodesShareObjections: what one node is asked for is in force on both when it is answered, or at once after; a
// node that is cut off takes objections for itself, denies what one may object to, goes on with what is consented
// to, and tells what it took when it can.
func TestNodesShareObjections(t *testing.T) {
	n, v := startNATS(t), startVendor(t)
	a := start(t, nodeFolder(t, v.URL, n, "a", ""))
	b := start(t, nodeFolder(t, v.URL, n, "b", ""))
	a.ready(t)
	b.ready(t)
	for _, r := range []*running{a, b} {
		if !r.forwarded(t, v) || !r.without(t, v) {
			t.Fatal("nothing is forwarded")
		}
	}
	if got := a.act(t, objection.Change{Object: []string{"audience"}}); !got[0].New || got[0].Untold || got[0].Seq != 1 {
		t.Errorf("%+v", got)
	}
	if a.forwarded(t, v) || a.without(t, v) {
		t.Error("an objection was acknowledged, and a hit is forwarded")
	}
	until(t, "the other node heeds it", func() bool { return !b.forwarded(t, v) && !b.without(t, v) })
	if got := b.act(t, objection.Change{TakeBack: []string{"audience"}}); !got[0].New || got[0].Seq != 2 {
		t.Errorf("%+v", got)
	}
	until(t, "both know that it was taken back", func() bool { return a.forwarded(t, v) && b.forwarded(t, v) })

	n.stop()
	for _, r := range []*running{a, b} {
		until(t, "a node that is cut off denies what one may object to", func() bool { return !r.without(t, v) })
		if !r.forwarded(t, v) {
			t.Error("what is consented to does not go on")
		}
		if status, body := r.get(t, "/readyz"); status != 200 || !strings.Contains(body, "cut off from the cluster since") {
			t.Errorf("%d %s", status, body)
		}
	}
	if got := a.act(t, objection.Change{Object: []string{"audience"}}); !got[0].New || !got[0].Untold {
		t.Errorf("%+v", got)
	}
	if a.forwarded(t, v) {
		t.Error("an objection was acknowledged where it was asked for, and a hit is forwarded there")
	}
	if !b.forwarded(t, v) {
		t.Error("the other node knows, and nobody told it")
	}
	if _, metrics := a.get(t, "/metrics"); !strings.Contains(metrics, "\ntagwarden_cluster_stale 1\n") ||
		!strings.Contains(metrics, "\ntagwarden_cluster_untold_acts 1\n") {
		t.Error("metrics do not say that it is cut off, and that an act waits")
	}
	n.start(t)
	until(t, "the other node heeds what waited", func() bool { return !b.forwarded(t, v) })
	until(t, "both are current again", func() bool {
		_, metrics := a.get(t, "/metrics")
		return strings.Contains(metrics, "\ntagwarden_cluster_stale 0\n") &&
			strings.Contains(metrics, "\ntagwarden_cluster_untold_acts 0\n")
	})
	for name, r := range map[string]*running{"a": a, "b": b} {
		if got := len(r.recordsOf(t, "objection")); got != 2 {
			t.Errorf("the ledger of %s has %d objections", name, got)
		}
		if err := r.stop(t); err != nil {
			t.Error(err)
		}
	}
	again := start(t, a.file)
	again.ready(t)
	if again.forwarded(t, v) {
		t.Error("the objection does not hold over a restart")
	}
}

// TestANodeWithoutItsCluster starts, does not say that it is ready, and lets nothing go that one may object to.
func TestANodeWithoutItsCluster(t *testing.T) {
	for _, more := range []string{"", ", then: go_on"} {
		n, v := startNATS(t), startVendor(t)
		n.stop()
		r := start(t, nodeFolder(t, v.URL, n, "a", more))
		if status, body := r.get(t, "/readyz"); status != 503 || !strings.Contains(body, "does not have yet") {
			t.Errorf("%d %s", status, body)
		}
		if r.without(t, v) || !r.forwarded(t, v) {
			t.Error("what one may object to travels, or what is consented to does not")
		}
		n.start(t)
		r.ready(t)
		if !r.without(t, v) {
			t.Error("nothing travels though it is current")
		}
		n.stop()
		if more == "" {
			until(t, "it denies what one may object to", func() bool { return !r.without(t, v) })
			continue
		}
		until(t, "it says that it goes on", func() bool {
			_, body := r.get(t, "/readyz")
			return strings.Contains(body, "travels all the same")
		})
		if !r.without(t, v) {
			t.Error("it does not go on")
		}
	}
}

// TestANodeJoins: a new node begins with the keys and the objections of another one, out of its backup, and does what
// came since; what the other one has to tell others stays there. Both say how they stand.
func TestANodeJoins(t *testing.T) {
	n, v := startNATS(t), startVendor(t)
	a := start(t, nodeFolder(t, v.URL, n, "a", ""))
	a.ready(t)
	a.act(t, objection.Change{Object: []string{"audience"}})
	copied := filepath.Join(t.TempDir(), "copy")
	if w := a.operate("POST", "/backup", fmt.Sprintf(`{"dir":%q}`, copied)); w.Code != 200 {
		t.Fatal(w.Body)
	}
	a.actOf(t, []objection.ID{{Name: "user_id", Value: "u-1"}}, objection.Change{Object: []string{"audience"}})
	file := nodeFolder(t, v.URL, n, "b", "")
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	joined, err := proxy.Join(loaded, copied)
	if err != nil || joined.Acts == 0 || joined.Identity == "" {
		t.Fatalf("%+v, %v", joined, err)
	}
	if _, err := proxy.Join(loaded, copied); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("over a node that is there: %v", err)
	}
	b := start(t, file)
	b.ready(t)
	if b.forwarded(t, v) {
		t.Error("the new node does not heed what it began with")
	}
	status := func(r *running) gjson.Result {
		w := r.operate("GET", "/cluster", "")
		if w.Code != 200 {
			t.Fatal(w.Body)
		}
		return gjson.Parse(w.Body.String())
	}
	until(t, "both have made both changes", func() bool {
		got := status(a)
		return got.Get("nodes.#").Int() == 2 && got.Get("nodes.0.changes").Int() == 2 && got.Get("nodes.1.changes").Int() == 2
	})
	got := status(b)
	if got.Get("name").Str != "test" || got.Get("node").Str != "b" || got.Get("nodes.0.node").Str != "a" ||
		got.Get("nodes.0.root").Str != got.Get("nodes.1.root").Str || got.Get("nodes.0.changes").Int() != 2 ||
		got.Get("nodes.0.policy").Str == "" || got.Get("look").Exists() {
		t.Errorf("%s", got.Raw)
	}
	if of := b.recordsOf(t, "objection"); len(of) != 2 {
		t.Errorf("the new node's ledger has %d objections: it could not be audited alone", len(of))
	}
	alone := folder(t, v.URL)
	if loaded, err = config.Load(alone); err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.Join(loaded, copied); err == nil || !strings.Contains(err.Error(), "names no cluster") {
		t.Errorf("a server that is alone: %v", err)
	}
	fresh := nodeFolder(t, v.URL, n, "c", "")
	if loaded, err = config.Load(fresh); err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.Join(loaded, t.TempDir()); err == nil || !strings.Contains(err.Error(), "is no backup of a node") {
		t.Errorf("out of nothing: %v", err)
	}
}

// TestANodeWithAHistoryOfItsOwn: one that took objections while it was alone does not share a log that began without
// them; the first node of a cluster may have them.
func TestANodeWithAHistoryOfItsOwn(t *testing.T) {
	n, v := startNATS(t), startVendor(t)
	first, second := nodeFolder(t, v.URL, n, "a", ""), nodeFolder(t, v.URL, n, "b", "")
	for _, file := range []string{first, second} {
		text := read(t, file)
		write(t, file, text[:strings.Index(text, "cluster:")])
		r := start(t, file)
		r.act(t, objection.Change{Object: []string{"audience"}})
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
		write(t, file, text)
	}
	a := start(t, first)
	a.ready(t)
	if a.forwarded(t, v) {
		t.Error("what it took alone does not hold")
	}
	loaded, err := config.Load(second)
	if err != nil {
		t.Fatal(err)
	}
	_, err = proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot, Await: 20 * time.Second})
	if err == nil || !strings.Contains(err.Error(), "start this node from a copy of another one's store") {
		t.Errorf("%v", err)
	}
}

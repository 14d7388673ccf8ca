package proxy_test

import (
	"fmt"
	"net"
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

// loses has a NATS server lose all that it holds.
func (n *natsServer) loses(t testing.TB) {
	t.Helper()
	n.stop()
	if err := os.RemoveAll(n.options.StoreDir); err != nil {
		t.Fatal(err)
	}
	n.start(t)
}

// refusedStart starts a node that is to be refused, and returns why.
func refusedStart(t *testing.T, file string) string {
	t.Helper()
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot, Await: 20 * time.Second})
	if err == nil {
		t.Fatal("it starts", s.Release())
	}
	return err.Error()
}

// restore asks a node to begin logs anew that are gone, or how they stand.
func (r *running) restore(t *testing.T, begin bool) gjson.Result {
	t.Helper()
	w := r.operate("POST", "/cluster/restore", fmt.Sprintf(`{"begin":%v}`, begin))
	if w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	return gjson.Parse(w.Body.String())
}

// lacksLog tells whether a node says that the log is missing.
func (r *running) lacksLog(t *testing.T) func() bool {
	return func() bool {
		_, body := r.get(t, "/readyz")
		return strings.Contains(body, "the cluster's log is missing")
	}
}

// user objects as a user of a number.
func (r *running) user(t *testing.T, n int) []objection.Receipt {
	t.Helper()
	return r.actOf(t, []objection.ID{{Name: "user_id", Value: fmt.Sprint("u-", n)}},
		objection.Change{Object: []string{"audience"}})
}

func (r *running) changes(t *testing.T) int64 {
	t.Helper()
	for _, one := range gjson.Parse(r.operate("GET", "/cluster", "").Body.String()).Get("nodes").Array() {
		if strings.Contains(read(t, r.file), "node: "+one.Get("node").Str+",") {
			return one.Get("changes").Int()
		}
	}
	return -1
}

// TestNodesWhoseLogIsLost: nodes go on with what is consented to, and take objections for themselves; nobody makes
// another log by himself, whatever he was told to empty. One node begins it anew, behind what all have done, and
// what each took meanwhile comes into it.
func TestNodesWhoseLogIsLost(t *testing.T) {
	t.Parallel()
	n, v := startNATS(t), startVendor(t)
	a, b := start(t, nodeFolder(t, v.URL, n, "a", "")), start(t, nodeFolder(t, v.URL, n, "b", ""))
	a.ready(t)
	b.ready(t)
	a.act(t, objection.Change{Object: []string{"audience"}})
	token := a.bearer(t, "crm", "operator")
	until(t, "the other one knows", func() bool { return !b.forwarded(t, v) && b.opens(t, token) })
	if got := a.restore(t, true); got.Get("logs.#(gone==true)").Exists() || got.Get("logs.#(begun==true)").Exists() {
		t.Errorf("what is there: %s", got.Raw)
	}

	n.loses(t)
	for _, r := range []*running{a, b} {
		until(t, "it says that the log is missing", r.lacksLog(t))
	}
	if err := b.stop(t); err != nil {
		t.Fatal(err)
	}
	b = start(t, b.file)
	if status, body := b.get(t, "/readyz"); status != 503 || !strings.Contains(body, "cluster restore") {
		t.Errorf("%d %s", status, body)
	}
	if b.forwarded(t, v) {
		t.Error("it forgot an objection")
	}

	// Who begins, or was emptied, makes none.
	if why := refusedStart(t, nodeFolder(t, v.URL, n, "c", "")); !strings.Contains(why, "has come some way in") ||
		!strings.Contains(why, "leave the nodes' folders as they are") {
		t.Errorf("a new one: %s", why)
	}
	if got := a.user(t, 1); !got[0].Untold {
		t.Errorf("%+v", got)
	}
	if got := b.user(t, 2); !got[0].Untold {
		t.Errorf("%+v", got)
	}
	for _, r := range []*running{a, b} { // nobody is there who could say so
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(filepath.Dir(a.file), "data")
	for _, gone := range [][]string{{"objections"}, {"objections", "acts"}} {
		kept := t.TempDir()
		for _, name := range gone {
			if err := os.Rename(filepath.Join(data, name), filepath.Join(kept, name)); err != nil {
				t.Fatal(err)
			}
		}
		if why := refusedStart(t, a.file); !strings.Contains(why, "log is missing") && !strings.Contains(why, "older copy") {
			t.Errorf("without %s: %s", gone, why)
		}
		for _, name := range gone {
			if err := os.RemoveAll(filepath.Join(data, name)); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(filepath.Join(kept, name), filepath.Join(data, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	a, b = start(t, a.file), start(t, b.file)

	said := a.restore(t, false)
	if got := said.Get("logs.#(gone==true)#").Array(); len(got) != 2 || got[0].Get("wrong").Exists() ||
		got[0].Get("begun").Bool() ||
		got[0].Get("nodes.#").Int() != 2 || said.Get("untold").Int() != 1 {
		t.Errorf("how it stands: %s", said.Raw)
	}
	done := a.restore(t, true)
	if got := done.Get("logs.#(begun==true)#").Array(); len(got) != 2 || got[0].Get("acts").Int() == 0 {
		t.Errorf("%s", done.Raw)
	}
	for _, r := range []*running{a, b} {
		r.ready(t)
	}
	until(t, "both know what each took", func() bool { return a.changes(t) == 3 && b.changes(t) == 3 })
	until(t, "nothing has to be looked at", func() bool {
		return !gjson.Parse(b.operate("GET", "/cluster", "").Body.String()).Get("look").Exists()
	})
	if a.forwarded(t, v) || b.forwarded(t, v) || !a.opens(t, token) || !b.opens(t, token) {
		t.Error("something was forgotten")
	}
	for r, says := range map[*running]string{a: "is gone, and is begun anew from this node behind act",
		b: "goes on behind act"} {
		if got := strings.Join(r.recordsOf(t, "cluster"), ""); strings.Count(got, says) != 2 {
			t.Errorf("a ledger says %s", got)
		}
	}
}

// copyOf takes a backup of a node.
func (r *running) copyOf(t *testing.T) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy")
	if w := r.operate("POST", "/backup", fmt.Sprintf(`{"dir":%q}`, copied)); w.Code != 200 {
		t.Fatal(w.Body)
	}
	return copied
}

// rejoins brings a stopped node to the log by a copy.
func rejoins(t *testing.T, file, copied string) (proxy.Rejoined, error) {
	t.Helper()
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return proxy.Rejoin(loaded, copied, proxy.Options{})
}

// TestANodeThatTheNewLogIsWithout: the log is begun anew while a node is away that had done more. It is told of,
// is refused when it comes back, and brought to the log with what it alone has: objections that people were
// answered, and tokens that were taken back.
func TestANodeThatTheNewLogIsWithout(t *testing.T) {
	t.Parallel()
	n, v := startNATS(t), startVendor(t)
	only := newWay(t, n)
	by := &natsServer{}
	by.options.Port = only.listener.Addr().(*net.TCPAddr).Port
	a, b := start(t, nodeFolder(t, v.URL, by, "a", "")), start(t, nodeFolder(t, v.URL, n, "b", ""))
	a.ready(t)
	b.ready(t)
	a.user(t, 1)
	crm, ops := a.bearer(t, "crm", "operator"), a.bearer(t, "ops", "operator")
	until(t, "both know", func() bool { return b.changes(t) == 1 && b.opens(t, crm) && b.opens(t, ops) })

	only.cut(true) // b does more, and goes away
	b.act(t, objection.Change{Object: []string{"audience"}})
	b.user(t, 2)
	b.actOf(t, []objection.ID{{Name: "user_id", Value: "u-2"}}, objection.Change{TakeBack: []string{"audience"}})
	if w := b.operate("DELETE", "/tokens", `{"name":"crm"}`); w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	behind := a.file
	if err := b.stop(t); err != nil {
		t.Fatal(err)
	}
	n.loses(t)
	only.cut(false)
	until(t, "it says that the log is missing", a.lacksLog(t))
	b = start(t, b.file)
	until(t, "the one that is behind is told to leave it to the other", func() bool {
		if a.restore(t, false).Get("logs.0.nodes.#").Int() != 2 {
			return false // it is not there yet
		}
		got := a.restore(t, true).Get("logs.0")
		return got.Get("gone").Bool() && !got.Get("begun").Bool() && strings.HasPrefix(got.Get("wrong").Str, "b has done ") &&
			strings.HasSuffix(got.Get("wrong").Str, ": begin it anew from there")
	})
	if err := b.stop(t); err != nil {
		t.Fatal(err)
	}
	until(t, "it is begun anew without the other one", func() bool {
		return !a.restore(t, true).Get("logs.#(gone==true)").Exists()
	})
	a.ready(t)
	a.user(t, 3)

	if why := refusedStart(t, b.file); !strings.Contains(
		why, ": the others lack 3 acts: take a backup of a node that is current") {
		t.Errorf("it says %s", why)
	}
	copied := a.copyOf(t)
	got, err := rejoins(t, b.file, copied)
	if err != nil || got.Common.Size != 1 || got.Had.Size != 4 || got.Told != 2 || got.TakenBack != 1 ||
		got.Administered != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	again, err := rejoins(t, b.file, copied) // it might have broken off
	if err != nil || again.Told != 0 || again.Common != again.Has {
		t.Errorf("%+v, %v", again, err)
	}
	b = start(t, b.file)
	if b.forwarded(t, v) {
		t.Error("what it alone had is not in force there")
	}
	b.ready(t)
	until(t, "both know all of it", func() bool {
		return a.changes(t) == 4 && b.changes(t) == 4 && !a.forwarded(t, v) && !a.opens(t, crm) && !b.opens(t, crm)
	})
	if !a.opens(t, ops) || !b.opens(t, ops) {
		t.Error("a token that nobody took back is gone")
	}
	until(t, "nothing has to be looked at", func() bool {
		return !gjson.Parse(b.operate("GET", "/cluster", "").Body.String()).Get("look").Exists()
	})
	if _, err := rejoins(t, behind, copied); err == nil {
		t.Error("one that serves is brought elsewhere")
	}
	for _, r := range []*running{a, b} {
		if err := r.stop(t); err != nil {
			t.Error(err)
		}
	}
	if _, err := rejoins(t, behind, copied); err == nil || !strings.Contains(err.Error(),
		"there is nothing to bring it to") {
		t.Errorf("one that is there: %v", err)
	}
	for _, file := range []string{a.file, b.file} { // what their ledgers say fits what they hold
		again := start(t, file)
		again.ready(t)
	}

}

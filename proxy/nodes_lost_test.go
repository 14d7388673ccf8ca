package proxy_test

import (
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
	return r.actOf(t, []objection.ID{{Name: "user_id", Value: fmt.Sprint("u-", n)}}, objection.Change{Object: []string{"audience"}})
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

// TestNodesWhoseLogIsLost: nodes go on with what is consented to, and take objections for themselves; nobody makes another log by
// himself, whatever he was told to empty. One node begins it anew, behind what all have done, and what each took meanwhile comes
// into it.
func TestNodesWhoseLogIsLost(t *testing.T) {
	t.Parallel()
	n, v := startNATS(t), startVendor(t)
	a, b := start(t, nodeFolder(t, v.URL, n, "a", "")), start(t, nodeFolder(t, v.URL, n, "b", ""))
	a.ready(t)
	b.ready(t)
	a.act(t, objection.Change{Object: []string{"audience"}})
	token := a.bearer(t, "crm", "operator")
	eventually(t, "the other one knows", func() bool { return !b.forwarded(t, v) && b.opens(t, token) })
	if got := a.restore(t, true); got.Get("logs.#(gone==true)").Exists() || got.Get("logs.#(begun==true)").Exists() {
		t.Errorf("what is there: %s", got.Raw)
	}

	n.loses(t)
	for _, r := range []*running{a, b} {
		eventually(t, "it says that the log is missing", r.lacksLog(t))
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
	if got := said.Get("logs.#(gone==true)#").Array(); len(got) != 2 || got[0].Get("wrong").Exists() || got[0].Get("begun").Bool() ||
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
	eventually(t, "both know what each took", func() bool { return a.changes(t) == 3 && b.changes(t) == 3 })
	eventually(t, "nothing has to be looked at", func() bool {
		return !gjson.Parse(b.operate("GET", "/cluster", "").Body.String()).Get("look").Exists()
	})
	if a.forwarded(t, v) || b.forwarded(t, v) || !a.opens(t, token) || !b.opens(t, token) {
		t.Error("something was forgotten")
	}
	for r, says := range map[*running]string{a: "is gone, and is begun anew from this node behind act", b: "goes on behind act"} {
		if got := strings.Join(r.recordsOf(t, "cluster"), ""); strings.Count(got, says) != 2 {
			t.Errorf("a ledger says %s", got)
		}
	}
}

package proxy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// TestAnEmptiedNodeThatBeginsAlone: the servers lose all, one node's data folder is emptied, and no other node is
// there: nothing says to it that there was a log, and it begins one. The node that has everything refuses that one, and
// says which commands make it right. Nothing is lost of what either was asked for.
func TestAnEmptiedNodeThatBeginsAlone(t *testing.T) {
	t.Parallel()
	n, v := startNATS(t), startVendor(t)
	a, b := start(t, nodeFolder(t, v.URL, n, "a", "")), start(t, nodeFolder(t, v.URL, n, "b", ""))
	a.ready(t)
	b.ready(t)
	a.act(t, objection.Change{Object: []string{"audience"}})
	a.user(t, 1)
	crm, ops := a.bearer(t, "crm", "operator"), a.bearer(t, "ops", "operator")
	until(t, "both know", func() bool { return b.changes(t) == 2 && b.opens(t, crm) && b.opens(t, ops) })
	if w := b.operate("DELETE", "/tokens", `{"name":"crm"}`); w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	for _, r := range []*running{a, b} {
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
	}
	n.loses(t)
	data := filepath.Join(filepath.Dir(a.file), "data")
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}

	a = start(t, a.file)
	a.ready(t)
	for i := range 4 { // it does more than the other one had done
		if got := a.user(t, 10+i); got[0].Untold {
			t.Errorf("%+v", got)
		}
	}
	if !a.without(t, v) {
		t.Error("it denies what nobody objected to")
	}
	young := a.bearer(t, "young", "operator")

	why := refusedStart(t, b.file)
	for _, says := range []string{
		"the cluster has another log", "and this node has done ", "nats stream rm tagwarden-test_objections`",
		"tagwarden cluster restore --yes", "tagwarden cluster join --again --from DIR",
	} {
		if !strings.Contains(why, says) {
			t.Errorf("it does not say %q: %s", says, why)
		}
	}
	until(t, "the one that began it says that another node has more", func() bool {
		look := gjson.Parse(a.operate("GET", "/cluster", "").Body.String()).Get("look").Raw
		return strings.Contains(look, " acts in another log than this node") &&
			strings.Contains(look, "what one may object to does not travel")
	})
	if a.without(t, v) {
		t.Error("it goes on as if it knew what the other one was asked for")
	}

	if err := a.stop(t); err != nil {
		t.Fatal(err)
	}
	n.removes(t, "objections", "administration")
	b = start(t, b.file)
	if b.forwarded(t, v) {
		t.Error("it forgot an objection")
	}
	if got := b.restore(t, true); len(got.Get("logs.#(begun==true)#").Array()) != 2 {
		t.Fatalf("%s", got.Raw)
	}
	b.ready(t)
	why = refusedStart(t, a.file)
	if !strings.Contains(why, "the cluster's log was begun anew") ||
		!strings.Contains(why, "cluster join --again --from DIR") {
		t.Errorf("it says %s", why)
	}
	if got, err := rejoins(t, a.file, b.copyOf(t)); err != nil || got.Told != 4 || got.Administered != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	a = start(t, a.file)
	a.ready(t)
	until(t, "both know what each was asked for", func() bool { return a.changes(t) == 6 && b.changes(t) == 6 })
	until(t, "and the tokens", func() bool {
		for _, r := range []*running{a, b} {
			if r.opens(t, crm) || !r.opens(t, ops) || !r.opens(t, young) {
				return false
			}
		}
		return true
	})
	if a.forwarded(t, v) || b.forwarded(t, v) {
		t.Error("an objection was forgotten")
	}
	until(t, "nothing has to be looked at", func() bool {
		return !gjson.Parse(b.operate("GET", "/cluster", "").Body.String()).Get("look").Exists()
	})
}

package proxy_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// TestADecisionThatNobodyWasToldOf: a browser that carries the objection in its cookie was told of one decision, and
// not of another one that took its place later.
func TestADecisionThatNobodyWasToldOf(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	at := newClock("2026-11-28T12:00:00Z")
	r := start(t, securedFolder(t, v.URL), at.option)
	cookies := map[string]string{"ajs_anonymous_id": device(1)}
	arrives := func() bool {
		return r.login(t, v, "", device(1), "Cookie: __Host-tagwarden-objections="+
			cookies["__Host-tagwarden-objections"]+"\r\n")
	}
	r.visit(t, cookies, "do=all")
	id := objection.ID{Name: "client_id:segment", Value: device(1)}
	number := r.decides(t, at.now().AddDate(0, 1, 0), id)
	r.visit(t, cookies, "")
	arrivesIs(t, "told", arrives(), true)
	r.does(t, objection.Change{EndDecision: number, Because: "a mistake", Holder: objection.Holder{Kind: objection.Role}})
	at.set("2026-11-29T12:00:00Z")
	r.decides(t, at.now().AddDate(0, 1, 0), id)
	arrivesIs(t, "decided anew", arrives(), false)
	r.visit(t, cookies, "")
	arrivesIs(t, "told again", arrives(), true)
}

// TestADecisionOfAnOlderCopy ends where that copy is restored: it was taken back since, and the objection stands.
func TestADecisionOfAnOlderCopy(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	r := start(t, securedFolder(t, v.URL))
	r.does(t, objectsToAll, user("u-1"))
	number := r.decides(t, time.Now().AddDate(0, 1, 0), user("u-1"))
	store := filepath.Join(filepath.Dir(r.file), "data/objections", objection.FileName)
	older := filepath.Join(t.TempDir(), "older")
	copyFile(t, filepath.Join(filepath.Dir(copied(t, r.file)), "data/objections", objection.FileName), older)
	r.does(t, objection.Change{EndDecision: number, Because: "a mistake", Holder: objection.Holder{Kind: objection.Role}})
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	copyFile(t, older, store)
	for range 2 {
		r = start(t, r.file, func(o *proxy.Options) { o.Because = "the disk broke" })
		arrivesIs(t, "restored", r.login(t, v, "u-1", "", ""), false)
		arrivesIs(t, "somebody else", r.login(t, v, "u-2", "", ""), true)
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
	}
	if ends := r.recordsOf(t, "objection_decision_end"); len(ends) != 2 ||
		!strings.Contains(ends[1], "an older copy was restored") {
		t.Errorf("the ledger says %s", ends)
	}
	r = start(t, r.file)
	r.decides(t, time.Now().AddDate(0, 1, 0), user("u-1"))
	arrivesIs(t, "decided anew", r.login(t, v, "u-1", "", ""), true)
}

package proxy_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tidwall/gjson"
	"go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// theVisitor is who pageView is about.
var theVisitor = []objection.ID{{Name: "client_id:ga4", Value: "1234567890.1700000000"}}

// act objects, or takes back, for the visitor of pageView.
func (r *running) act(t testing.TB, change objection.Change) []objection.Receipt {
	t.Helper()
	return r.actOf(t, theVisitor, change)
}

// actOf objects, or takes back, for a visitor.
func (r *running) actOf(t testing.TB, ids []objection.ID, change objection.Change) []objection.Receipt {
	t.Helper()
	change.Source, change.Holder.Kind = objection.API, objection.Role
	receipts, err := r.Act(t.Context(), objection.Acts{Acts: []objection.Act{{IDs: ids, Change: change}}})
	if err != nil {
		t.Fatal(err)
	}
	return receipts
}

// forwarded sends the page view with consent, and tells whether the vendor got it.
func (r *running) forwarded(t testing.TB, v *vendor) bool {
	t.Helper()
	before := len(v.got())
	if a := r.send(t, get(pageView, consent)); a.status != 200 && a.status != 204 {
		t.Fatalf("%+v", a)
	}
	return len(v.got()) > before
}

// recordsOf are the ledger's records of a kind.
func (r *running) recordsOf(t testing.TB, kind string) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(r.ledger(t)) {
		if gjson.Get(line, "kind").Str == kind {
			all = append(all, line)
		}
	}
	return all
}

// TestAnObjectionHolds: it is in force when it is answered, after a restart too, and until it is taken back. Both acts
// are on the ledger, under the very hash that the visitor's events have there.
func TestAnObjectionHolds(t *testing.T) {
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	if !r.forwarded(t, v) {
		t.Fatal("nothing is forwarded with consent")
	}
	receipts := r.act(t, objection.Change{Object: []string{"audience"}, Site: "shop",
		Campaign: "write to jane@example.com"})
	if len(receipts) != 1 || !receipts[0].New || receipts[0].Seq != 1 ||
		strings.Join(receipts[0].InForce, " ") != "audience" {
		t.Errorf("%+v", receipts)
	}
	if r.forwarded(t, v) {
		t.Error("an objection was acknowledged, and a hit is forwarded")
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	r = start(t, r.file)
	if r.forwarded(t, v) {
		t.Error("an objection is forgotten at a restart")
	}
	if again := r.act(t, objection.Change{Object: []string{"audience"}}); again[0].New || again[0].Seq != 1 {
		t.Errorf("what stood already: %+v", again)
	}
	r.act(t, objection.Change{TakeBack: []string{"all"}, By: "operator", Because: "asked by mail, jane@example.com"})
	if !r.forwarded(t, v) {
		t.Error("an objection that was taken back goes on")
	}
	objected, withdrawn, heads := r.recordsOf(t, "objection"), r.recordsOf(t, "withdrawal"),
		r.recordsOf(t, "objections_head")
	if len(objected) != 1 || len(withdrawn) != 1 || len(heads) == 0 || gjson.Get(heads[len(heads)-1], "size").Int() != 2 {
		t.Fatalf("%v\n%v\n%v", objected, withdrawn, heads)
	}
	events := r.recordsOf(t, "event")
	subject := gjson.Get(events[0], "subjects.0").Str
	if subject == "" || gjson.Get(objected[0], "subjects.0").Str != subject ||
		gjson.Get(withdrawn[0], "subjects.0").Str != subject {
		t.Errorf("%s\n%s\n%s", events[0], objected[0], withdrawn[0])
	}
	if gjson.Get(events[1], "reason").Str != "objection" || gjson.Get(events[1], "objections.0").Str != "audience" {
		t.Error(events[1])
	}
	if all := r.ledger(t); strings.Contains(all, "jane") || strings.Contains(all, "1234567890") {
		t.Error("an identifier, or an address in a reason, is on the ledger")
	}
}

// TestRestrictionsAndComplaints: a restriction (Art. 18) holds like an objection, under its own name, and is taken back
// under it; a complaint may come alone.
func TestRestrictionsAndComplaints(t *testing.T) {
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	if got := r.act(t, objection.Change{Object: []string{"vendor:ga4"}, Restriction: true}); strings.Join(got[0].InForce,
		" ") != "restriction:vendor:ga4" {
		t.Errorf("%+v", got)
	}
	if r.forwarded(t, v) {
		t.Error("what is restricted is forwarded")
	}
	events := r.recordsOf(t, "event")
	if last := events[len(events)-1]; gjson.Get(last, "reason").Str != "objection" ||
		!gjson.Get(last, "restriction").Bool() {
		t.Error(last)
	}
	if got := r.act(t, objection.Change{TakeBack: []string{"vendor:ga4"}, By: "crm", Because: "asked"}); len(
		got[0].InForce) != 1 {
		t.Errorf("a restriction went with an objection: %+v", got)
	}
	r.act(t, objection.Change{TakeBack: []string{"restriction:vendor:ga4"}, By: "crm", Because: "settled"})
	if !r.forwarded(t, v) {
		t.Error("the restriction goes on")
	}
	r.act(t, objection.Change{Complaint: true})
	if got := r.recordsOf(t, "complaint"); len(got) != 1 || gjson.Get(got[0], "scopes").Exists() ||
		len(gjson.Get(got[0], "subjects").Array()) == 0 {
		t.Errorf("%v", got)
	}
}

// TestFaultyActs: what is wrong is said with its place, and nothing is done.
func TestFaultyActs(t *testing.T) {
	r := start(t, folder(t, startVendor(t).URL))
	good := objection.Change{Object: []string{"audience"}}
	for want, act := range map[string]objection.Act{
		"ids: at least one identifier is needed": {Change: good},
		"ids.email: email: there is none in it": {
			IDs: []objection.ID{{Name: "email", Value: "jane"}}, Change: good},
		"ids.user_id: it stands where somebody has no identifier": {
			IDs: []objection.ID{{Name: "user_id", Value: "anonymous"}}, Change: good},
		"ids.name: name names no identifier": {
			IDs: []objection.ID{{Name: "name", Value: "Jane"}}, Change: good},
		"object: audienc is no purpose of the policy, vendor:ID or all: did you mean": {IDs: theVisitor,
			Change: objection.Change{Object: []string{"audienc"}}},
		"object: that is no name of a scope": {IDs: theVisitor,
			Change: objection.Change{Object: []string{"jane@example.com"}}},
		"scopes: at least one is needed": {IDs: theVisitor},
		"site: there is no site of that id": {IDs: theVisitor,
			Change: objection.Change{Object: []string{"all"}, Site: "shops"}},
		"source: seen_with is the server's own": {
			IDs: theVisitor, Change: objection.Change{Object: []string{"all"}, Source: "seen_with"},
		},
		"source: at most 32": {IDs: theVisitor, Change: objection.Change{Object: []string{"all"},
			Source: "Jane's"}},
		"take_back: that is no name of a scope": {IDs: theVisitor, Change: objection.Change{TakeBack: []string{"a b"}}},
	} {
		_, err := r.Act(t.Context(), objection.Acts{Acts: []objection.Act{{IDs: theVisitor, Change: good}, act}})
		fault, ok := errors.AsType[*objection.Fault](err)
		if !ok || fault.Act != 1 || !strings.HasPrefix(fault.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if standing, err := r.Standing(theVisitor, nil); err != nil || len(standing) != 0 {
		t.Errorf("%v, %v", standing, err)
	}
}

// TestAnOldLinkObjects: what a link objects to may be there no more under the policy in
// force. That is no reason to refuse it.
func TestAnOldLinkObjects(t *testing.T) {
	r := start(t, folder(t, startVendor(t).URL))
	change := objection.Change{Object: []string{"gone"}, Source: objection.Link}
	receipts, err := r.Act(t.Context(), objection.Acts{Acts: []objection.Act{{IDs: theVisitor, Change: change}}})
	if err != nil || strings.Join(receipts[0].InForce, " ") != "gone" {
		t.Errorf("%+v, %v", receipts, err)
	}
}

// twice is asked for objections and gives other answers from the second look on.
type twice struct {
	asked atomic.Int64
	later rules.Objections
	fails error
}

func (o *twice) Lookup([16]byte) (rules.Objections, error) {
	if o.asked.Add(1) == 1 {
		return rules.Objections{}, nil
	}
	return o.later, o.fails
}

// TestHeldBackAtTheLastMoment: an objection that comes into force after a hit was judged still
// holds it back, and so does not knowing.
func TestHeldBackAtTheLastMoment(t *testing.T) {
	for what, later := range map[string]*twice{
		"an objection":              {later: rules.Objections{All: true}},
		"a look-up that fails":      {fails: errors.New("the disk is gone")},
		"an objection to the other": {later: rules.Objections{Vendors: 1 << 40}},
	} {
		v := startVendor(t)
		r := start(t, folder(t, v.URL), func(o *proxy.Options) { o.Objections = later })
		a := r.send(t, get(pageView, consent))
		held := what != "an objection to the other"
		if got := len(v.got()); held != (got == 0) || later.asked.Load() != 2 {
			t.Errorf("%s: the vendor got %d hits, asked %d times", what, got, later.asked.Load())
		}
		if err := r.stop(t); err != nil {
			t.Error(err)
		}
		outcomes := r.recordsOf(t, "outcome")
		if held && (a.status != 204 || len(outcomes) != 1 || gjson.Get(outcomes[0], "why").Str != "objection" ||
			gjson.Get(outcomes[0], "outcome").Str != "dropped") {
			t.Errorf("%s: %+v, %v", what, a, outcomes)
		}
	}
}

// TestWithoutAStoreThatCanBeWritten: once an objection could not be written down, none is acknowledged, nothing travels
// that one may object to, and whoever asks for the server's health is told why. What somebody consented to goes on.
func TestWithoutAStoreThatCanBeWritten(t *testing.T) {
	var full atomic.Bool
	v := startVendor(t)
	file := folder(t, v.URL)
	r := start(t, file, func(o *proxy.Options) {
		o.Commit = func(tx *bbolt.Tx) error {
			if full.Load() {
				return errors.Join(errors.New("no space left on device"), tx.Rollback())
			}
			return tx.Commit()
		}
	})
	full.Store(true)
	_, err := r.Act(t.Context(),
		objection.Acts{Acts: []objection.Act{{IDs: theVisitor, Change: objection.Change{Object: []string{"all"}}}}})
	if !errors.Is(err, objection.ErrPoisoned) {
		t.Fatalf("%v", err)
	}
	full.Store(false)
	if _, err = r.Act(t.Context(),
		objection.Acts{Acts: []objection.Act{{IDs: theVisitor,
			Change: objection.Change{Object: []string{"all"}}}}}); !errors.Is(err, objection.ErrPoisoned) {
		t.Errorf("the next one is acknowledged: %v", err)
	}
	if status, text := r.get(t, "/readyz"); status != 503 || !strings.Contains(text, "objections cannot be taken") {
		t.Errorf("%d %s", status, text)
	}
	if !r.forwarded(t, v) {
		t.Error("what somebody consented to does not go on")
	}
	if a := r.send(t, post("/t/privacy/objections", "Origin: https://shop.example\r\nContent-Type: application/json\r\n",
		`{"all":true,"ids":{"client_id:ga4":"1234567890.1"}}`)); a.status != 503 {
		t.Errorf("a visitor is told %d %s", a.status, a.body)
	}
}

// copyFile copies a file.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestAnOlderCopyIsRefused: the ledger remembers what the store held. An older copy of it, or none, is refused, unless
// somebody says why not; and that is recorded.
func TestAnOlderCopyIsRefused(t *testing.T) {
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	store := filepath.Join(proxy.ObjectionsDir(filepath.Join(filepath.Dir(r.file), "data")), objection.FileName)
	end := func() {
		t.Helper()
		if err := r.stop(t); err != nil {
			t.Fatal(err)
		}
	}
	r.act(t, objection.Change{Object: []string{"vendor:ga4"}})
	end()
	older := filepath.Join(t.TempDir(), "older")
	copyFile(t, store, older)
	r = start(t, r.file)
	r.act(t, objection.Change{Object: []string{"all"}})
	end()
	loaded, err := config.Load(r.file)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(why error) {
		t.Helper()
		if s, err := proxy.New(loaded, proxy.Options{Root: pseudonym.TestRoot}); !errors.Is(err, why) {
			t.Fatalf("%v", errors.Join(err, s.Release()))
		} else if !strings.Contains(err.Error(), "objections restore --because") {
			t.Errorf("it does not say what to do: %v", err)
		}
	}
	newer := filepath.Join(t.TempDir(), "newer")
	copyFile(t, store, newer)
	copyFile(t, older, store)
	refused(objection.ErrOlder)
	if err := os.Remove(store); err != nil {
		t.Fatal(err)
	}
	refused(objection.ErrOlder)
	copyFile(t, newer, store)
	r = start(t, r.file)
	end()
	copyFile(t, older, store)
	r = start(t, r.file, func(o *proxy.Options) { o.Because = "the disk broke" })
	heads := r.recordsOf(t, "objections_head")
	if last := heads[len(heads)-1]; gjson.Get(last, "restored").Str != "the disk broke" ||
		gjson.Get(last, "size").Int() != 1 {
		t.Error(last)
	}
	end()
	r = start(t, r.file) // from then on it is the one that counts
	if r.forwarded(t, v) {
		t.Error("what the older copy holds is not in force")
	}
}

// TestAnActMissingOnTheLedgerIsRecordedLate: the process died between store and ledger.
func TestAnActMissingOnTheLedgerIsRecordedLate(t *testing.T) {
	r := start(t, folder(t, startVendor(t).URL))
	r.act(t, objection.Change{Object: []string{"audience"}})
	r.act(t, objection.Change{Object: []string{"all"}})
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	segments, err := filepath.Glob(filepath.Join(filepath.Dir(r.file), "data", "ledger", "0*.jsonl"))
	if err != nil || len(segments) != 1 {
		t.Fatal(segments, err)
	}
	text, err := os.ReadFile(segments[0])
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := bytes.Cut(text, []byte(`"kind":"objection","seq":2`))
	cut := bytes.LastIndexByte(before, '\n') + 1
	if err := os.WriteFile(segments[0], before[:cut], 0o600); err != nil {
		t.Fatal(err)
	}
	forgetCheckpoints(t, filepath.Join(filepath.Dir(r.file), "data"))
	r = start(t, r.file)
	late := r.recordsOf(t, "objection")
	if len(late) != 2 || gjson.Get(late[1], "seq").Int() != 2 || !gjson.Get(late[1], "recovered").Bool() {
		t.Errorf("%v", late)
	}
	if heads := r.recordsOf(t, "objections_head"); gjson.Get(heads[len(heads)-1], "size").Int() != 2 {
		t.Errorf("%v", heads)
	}
}

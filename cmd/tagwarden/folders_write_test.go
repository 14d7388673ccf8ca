package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/tidwall/gjson"
	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// keep makes TestFolderAsWritten keep what it writes: go test ./cmd/tagwarden -run
// TestFolderAsWritten -keep-folder NAME
var keep = flag.String("keep-folder", "",
	"keep the folder that this version writes in testdata/folders, under this name")

// TestFolderAsWritten: this version writes a folder with everything that can be in one, and opens
// it as it opens those of other versions.
func TestFolderAsWritten(t *testing.T) {
	w := newWriting(t)
	w.firstDay()
	w.secondDay()
	w.withoutServer()
	w.leave()
	checkFolder(t, w.dir)
	if *keep == "" || t.Failed() {
		return
	}
	to := filepath.Join(keptFolders, *keep)
	if _, err := os.Stat(to); err == nil {
		t.Fatalf("%s is there: what a version wrote is not written over", to)
	}
	if err := os.CopyFS(to, os.DirFS(w.dir)); err != nil {
		t.Fatal(err)
	}
}

// writing is a folder that is being written.
type writing struct {
	*opened
	at atomic.Int64 // the clock
}

// The keys of the folder. Nothing else is made with them.
var (
	folderRoot     = bytes.Repeat([]byte("kept"), 8)
	folderApprover = bytes.Repeat([]byte("lead"), 8)
)

// newWriting writes server file, policy and keys.
func newWriting(t *testing.T) *writing {
	t.Helper()
	w := &writing{opened: &opened{t: t, dir: filepath.Join(t.TempDir(), "shop")}}
	w.Written, w.Assessments = version, map[string]string{}
	w.set("2026-11-30T10:00:00Z")
	private, public, err := note.GenerateKey(bytes.NewReader(folderApprover), "privacy")
	if err != nil {
		t.Fatal(err)
	}
	files, err := txtar.ParseFile(filepath.Join(keptFolders, "shop.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files.Files {
		w.put(f.Name, strings.ReplaceAll(string(f.Data), "APPROVER", public))
	}
	w.put("root.key", base64.StdEncoding.EncodeToString(folderRoot)+"\n")
	w.put("approver.key", private+"\n")
	return w
}

func (w *writing) put(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *writing) set(text string) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		w.t.Fatal(err)
	}
	w.clock = at
	w.at.Store(at.Unix())
}

func (w *writing) now() time.Time { return time.Unix(w.at.Load(), 0).UTC() }

func (w *writing) serve() *served {
	w.t.Helper()
	return serveFolder(w.t, w.file(), w.now)
}

// until waits until something is so, for ten seconds at most.
func (w *writing) until(what string, is func() bool) {
	w.t.Helper()
	tick, end := time.NewTicker(5*time.Millisecond), time.After(10*time.Second)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-end:
			w.t.Fatal(what)
		}
	}
}

func pageView(id, more string) string {
	return "/g/collect?v=2&tid=G-1&en=page_view&cid=" + id + more
}

// consented is the cookie of a visitor who said yes.
const consented = "choice=yes"

// objects has somebody object through the API, and notes what then stands.
func (w *writing) objects(s *served, id, body string, inForce ...string) {
	w.t.Helper()
	name, value, _ := strings.Cut(id, "=")
	text := fmt.Sprintf(`{"ids":{%q:%q},%s,"site":"shop","channel":"mail","campaign":"autumn","time":"2026-11-29T08:00:00Z"}`,
		name, value, body)
	status, answer := s.ask(s.admin, "POST", "/api/v1/objections", text, "Authorization: Bearer "+w.Tokens[0].Token,
		"Content-Type: application/json", "Idempotency-Key: "+fmt.Sprintf("%x", id))
	if status != http.StatusOK {
		w.t.Fatalf("%s: status %d %s", id, status, answer)
	}
	w.stands(id, inForce...)
}

// stands notes what stands for somebody.
func (w *writing) stands(id string, inForce ...string) {
	if inForce == nil {
		inForce = []string{}
	}
	w.People = append(w.People, person{id, inForce})
}

// firstDay: keys are made, assessments approved, and people object to everything
// there is under every identifier there is.
func (w *writing) firstDay() {
	for _, id := range []string{"LIA-2026-001", "LIA-2026-002"} {
		w.command("lia", "approve", id, "--key", filepath.Join(w.dir, "approver.key"), "--despite", "--because",
			"there is no more to say")
	}
	s := w.serve()
	defer s.stop()
	for _, one := range []struct {
		name, role string
		status     int
	}{{"crm", "objections-add", 403}, {"tool", "objections-read", 200}, {"gone", "objections-read", 401}} {
		made := w.command("token", "create", "--name", one.name, "--role", one.role)
		w.Tokens = append(w.Tokens, folderToken{one.name, strings.TrimSpace(made), one.status})
	}
	w.command("token", "revoke", "gone")
	for i, id := range everybody {
		scope := everything[i%len(everything)]
		w.objects(s, id, scope.body, scope.inForce...)
	}
	for i, scope := range everything {
		w.objects(s, fmt.Sprintf("client_id:ga4=20000000%02d.1700000000", i), scope.body, scope.inForce...)
	}
	for i := range 4 { // three networks make a screen a common one
		s.ask(s.hits, "GET", pageView("3000000000.1700000000", "&sr=1920x1080"), "", "Cookie: "+consented,
			fmt.Sprintf("X-Forwarded-For: 198.51.%d.9", 101+i))
	}
	s.ask(s.hits, "GET", "/nothing/here", "")
	s.ask(s.hits, "GET", pageView("3000000000.1700000000", ""), "", "Host: elsewhere.example")
}

// secondDay: keys advance and are rotated, an assessment is revoked and another one renewed, and some is taken back.
func (w *writing) secondDay() {
	w.set("2026-12-01T10:00:00Z")
	s := w.serve()
	defer s.stop()
	w.command("keys", "rotate", "--period", "week")
	w.command("lia", "revoke", "LIA-2026-002", "--because", "it was too much", "--key",
		filepath.Join(w.dir, "approver.key"))
	w.edit("policy/assessments/LIA-2026-001.yaml", "version: 1\n", "version: 2\n")
	w.command("lia", "approve", "LIA-2026-001", "--key", filepath.Join(w.dir, "approver.key"), "--despite", "--because",
		"there is no more to say")
	if err := s.Reload(); err != nil {
		w.t.Fatal(err)
	}
	w.Assessments["LIA-2026-001"], w.Assessments["LIA-2026-002"] = "due", "revoked"
	w.edit("policy/purposes.yaml", "purposes:", "purpose:")
	if s.Reload() == nil {
		w.t.Error("a faulty policy is loaded")
	}
	w.edit("policy/purposes.yaml", "purpose:", "purposes:")

	w.command("objections", "add", "--id", "email=back@example.com", "--all", "--site", "shop")
	w.command("objections", "withdraw", "--id", "email=back@example.com", "--all", "--because", "he wrote to us")
	w.stands("email=back@example.com")
	w.frontEnd(s)
	w.linked(s)
	w.optedOut(s)

	began := w.segments()
	w.set("2026-12-01T11:30:00Z")
	w.until("no other segment is begun", func() bool { return w.segments() > began })
	w.traffic(s)
	w.until("nobody is told of a review", func() bool { return strings.Contains(w.ledger(), `"kind":"review_due"`) })
	w.until("no outcome is recorded", func() bool { return strings.Contains(w.ledger(), `"kind":"outcome"`) })
}

// frontEnd has visitors object in their browser, and take it back.
func (w *writing) frontEnd(s *served) {
	w.t.Helper()
	for _, cid := range []string{"5000000001", "5000000002"} {
		cookie := "Cookie: _ga=GA1.1." + cid + ".1700000000"
		headers := []string{cookie, "Origin: https://shop.example", "Content-Type: application/json",
			"X-Forwarded-For: 203.0.113." + cid[9:]}
		if status, text := s.ask(s.hits, "POST", "/privacy/objections", `{"purposes":["measure"]}`,
			headers...); status != http.StatusOK {
			w.t.Fatalf("status %d %s", status, text)
		}
	}
	w.stands("client_id:ga4=5000000001.1700000000", "measure")
	w.stands("client_id:ga4=5000000002.1700000000", "measure")
}

// linked has somebody follow a signed link.
func (w *writing) linked(s *served) {
	w.t.Helper()
	lines := w.command("objections", "link", "--id", "email=link@example.com", "--purpose", "offers")
	address, _, _ := strings.Cut(lines, "\n")
	_, path, _ := strings.Cut(address, "https://shop.example")
	status, text := s.ask(s.hits, "POST", path, "List-Unsubscribe=One-Click",
		"Content-Type: application/x-www-form-urlencoded", "X-Forwarded-For: 203.0.113.9")
	if status != http.StatusOK {
		w.t.Fatalf("%s: status %d %s", address, status, text)
	}
	w.stands("email=link@example.com", "offers")
	w.Hits = append(w.Hits, folderHit{Why: "a link that was sent shows its page", Method: "GET", Target: path})
}

// traffic sends hits, and notes what becomes of them.
func (w *writing) traffic(s *served) {
	w.t.Helper()
	hits := []folderHit{
		{Why: "who did not object is measured, under the same pseudonym, on a screen that others have too", Method: "GET",
			Target: pageView("3000000000.1700000000", "&sr=1920x1080"), Cookie: consented, Leaves: true},
		{Why: "without consent", Method: "GET", Target: pageView("3000000000.1700000000", "")},
		{Why: "counted on an assessment", Method: "GET",
			Target: "/matomo.php?idsite=1&rec=1&_id=fedcba9876543210&action_name=Home", Leaves: true},
		{Why: "objected to being counted", Method: "GET",
			Target: "/matomo.php?idsite=1&rec=1&_id=0123456789abcdef&action_name=Home"},
		{Why: "a customer by number", Method: "GET", Target: pageView("3000000001.1700000000", "&uid=customer-4711"),
			Cookie: consented},
		{Why: "a customer by address, objected to by a hash", Method: "GET", Target: pageView("3000000002.1700000000",
			"&uid=jane.doe%40example.com"), Cookie: consented},
		{Why: "objected in the browser", Method: "GET", Target: pageView("5000000001.1700000000", ""), Cookie: consented},
	}
	for i, scope := range everything {
		one := folderHit{Why: "objected to " + strings.Join(scope.inForce, " "), Method: "GET",
			Target: pageView(fmt.Sprintf("20000000%02d.1700000000", i), ""), Cookie: consented}
		one.Leaves = slices.Equal(scope.inForce, []string{"offers"})
		hits = append(hits, one)
	}
	s.ask(s.hits, "GET", pageView("3000000000.1700000000", "&dt=refuse_this"), "", "Cookie: "+consented)
	for i := range hits {
		h := &hits[i]
		got := s.hit(h)
		if (got != "") != h.Leaves {
			w.t.Errorf("%s: the vendor got %q", h.Why, got)
		}
		if i == 0 {
			_, h.Holds, _ = strings.Cut(strings.TrimSpace(got), "?")
		}
	}
	if !strings.Contains(hits[0].Holds, "sr=1920x1080") || strings.Contains(hits[0].Holds, "3000000000") {
		w.t.Errorf("the vendor got %q", hits[0].Holds)
	}
	w.Hits = append(w.Hits, hits...)
}

// withoutServer: the third day is the command line's.
func (w *writing) withoutServer() {
	w.set("2026-12-02T10:00:00Z")
	w.command("objections", "import", filepath.Join(w.dir, "list.csv"), "--all", "--column", "email=E-Mail", "--column",
		"time=Opt-out date")
	w.stands("email=first.import@example.com", "all")
	w.stands("email=second.import@example.com", "all")
	w.command("objections", "add", "--id", "client_id:ga4=6000000000.1700000000", "--vendor", "ga4")
	w.stands("client_id:ga4=6000000000.1700000000", "vendor:ga4")
}

// leave takes away what only a running server has, and notes what is there.
func (w *writing) leave() {
	var counted api.Stats
	w.asJSON(&counted, "objections", "stats")
	w.Changes = counted.Changes
	// The store's file has room for 16 MiB more. A copy of it has none.
	w.command("objections", "backup", filepath.Join(w.dir, "copy.db"))
	data := filepath.Join(w.dir, "data")
	if err := os.Rename(filepath.Join(w.dir, "copy.db"), filepath.Join(proxy.ObjectionsDir(data),
		objection.FileName)); err != nil {
		w.t.Fatal(err)
	}
	for _, name := range []string{"lock", "control"} {
		if err := os.RemoveAll(filepath.Join(data, name)); err != nil {
			w.t.Fatal(err)
		}
	}
	var keys listed
	w.asJSON(&keys, "keys", "list")
	w.Identity, w.Chains = keys.Identity, map[string]folderChain{}
	for _, one := range keys.Chains {
		w.Chains[one.Chain] = folderChain{one.Period, one.Rotated}
	}
	w.waiting(data)
	w.namesNoNode()
	w.Records, w.Segments = map[string]int{}, w.segments()
	for line := range strings.Lines(w.ledger()) {
		w.Records[gjson.Get(line, "kind").Str]++
	}
	for _, kind := range recordKinds {
		if w.Records[kind] == 0 {
			w.t.Errorf("there is no record of the kind %s", kind)
		}
	}
	w.At = w.now()
	text, err := json.MarshalIndent(w.folderNote, "", "  ")
	if err != nil {
		w.t.Fatal(err)
	}
	w.put("folder.json", string(text)+"\n")
}

// waiting notes what webhooks are still to be told.
func (w *writing) waiting(data string) {
	w.t.Helper()
	store, err := objection.Open(objection.Options{Dir: proxy.ObjectionsDir(data), Identity: w.Identity, Map: 1 << 20})
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := store.Outbox().Next(0, 1<<20)
	if err = errors.Join(err, store.Close()); err != nil {
		w.t.Fatal(err)
	}
	w.Waiting = map[string]int{}
	for _, one := range all {
		w.Waiting[one.To]++
	}
}

// namesNoNode looks that no record names this machine: it says nothing.
func (w *writing) namesNoNode() {
	w.t.Helper()
	host, err := os.Hostname()
	if err != nil {
		w.t.Fatal(err)
	}
	if strings.Contains(w.ledger(), fmt.Sprintf(`"node":%q`, host)) {
		w.t.Error("a record names the machine that the folder was written on")
	}
}

func (w *writing) segments() int {
	all, err := ledger.Segments(filepath.Join(w.dir, "data", "ledger"))
	if err != nil {
		w.t.Fatal(err)
	}
	return len(all)
}

// ledger is the log as it stands, whether it is packed or not.
func (w *writing) ledger() string {
	var all strings.Builder
	err := ledger.Search(filepath.Join(w.dir, "data", "ledger"), ledger.Query{}, func(record []byte) bool {
		all.Write(record)
		all.WriteByte('\n')
		return true
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all.String()
}

package proxy_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/internal/rawhttp"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// seconds is a ticker that a test turns.
type seconds chan time.Time

func (s seconds) option(o *proxy.Options) {
	o.Every = func(d time.Duration) (<-chan time.Time, func()) {
		if d != time.Second { // of something else
			return nil, func() {}
		}
		return s, func() {}
	}
}

// pass lets a second pass. When it returns, what is done each second was done, for the next one is waited for.
func (s seconds) pass() {
	s <- time.Time{}
	s <- time.Time{}
}

// TestObjectionsFileGone: that the file was taken away is noticed within a second and said once, and nothing is
// acknowledged meanwhile. When the file is back, everything goes on.
func TestObjectionsFileGone(t *testing.T) {
	v, second := startVendor(t), make(seconds)
	core, logged := observer.New(zap.InfoLevel)
	r := start(t, folder(t, v.URL), second.option, func(o *proxy.Options) { o.Log = zap.New(core) })
	r.act(t, objection.Change{Object: []string{"vendor:segment"}})
	path := filepath.Join(proxy.ObjectionsDir(dataOf(r)), objection.FileName)
	for _, replace := range []bool{false, true} {
		if err := os.Rename(path, path+".aside"); err != nil {
			t.Fatal(err)
		}
		if replace {
			write(t, path, "another")
		}
		second.pass()
		second.pass()
		if status, text := r.get(t, "/readyz"); status != 503 || !strings.Contains(text, "not in its place") {
			t.Errorf("ready: %d %s", status, text)
		}
		acts := objection.Acts{Acts: []objection.Act{{IDs: theVisitor, Change: objection.Change{Object: []string{"audience"},
			Source: objection.API}}}}
		if _, err := r.Act(t.Context(), acts); !errors.Is(err, objection.ErrGone) {
			t.Errorf("acknowledged: %v", err)
		}
		const kind, body = "Origin: https://shop.example\r\nContent-Type: application/json\r\n",
			`{"all":true,"ids":{"client_id:ga4":"1234567890.1700000000"}}`
		if a := r.send(t, post("/t/privacy/objections", kind, body)); a.status != 503 {
			t.Errorf("the visitors' endpoint: %+v", a)
		}
		if status, kind := r.operatorObjects(t); status != 503 || kind != problem.MediaType {
			t.Errorf("the API: %d, %s", status, kind)
		}
		if err := os.Rename(path+".aside", path); err != nil {
			t.Fatal(err)
		}
		second.pass()
		if status, text := r.get(t, "/readyz"); status != 200 {
			t.Errorf("the file is back: %d %s", status, text)
		}
	}
	r.act(t, objection.Change{Object: []string{"audience"}})
	if r.forwarded(t, v) {
		t.Error("an objection is not in force")
	}
	if n := logged.FilterMessageSnippet("objections are not acknowledged any more").Len(); n != 2 {
		t.Errorf("said %d times, twice it was so", n)
	}
	if n := logged.FilterMessageSnippet("is back in its place").Len(); n != 2 {
		t.Errorf("that it is back is said %d times", n)
	}
}

// TestObjectionsFileGoneWhileABodyComes: whether objections can be taken is asked once the hit is there whole.
func TestObjectionsFileGoneWhileABodyComes(t *testing.T) {
	v, second := standIn(t), make(seconds)
	r := start(t, shop(t, v.Addr(),
		map[string]string{"policy/activities.yaml": "activities:\n  - { id: duty, vendor: ga4, purposes: [measure], basis: public_task, retention: 14 months, " +
			"reference: \"a law\", profile: none, events: [page_view] }\n",
			"policy/profiles.yaml": "profiles:\n  none:\n    classes: { event_name: keep }\n    set: { ga4: { cid: \"1.1\" } }\n"}),
		second.option)
	path := filepath.Join(proxy.ObjectionsDir(dataOf(r)), objection.FileName)
	request := post("/t/g/collect?v=2&tid=G-1&cid=1.2", "", "en=page_view&sr=1x1")
	for gone, sent := range []int{1, 1} { // while it is there it travels, and no more after that
		c, err := rawhttp.Dial(r.hits)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if err := c.Send(request[:len(request)-4]); err != nil {
			t.Fatal(err)
		}
		r.held(t, 1, 1<<20)
		if gone == 1 {
			if err := os.Rename(path, path+".aside"); err != nil {
				t.Fatal(err)
			}
			second.pass()
		}
		if err := c.Send(request[len(request)-4:]); err != nil {
			t.Fatal(err)
		}
		if a, err := c.Answer("POST"); err != nil || a.Status != 204 {
			t.Errorf("%+v, %v", a, err)
		}
		if n := len(v.Requests()); n != sent {
			t.Errorf("the vendor received %d requests, want %d", n, sent)
		}
	}
}

// operatorObjects objects through the operator's API, and returns status and type of the answer.
func (r *running) operatorObjects(t *testing.T) (int, string) {
	t.Helper()
	status, kind, _ := r.objected(t, `{"ids":{"email":"jane@example.com"},"all":true}`)
	return status, kind
}

func dataOf(r *running) string { return filepath.Join(filepath.Dir(r.file), "data") }

// TestTokensFileChangedByHand: a token that was taken out opens nothing after a second, or a reload; a file that is
// broken is said at once, and the tokens that were there go on.
func TestTokensFileChangedByHand(t *testing.T) {
	second := make(seconds)
	core, logged := observer.New(zap.ErrorLevel)
	file := folder(t, "http://127.0.0.1:1")
	data := filepath.Join(filepath.Dir(file), "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	made, err := access.OpenTokens(data)
	if err != nil {
		t.Fatal(err)
	}
	var bearers []string
	for _, name := range []string{"a", "b", "c"} {
		bearer, err := made.Create(access.By{}, name, []access.Role{access.Read}, nil, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		bearers = append(bearers, bearer)
	}
	path := filepath.Join(data, access.TokensFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, file, second.option, func(o *proxy.Options) { o.Log = zap.New(core) })
	opens := func(n int) bool {
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.admin+"/api/v1/objections", nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+bearers[n])
		a, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Body.Close() }()
		return a.StatusCode == 200
	}
	without := func(text []byte, name string) string {
		var all struct {
			Version int              `json:"version"`
			Tokens  []map[string]any `json:"tokens"`
		}
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatal(err)
		}
		kept := all.Tokens[:0]
		for _, one := range all.Tokens {
			if one["name"] != name {
				kept = append(kept, one)
			}
		}
		all.Tokens = kept
		out, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	if !opens(0) || !opens(1) || !opens(2) {
		t.Fatal("a token does not open")
	}
	write(t, path, string(whole)+"}")
	second.pass()
	if said := logged.FilterMessageSnippet("tokens").Len(); said != 1 || !opens(0) {
		t.Errorf("a broken file is said %d times; the tokens that were there go on: %t", said, opens(0))
	}
	if err := r.Reload(); err != nil {
		t.Error(err)
	}
	if said := logged.FilterMessageSnippet("tokens").Len(); said != 2 {
		t.Errorf("after a reload it is said %d times", said)
	}
	write(t, path, without(whole, "a"))
	second.pass()
	if opens(0) || !opens(1) {
		t.Error("after a second the token that was taken out opens, or another one does not")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, without(text, "b"))
	if err := r.Reload(); err != nil {
		t.Error(err)
	}
	if opens(1) || !opens(2) {
		t.Error("after a reload the token that was taken out opens, or another one does not")
	}
}

// TestDataFolderIsShut: others could enter it; they can no more, and the log says so.
func TestDataFolderIsShut(t *testing.T) {
	file := folder(t, "http://127.0.0.1:1")
	data := filepath.Join(filepath.Dir(file), "data")
	if err := errors.Join(os.Mkdir(data, 0o700), os.Chmod(data, 0o755)); err != nil {
		t.Fatal(err)
	}
	core, logged := observer.New(zap.WarnLevel)
	r := start(t, file, func(o *proxy.Options) { o.Log = zap.New(core) })
	if info, err := os.Stat(dataOf(r)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if logged.FilterMessageSnippet("could be entered by others (mode 0755)").Len() != 1 {
		t.Errorf("the log says %v", logged.All())
	}
}

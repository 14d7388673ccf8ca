package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
)

// keptFolders holds data and policy folders as versions of this program wrote them, each with
// a folder.json that says what is in it.
const keptFolders = "testdata/folders"

// folderNote is folder.json: what has to hold of a folder whichever version opens it.
type folderNote struct {
	Written     string                 `json:"written"` // by which version
	At          time.Time              `json:"at"`      // when it was left
	People      []person               `json:"people"`
	Hits        []folderHit            `json:"hits"`
	Assessments map[string]string      `json:"assessments"` // state of each
	Tokens      []folderToken          `json:"tokens"`
	Waiting     map[string]int         `json:"waiting"` // messages by webhook
	Records     map[string]int         `json:"records"` // of the ledger, by kind
	Segments    int                    `json:"segments"`
	Changes     uint64                 `json:"changes"`  // of the objections' log
	Identity    string                 `json:"identity"` // of the keys
	Chains      map[string]folderChain `json:"chains"`
}

type folderChain struct {
	Period  int64 `json:"period"`
	Rotated int   `json:"rotated"`
}

// person is somebody who objected, by one identifier, and what stands for it.
type person struct {
	ID      string   `json:"id"` // NAME=VALUE
	InForce []string `json:"in_force"`
}

// folderHit is a hit, and what becomes of it.
type folderHit struct {
	Why     string   `json:"why"`
	Method  string   `json:"method"`
	Target  string   `json:"target"`
	Cookie  string   `json:"cookie,omitempty"`
	Headers []string `json:"headers,omitempty"` // further ones
	Body    string   `json:"body,omitempty"`
	Leaves  bool     `json:"leaves"`
	Holds   string   `json:"holds,omitempty"` // what the vendor gets has this in it
}

type folderToken struct {
	Name   string `json:"name"`
	Token  string `json:"token"`
	Status int    `json:"status"` // of reading the suppression feed
}

// keptFolderNames lists the folders.
func keptFolderNames(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(keptFolders)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		t.Fatal("there is none")
	}
	return names
}

// TestKeptFolders: what any version wrote, this one goes on with. Nothing that was acknowledged is lost by an update.
func TestKeptFolders(t *testing.T) {
	for _, name := range keptFolderNames(t) {
		t.Run(name, func(t *testing.T) { checkFolder(t, filepath.Join(keptFolders, name)) })
	}
}

// todo does what whoever runs a folder of an earlier version has to do (CHANGELOG): the exemption for measuring an
// audience is national, activities say how long recipients keep the data, vendors where their machines stand, and
// webhooks that they are on a private address.
func todo(name string, text []byte) []byte {
	switch name {
	case "tagwarden.yaml":
		text = bytes.Replace(text, []byte("default: DE"), []byte("default: FR"), 1)
		if !bytes.Contains(text, []byte("events: [objection, withdrawal], private: true")) { // of a version before
			text = bytes.ReplaceAll(text, []byte("events: [objection, withdrawal]"),
				[]byte("events: [objection, withdrawal], private: true"))
			text = bytes.ReplaceAll(text, []byte("  - name: mail\n"), []byte("  - name: mail\n    private: true\n"))
		}
		if bytes.Contains(text, []byte("country: ")) { // of this version
			break
		}
		for _, own := range []string{"matomo", "snowplow", "umami", "jitsu", "rudderstack"} {
			text = bytes.ReplaceAll(text, []byte("catalog: "+own+","), []byte("catalog: "+own+", country: FR,"))
		}
	case "activities.yaml":
		if !bytes.Contains(text, []byte("retention:")) {
			for _, basis := range []string{"consent", "opt_out"} {
				text = bytes.ReplaceAll(text, []byte("basis: "+basis+","), []byte("basis: "+basis+", retention: 14 months,"))
			}
			text = bytes.ReplaceAll(text, []byte("exemption: audience_measurement,"),
				[]byte("exemption: audience_measurement, regions: [FR],"))
		}
	}
	return text
}

// opened is a copy of a folder, with a clock that goes on an hour after the folder was left.
type opened struct {
	folderNote
	t     *testing.T
	dir   string
	clock time.Time
}

// openFolder copies a folder, and has approved anew what a version before signed in a form that holds no more.
func openFolder(t *testing.T, from string) *opened {
	t.Helper()
	o := copyFolder(t, from)
	for _, id := range o.approvedBefore() {
		o.command("lia", "approve", id, "--key", filepath.Join(o.dir, "approver.key"))
	}
	return o
}

// approvedBefore names the assessments that are signed in a form that holds no more.
func (o *opened) approvedBefore() (ids []string) {
	var all []config.Standing
	o.asJSON(&all, "lia", "list")
	for i := range all {
		if all[i].State == "form_old" {
			ids = append(ids, all[i].ID)
		}
	}
	return ids
}

// copyFolder copies a folder, with the modes that files and folders have where a server runs.
func copyFolder(t *testing.T, from string) *opened {
	t.Helper()
	o := &opened{t: t, dir: filepath.Join(t.TempDir(), "shop")}
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(o.dir, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, todo(filepath.Base(path), text), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(o.read("folder.json"), &o.folderNote); err != nil {
		t.Fatal(err)
	}
	o.clock = o.At.Add(time.Hour)
	return o
}

func (o *opened) read(name string) []byte {
	o.t.Helper()
	text, err := os.ReadFile(filepath.Join(o.dir, filepath.FromSlash(name)))
	if err != nil {
		o.t.Fatal(err)
	}
	return text
}

// edit puts a text in the place of another in a file.
func (o *opened) edit(name, old, with string) {
	o.t.Helper()
	text := string(o.read(name))
	if !strings.Contains(text, old) {
		o.t.Fatalf("%s has no %q", name, old)
	}
	if err := os.WriteFile(filepath.Join(o.dir, filepath.FromSlash(name)), []byte(strings.ReplaceAll(text, old, with)),
		0o600); err != nil {
		o.t.Fatal(err)
	}
}

func (o *opened) file() string { return filepath.Join(o.dir, "tagwarden.yaml") }

// command runs a verb on the folder and returns what it prints.
func (o *opened) command(args ...string) string {
	o.t.Helper()
	var out, errs strings.Builder
	all := slices.Clone(args)
	if !slices.Contains(args, "--dir") {
		all = append(all, "--config", o.file())
	}
	on := terminal{
		in: strings.NewReader(""), out: &out, err: &errs, node: "shop-1", now: func() time.Time { return o.clock },
	}
	if code := run(o.t.Context(), &on, all); code != fine {
		o.t.Errorf("%s: exit code %d\n%s", strings.Join(args, " "), code, errs.String())
	}
	return out.String()
}

// asJSON runs a verb and reads what it prints as JSON.
func (o *opened) asJSON(into any, args ...string) {
	o.t.Helper()
	text := o.command(append(args, "--format", "json")...)
	if err := json.Unmarshal([]byte(text), into); err != nil {
		o.t.Errorf("%s prints no JSON: %v\n%s", strings.Join(args, " "), err, text)
	}
}

// stand is a stand-in for every vendor: it keeps what leaves.
type stand struct {
	mu   sync.Mutex
	sent []string
}

// Deliver keeps an event.
func (s *stand) Deliver(e *delivery.Event, answer *proxy.Response) delivery.Outcome {
	if e.Gate != nil {
		if !e.Gate.BeforeFirstByte() {
			return delivery.Outcome{Kind: delivery.Dropped, Why: delivery.WhyObjection}
		}
		defer e.Gate.AfterLastByte()
	}
	s.mu.Lock()
	s.sent = append(s.sent, e.Vendor+" "+string(e.Path)+"?"+string(e.Query)+" "+string(e.Body))
	s.mu.Unlock()
	answer.SetStatusCode(http.StatusNoContent)
	if bytes.Contains(append(bytes.Clone(e.Query), e.Body...), []byte("refuse_this")) {
		return delivery.Outcome{Kind: delivery.Dropped, Status: http.StatusBadRequest, Why: delivery.WhyRefused}
	}
	return delivery.Outcome{Kind: delivery.Delivered, Status: http.StatusNoContent, Why: delivery.WhyOK}
}

// Close ends nothing.
func (s *stand) Close() {}

func (s *stand) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sent)
}

func (s *stand) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent[len(s.sent)-1]
}

// served is a server in this process, on a folder.
type served struct {
	*proxy.Server
	t           *testing.T
	vendors     *stand
	hits, admin string
	ended       chan error
}

// serveFolder starts a server on a folder, with the clock given.
func serveFolder(t *testing.T, file string, now func() time.Time) *served {
	t.Helper()
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &served{t: t, vendors: &stand{}, ended: make(chan error, 1)}
	root, err := rootFor(t.Context(), &loaded.Server)
	if err != nil {
		t.Fatal(err)
	}
	s.Server, err = proxy.New(loaded, proxy.Options{
		Root: root, Node: "shop-1", Version: version, Now: now,
		Client: func([]delivery.Upstream) (proxy.Deliverer, error) { return s.vendors, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	hits, admin, err := listen(loaded)
	if err != nil {
		t.Fatal(err)
	}
	s.hits, s.admin = hits.Addr().String(), admin.Addr().String()
	go func() { s.ended <- s.Serve(hits, admin) }()
	return s
}

// stop ends the server.
func (s *served) stop() {
	s.t.Helper()
	within, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Shutdown(within); err != nil {
		s.t.Error(err)
	}
	if err := <-s.ended; err != nil {
		s.t.Error(err)
	}
}

// ask sends a request to one of the listeners and returns status and body.
func (s *served) ask(address, method, target, body string, headers ...string) (int, string) {
	s.t.Helper()
	q, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+address+target, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	q.Host = "shop.example"
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if q.Header.Set(name, value); name == "Host" {
			q.Host = value
		}
	}
	answer, err := (&http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext,
		DisableKeepAlives: true}}).Do(q)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// hit sends a hit and tells what reached a vendor: "" for nothing.
func (s *served) hit(h *folderHit) string {
	s.t.Helper()
	before := s.vendors.count()
	headers := append([]string{"X-Forwarded-For: 198.51.100.7"}, h.Headers...)
	if h.Cookie != "" {
		headers = append(headers, "Cookie: "+h.Cookie)
	}
	if h.Body != "" {
		headers = append(headers, "Content-Type: application/json")
	}
	if status, text := s.ask(s.hits, h.Method, h.Target, h.Body, headers...); status/100 != 2 {
		s.t.Errorf("%s: status %d %s", h.Why, status, text)
	}
	if s.vendors.count() == before {
		return ""
	}
	return s.vendors.last()
}

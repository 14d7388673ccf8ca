package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// vendor is a stand-in that keeps every request, head and body, as it came.
type vendor struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string
	answer   http.HandlerFunc // in place of 200 {"success":true}
}

func startVendor(t testing.TB) *vendor {
	t.Helper()
	v := new(vendor)
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s %s\nHost: %s\n", r.Method, r.RequestURI, r.Host)
		_ = r.Header.Write(&b)
		b.WriteString("\n")
		_, _ = io.Copy(&b, r.Body)
		v.mu.Lock()
		v.requests = append(v.requests, b.String())
		answer := v.answer
		v.mu.Unlock()
		if answer != nil {
			answer(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"success":true}`)
	}))
	t.Cleanup(v.Close)
	return v
}

// answers has it answer otherwise from now on, and returns how many requests were answered before.
func (v *vendor) answers(how http.HandlerFunc) (before int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answer = how
	return len(v.requests)
}

func (v *vendor) got() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]string(nil), v.requests...)
}

const policyText = `
-- purposes.yaml --
purposes:
  audience: { title: Measure the audience of our pages, categories: [analytics], gpc: ignore }
-- activities.yaml --
activities:
  - { id: ga4-consent, vendor: ga4, purposes: [audience], basis: consent, retention: 14 months, profile: standard, events: ["*"] }
  - { id: segment-consent, vendor: segment, purposes: [audience], basis: consent, retention: 14 months, profile: standard, events: ["*"] }
-- profiles.yaml --
profiles:
  standard:
    classes: { event_name: keep, client_id: { pseudonymise: { rotate: day } }, url: url, user_agent: { generalise: family }, revenue: keep }
`

// folder writes a configuration whose vendors are the stand-in, and returns its server file.
func folder(t testing.TB, upstream string) string {
	t.Helper()
	dir := t.TempDir()
	server := fmt.Sprintf(`version: 1
listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
trusted_proxies: [10.0.0.0/8]
limits: { body: 64KiB, decompressed: 256KiB, events: 100, depth: 32, fields: 500 }
sites:
  shop:
    hosts: [shop.example]
    base: /t
    origins: ["https://shop.example"]
    region: { default: EU }
    signals:
      gpc: {}
      own: [{ cookie: site_consent, json: analytics, category: analytics, granted: ["yes"], refused: ["no"] }]
vendors:
  ga4: { catalog: ga4, upstream: %q, private: true, concurrency: 64 }
  segment: { catalog: segment, upstreams: { api: %q, settings: %q }, private: true }
`, upstream, upstream, upstream)
	write(t, filepath.Join(dir, "tagwarden.yaml"), server)
	writePolicy(t, dir, policyText)
	return filepath.Join(dir, "tagwarden.yaml")
}

func writePolicy(t testing.TB, dir, text string) {
	t.Helper()
	for _, part := range strings.Split(text, "-- ")[1:] {
		name, content, _ := strings.Cut(part, " --\n")
		write(t, filepath.Join(dir, "policy", name), content)
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// running is a server under test.
type running struct {
	*proxy.Server
	file        string
	hits, admin string
	ended       chan error
	over        chan struct{} // closed when it has ended
}

func start(t testing.TB, file string, change ...func(*proxy.Options)) *running {
	t.Helper()
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	o := proxy.Options{Root: pseudonym.TestRoot}
	for _, c := range change {
		c(&o)
	}
	s, err := proxy.New(loaded, o)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Server: s, file: file, ended: make(chan error, 1), over: make(chan struct{})}
	hits, admin := listen(t), listen(t)
	r.hits, r.admin = hits.Addr().String(), admin.Addr().String()
	go func() {
		defer close(r.over)
		r.ended <- s.Serve(hits, admin)
	}()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Shutdown(ctx)
		select {
		case <-r.over: // what it writes at the end is in the test's folder
		case <-ctx.Done():
		}
	})
	return r
}

func (r *running) stop(t testing.TB) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := r.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	err := <-r.ended
	wantCompliant(t, r.file)
	return err
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// answer is what came back for exact bytes.
type answer struct {
	status  int
	headers http.Header
	body    string
	closed  bool // the connection was closed after it
}

// send writes exact bytes to the server and reads its answer.
func (r *running) send(t testing.TB, raw string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", r.hits)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(conn, raw) }() // it may be refused before it is written whole
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		return answer{closed: true}
	}
	body, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body), response.Close}
}

// get fetches a page for staff.
func (r *running) get(t testing.TB, path string) (int, string) {
	t.Helper()
	response, err := http.Get("http://" + r.admin + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// ledger is all records as they are stored.
func (r *running) ledger(t testing.TB) string {
	t.Helper()
	var all strings.Builder
	dir := filepath.Join(filepath.Dir(r.file), "data", "ledger")
	if err := ledger.Search(dir, ledger.Query{}, func(record []byte) bool {
		all.Write(record)
		all.WriteByte('\n')
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

const (
	consent  = `Cookie: site_consent=%7B%22analytics%22%3A%22yes%22%7D` + "\r\n"
	pageView = "/t/g/collect?v=2&tid=G-1&cid=1234567890.1700000000&en=page_view"
	settings = "/t/v1/projects/KEY/settings" // an endpoint that is asked for an answer
)

func get(target, headers string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: shop.example\r\n" + headers + "\r\n"
}

func post(target, headers, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: shop.example\r\n%sContent-Length: %d\r\n\r\n%s", target,
		headers, len(body), body)
}

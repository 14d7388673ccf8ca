package proxy_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/rules"
)

// TestRequestIsMadeFromNothing: every header, cookie, parameter and member carries a word of its own; what reaches the
// vendor is what catalog and profile name, and nothing else.
func TestRequestIsMadeFromNothing(t *testing.T) {
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	var headers strings.Builder
	headers.WriteString("Cookie: taintcookie=1; site_consent=%7B%22analytics%22%3A%22yes%22%7D; _ga=GA1.1.taintga.1\r\n")
	for _, name := range []string{
		"Authorization", "Referer", "X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via", "Sec-CH-UA",
		"Sec-CH-UA-Platform", "Accept-Language", "If-None-Match",
		"X-Client-Data", "Origin", "X-Custom", "From", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP", "DNT", "Range",
		"Accept", "Proxy-Authorization",
	} {
		headers.WriteString(name + ": taint" + strings.ToLower(strings.ReplaceAll(name, "-", "")) + "\r\n")
	}
	query := "/t/g/collect?v=2&tid=G-1&cid=1234567890.1700000000&en=page_view&uid=taintuid&ep.x=taintep&up.y=taintup&dr=taintdr&dt=taintdt&unknown=taintunknown&taintkey=1&dl=https%3A%2F%2Fshop.example%2F%3Fq%3Dtaintdl"
	if got := r.send(t, get(query, headers.String()+"Sec-GPC: 1\r\n")); got.status != 204 {
		t.Fatalf("status %d", got.status)
	}
	got := v.got()
	if len(got) != 1 {
		t.Fatalf("%d requests", len(got))
	}
	if strings.Contains(strings.ToLower(got[0]), "taint") {
		t.Errorf("the vendor got\n%s", got[0])
	}
	head, _, _ := strings.Cut(got[0], "\n\n")
	for i, line := range strings.Split(strings.ReplaceAll(head, "\r", ""), "\n") {
		name, _, _ := strings.Cut(line, ":")
		switch name {
		case "Host", "User-Agent", "Sec-Gpc":
		default:
			if i > 0 && line != "" {
				t.Errorf("header %q was not to be sent", line)
			}
		}
	}
	if !strings.Contains(got[0], "Sec-Gpc: 1") {
		t.Error("Sec-GPC was taken off")
	}
}

// TestVendorCannotReachTheBrowser: of a vendor's answer status, type and body pass, and nothing else.
func TestVendorCannotReachTheBrowser(t *testing.T) {
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	v.answer = func(w http.ResponseWriter, _ *http.Request) {
		for i := range 50 {
			w.Header().Add("Set-Cookie", fmt.Sprintf("a%d=1; Domain=.shop.example", i))
		}
		w.Header().Set("X-Tracking", "1")
		w.Header().Set("Access-Control-Allow-Origin", "https://evil.example")
		w.Header().Set("ETag", `"visitor-17"`)
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte("hello"))
	}
	if got := r.send(t, get(pageView, consent)); got.status != 204 || got.body != "" || len(got.headers) != 2 {
		t.Errorf("where nobody waits for it: %+v", got)
	}
	got := r.send(t, get(settings, consent))
	if got.status != 200 || got.body != "hello" || got.headers.Get("Content-Type") != "text/plain" ||
		got.headers.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("got %+v", got)
	}
	for _, name := range []string{"Set-Cookie", "X-Tracking", "ETag", "Access-Control-Allow-Origin"} {
		if got.headers.Get(name) != "" {
			t.Errorf("%s: %s reached the browser", name, got.headers.Get(name))
		}
	}
	v.answer = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://evil.example/", http.StatusFound)
	}
	if got := r.send(t, get(pageView, consent)); got.status != 204 || got.headers.Get("Location") != "" {
		t.Errorf("a redirection passed: %+v", got)
	}
	v.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }
	if got := r.send(t, get(pageView, consent)); got.status != http.StatusTeapot {
		t.Errorf("a refusal became %d", got.status)
	}
	v.Close()
	if got := r.send(t, get(pageView, consent)); got.status != 502 {
		t.Errorf("with the vendor gone: %d", got.status)
	}
}

// recorder is a deliverer that looks at what was recorded at the moment of sending.
type recorder struct {
	files    *disk
	sent     atomic.Int64
	recorded func(text string)
	block    chan struct{}
}

func (d *recorder) Deliver(_ *delivery.Event, a *proxy.Response) delivery.Outcome {
	d.sent.Add(1)
	if d.recorded != nil {
		d.recorded(d.files.seen())
	}
	if d.block != nil {
		<-d.block
	}
	a.SetStatusCode(200)
	return delivery.Outcome{Kind: delivery.Delivered, Status: 200, Why: delivery.WhyOK}
}

func (d *recorder) Close() {}

func with(f *disk, d *recorder) func(*proxy.Options) {
	return func(o *proxy.Options) {
		o.Disk = f
		o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return d, nil }
	}
}

func TestDecisionIsRecordedBeforeItLeaves(t *testing.T) {
	f := new(disk)
	d := &recorder{files: f}
	d.recorded = func(text string) {
		if !strings.Contains(text, `"decision":"permit"`) {
			t.Error("an event left before its decision was written")
		}
	}
	r := start(t, folder(t, "http://127.0.0.1:1"), with(f, d))
	if got := r.send(t, get(pageView, consent)); got.status != 204 || d.sent.Load() != 1 {
		t.Errorf("status %d, %d sent", got.status, d.sent.Load())
	}
}

func TestWhatCannotBeRecordedDoesNotLeave(t *testing.T) {
	f := new(disk)
	d := &recorder{files: f}
	r := start(t, folder(t, "http://127.0.0.1:1"), with(f, d))
	f.broken.Store(true)
	for range 2 {
		got := r.send(t, get(pageView, consent))
		if got.status != 503 || got.headers.Get("Retry-After") == "" {
			t.Errorf("got %d, Retry-After %q", got.status, got.headers.Get("Retry-After"))
		}
	}
	if d.sent.Load() != 0 {
		t.Errorf("%d events left", d.sent.Load())
	}
	f.broken.Store(false)
	if got := r.send(t, get(pageView, consent)); got.status != 503 || d.sent.Load() != 0 {
		t.Errorf("a broken ledger mended itself: %d", got.status)
	}
	if status, text := r.get(t, "/readyz"); status != 503 || !strings.Contains(text, "ledger") {
		t.Errorf("readyz says %d %s", status, text)
	}
}

// objections fail or panic as a test asks.
type objections func(subject [16]byte) (rules.Objections, error)

func (o objections) Lookup(subject [16]byte) (rules.Objections, error) { return o(subject) }

func TestObjectionsAreAsked(t *testing.T) {
	for _, c := range []struct {
		name   string
		ask    objections
		status int
		reason string
	}{
		{"an objection", func([16]byte) (rules.Objections, error) {
			return rules.Objections{All: true}, nil
		}, 204, "objection"},
		{"nobody knows", func([16]byte) (rules.Objections, error) {
			return rules.Objections{}, errors.New("the disk is gone")
		}, 204, "failed"},
		{"a panic", func([16]byte) (rules.Objections, error) { panic("jane.doe@example.com") }, 500, ""},
	} {
		f := new(disk)
		d := &recorder{files: f}
		r := start(t, folder(t, "http://127.0.0.1:1"), with(f, d), func(o *proxy.Options) { o.Objections = c.ask })
		got := r.send(t, get(pageView, consent))
		if got.status != c.status || d.sent.Load() != 0 {
			t.Errorf("%s: status %d, want %d; %d sent", c.name, got.status, c.status, d.sent.Load())
		}
		if c.reason == "" {
			if err := r.stop(t); err != nil {
				t.Error(err)
			}
			c.reason = "failed"
		} else if got := r.send(t, get("/.tagwarden/health", "")); got.status != 200 {
			t.Errorf("%s: afterwards health says %d", c.name, got.status)
		}
		if !strings.Contains(f.seen(), `"reason":"`+c.reason) {
			t.Errorf("%s: no record of %s in %s", c.name, c.reason, f.seen())
		}
		if strings.Contains(f.seen()+got.body, "jane") {
			t.Errorf("%s: what was caught is told on", c.name)
		}
	}
}

func TestRecordsHoldNoValues(t *testing.T) {
	v := startVendor(t)
	r := start(t, folder(t, v.URL))
	r.send(t, get("/t/g/collect?v=2&tid=G-1&cid=1234567890.1700000000&en=call+jane.doe%40example.com+now&uid=cust-48213&dt=Orders+of+Jane+Doe&dl=https%3A%2F%2Fshop.example%2Faccount%2F12345&secretkey=secretvalue",
		consent))
	if err := r.stop(t); err != nil {
		t.Error(err)
	}
	records := strings.Replace(r.ledger(t), `"key":"shop.example/tagwarden+`, "", 1) // the log's own name
	for _, value := range []string{"jane", "1234567890", "cust-48213", "Orders", "12345\"", "secretkey",
		"secretvalue", "shop.example"} {
		if strings.Contains(records, value) {
			t.Errorf("%q is in the ledger: %s", value, records)
		}
	}
	for _, there := range []string{`"name":"call [email] now"`, `"dropped":["*"`, `"subjects":["`, `"digest":"`,
		`"kind":"outcome"`} {
		if !strings.Contains(records, there) {
			t.Errorf("%s is not in the ledger: %s", there, records)
		}
	}
}

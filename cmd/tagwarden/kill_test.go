package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// killed is a configuration whose vendor can tell hits apart: titles are kept, and hold a number.
var killed = map[string]string{
	"tagwarden.yaml": `version: 1
listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
trusted_proxies: [127.0.0.0/8]
sites:
  shop:
    hosts: [shop.example]
    origins: ["https://shop.example"]
    region: { default: EU }
    signals: { own: [{ cookie: choice, category: analytics, granted: ["yes"], refused: ["no"] }] }
vendors:
  ga4: { catalog: ga4, upstream: "http://VENDOR", private: true }
`,
	"policy/purposes.yaml": `purposes:
  measure: { title: Measure the audience of our pages, categories: [analytics], description: Counts of pages and visits. }
`,
	"policy/activities.yaml": `activities:
  - { id: ga4-consent, vendor: ga4, purposes: [measure], basis: consent, retention: 14 months, profile: small, events: ["*"], transfer: { country: US, safeguard: DPF } }
`,
	"policy/profiles.yaml": `profiles:
  small: { classes: { event_name: keep, client_id: keep, page_title: keep } }
`,
}

// running is a server as a process of its own.
type running struct {
	t       *testing.T
	file    string
	command *exec.Cmd
	hits    string
	errors  bytes.Buffer
}

func (r *running) start() {
	r.t.Helper()
	r.errors.Reset()
	r.command = exec.Command("tagwarden", "serve", "--config", r.file)
	r.command.Stderr = &r.errors
	out, err := r.command.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.command.Start(); err != nil {
		r.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_, rest, found := strings.Cut(line, "hits=")
	if err != nil || !found {
		_ = r.command.Process.Kill()
		_ = r.command.Wait()
		r.t.Fatalf("the server does not start: %q\n%s", line, r.errors.String())
	}
	r.hits, _, _ = strings.Cut(rest, " ")
}

// kill ends the server as a power cut would.
func (r *running) kill() {
	_ = r.command.Process.Kill()
	_ = r.command.Wait()
}

// reckoning is what visitors did, and what the vendor got.
type reckoning struct {
	mu       sync.Mutex
	visitors []*killedVisitor
	received map[int]int    // by the number of a hit
	told     map[string]int // by visitor: how often a webhook was told of their objection
	asked    int            // of the webhook
}

// killedVisitor is somebody who sends hits, objects, and sends more.
type killedVisitor struct {
	id           string
	asked, acked bool
	answered     []int // hits that were answered before anything was objected to
	after        []int // hits that began after the objection was acknowledged
}

// TestKilledAtAnyMoment: the server is killed again and again under load. Of what it acknowledged nothing is
// lost, nothing is done by half, and no hit is forwarded that began after its visitor's objection was
// acknowledged. TAGWARDEN_KILLS says how often (5).
func TestKilledAtAnyMoment(t *testing.T) {
	kills := 5
	if n, err := strconv.Atoi(os.Getenv("TAGWARDEN_KILLS")); err == nil {
		kills = n
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	r := &reckoning{received: map[int]int{}, told: map[string]int{}}
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/crm" {
			r.crm(w, q)
			return
		}
		if n, err := strconv.Atoi(strings.TrimPrefix(q.URL.Query().Get("dt"), "page ")); err == nil {
			r.mu.Lock()
			r.received[n]++
			r.mu.Unlock()
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer vendor.Close()
	server := &running{t: t, file: writeKilled(t, vendor.Listener.Addr().String())}
	var hits atomic.Int64
	for n := 0; n < kills || n < kills+50 && !r.tried(); n++ {
		// a machine that is slow takes more rounds to come to anything
		server.start()
		stop, halt := context.WithCancel(t.Context())
		var load sync.WaitGroup
		for range 4 {
			load.Go(func() {
				for stop.Err() == nil {
					r.visit(stop, server.hits, &hits)
				}
			})
		}
		longer := 100 * max(0, n-kills+1)                                          // where nothing came of it yet
		<-time.After(time.Duration(20+random.IntN(180)+longer) * time.Millisecond) // how far it gets is left to chance
		server.kill()
		halt()
		load.Wait()
	}
	server.start()
	var again int
	for _, v := range r.visitors {
		if v.acked && again < 200 { // after everything, they are still not followed
			again++
			n, _ := sendHit(t.Context(), http.DefaultClient, server.hits, v.id, &hits)
			v.after = append(v.after, n)
		}
	}
	said := r.check(t, server)
	t.Logf("seed %d, %d kills: %s, %s", seed, kills, said, r.checkTold(t))
	server.kill()
	wantCompliant(t, server.file)
}

// crm is told of objections. It takes what it is told, but for every ninth time.
func (r *reckoning) crm(w http.ResponseWriter, q *http.Request) {
	var told struct{ ID string }
	err := json.NewDecoder(q.Body).Decode(&told)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked++; err != nil || r.asked%9 == 0 {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	r.told[told.ID]++
}

// checkTold waits until the webhook was told of every objection that was acknowledged.
func (r *reckoning) checkTold(t *testing.T) string {
	t.Helper()
	late := time.After(time.Minute)
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		missing, told, again := 0, 0, 0
		r.mu.Lock()
		for _, v := range r.visitors {
			if v.acked && r.told[v.id] == 0 {
				missing++
			}
		}
		for _, n := range r.told {
			told++
			again += n - 1
		}
		r.mu.Unlock()
		if missing == 0 {
			return fmt.Sprintf("a webhook told of %d objections, of some again: %d times", told, again)
		}
		select {
		case <-tick.C:
		case <-late:
			t.Errorf("a webhook was never told of %d objections that were acknowledged", missing)
			return ""
		}
	}
}

// tried tells whether anything was acknowledged at all.
func (r *reckoning) tried() bool {
	return slices.ContainsFunc(r.visitors, func(v *killedVisitor) bool { return v.acked && len(v.answered) > 0 })
}

func writeKilled(t *testing.T, vendor string) string {
	t.Helper()
	files := maps.Clone(killed)
	files["tagwarden.yaml"] += `webhooks:
  - { name: crm, url: "http://VENDOR/crm", private: true, events: [objection], request: { body: '{"id": "${client_id}"}' } }
`
	return writeFiles(t, files, vendor)
}

// writeFiles writes a configuration, with a root secret, and returns its server file.
func writeFiles(t *testing.T, files map[string]string, vendor string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "VENDOR", vendor)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key := "S2lsbGVkIGFnYWluIGFuZCBhZ2FpbiwgYW5kIHdob2w=\n"
	if err := os.WriteFile(filepath.Join(dir, "root.key"), []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "tagwarden.yaml")
}

// visit is one visitor: two hits, an objection to two things at once, two more hits.
func (r *reckoning) visit(ctx context.Context, server string, hits *atomic.Int64) {
	transport := &http.Transport{DialContext: (&net.Dialer{}).DialContext}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	r.mu.Lock()
	v := &killedVisitor{id: fmt.Sprintf("%d.1700000000", 100_000_000+len(r.visitors))}
	r.visitors = append(r.visitors, v)
	r.mu.Unlock()
	for range 2 {
		if n, ok := sendHit(ctx, client, server, v.id, hits); ok {
			v.answered = append(v.answered, n)
		}
	}
	body := fmt.Sprintf(`{"purposes":["measure"],"vendors":["ga4"],"ids":{"client_id:ga4":%q}}`, v.id)
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+server+"/privacy/objections",
		strings.NewReader(body))
	if err != nil {
		return
	}
	q.Host = "shop.example"
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Origin", "https://shop.example")
	// each has an address of their own
	q.Header.Set("X-Forwarded-For", fmt.Sprintf("2001:db8:%x:%x::1", hits.Load()>>16&0xffff, hits.Load()&0xffff))
	v.asked = true
	answer, err := client.Do(q)
	if err != nil {
		return
	}
	said, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK || !bytes.Contains(said, []byte("measure")) {
		return
	}
	v.acked = true
	for range 2 {
		n, _ := sendHit(ctx, client, server, v.id, hits)
		v.after = append(v.after, n)
	}
}

// sendHit sends a visitor's next hit, and returns its number and whether it was answered.
func sendHit(ctx context.Context, client *http.Client, server, visitor string, hits *atomic.Int64) (
	number int, answered bool) {
	number = int(hits.Add(1))
	target := fmt.Sprintf("http://%s/g/collect?v=2&tid=G-1&en=page_view&cid=%s&dt=page%%20%d", server, visitor, number)
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return number, false
	}
	q.Host = "shop.example"
	q.Header.Set("Cookie", "choice=yes")
	answer, err := client.Do(q)
	if err != nil {
		return number, false
	}
	_ = answer.Body.Close()
	return number, answer.StatusCode == http.StatusNoContent
}

// check reconciles what was acknowledged with what is there and with what the vendor got.
func (r *reckoning) check(t *testing.T, server *running) string {
	t.Helper()
	socket := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _,
		_ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(filepath.Dir(server.file), "data", "control"))
	}}}
	defer socket.CloseIdleConnections()
	asked, acked, answered, after, half := 0, 0, 0, 0, 0
	whole := []string{"measure", "vendor:ga4"}
	for _, v := range r.visitors {
		for _, n := range v.answered {
			if answered++; r.received[n] != 1 {
				t.Errorf("hit %d was answered and reached the vendor %d times", n, r.received[n])
			}
		}
		for _, n := range v.after {
			if after++; r.received[n] != 0 {
				t.Errorf("hit %d began after an objection was acknowledged, and was forwarded", n)
			}
		}
		if !v.asked {
			continue
		}
		asked++
		standing := standingOf(t, socket, v.id)
		switch {
		case v.acked && !slices.Equal(standing, whole):
			t.Errorf("an objection was acknowledged, and %v stands", standing)
		case len(standing) != 0 && !slices.Equal(standing, whole):
			t.Errorf("an objection was applied by half: %v", standing)
		case len(standing) != 0 && !v.acked:
			half++
		}
		if v.acked {
			acked++
		}
	}
	if acked == 0 || answered == 0 {
		t.Errorf("nothing was put to the test: %d hits answered, %d objections acknowledged\n%s", answered, acked,
			server.errors.String())
	}
	return fmt.Sprintf("%d visitors, %d hits answered and delivered, %d objections asked for, %d acknowledged and standing, %d standing whose acknowledgement was cut off, %d hits after an acknowledgement, none forwarded",
		len(r.visitors), answered, asked, acked, half, after)
}

func standingOf(t *testing.T, socket *http.Client, id string) []string {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://tagwarden/api/v1/objections/check",
		strings.NewReader(fmt.Sprintf(`{"ids":{"client_id:ga4":%q}}`, id)))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	answer, err := socket.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var said struct {
		InForce []string `json:"in_force"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", answer.StatusCode, err)
	}
	slices.Sort(said.InForce)
	return said.InForce
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// killedQueued has its events wait: for a vendor that may be sent none twice, and for one that counts an event once
// however often it comes.
var killedQueued = map[string]string{
	"tagwarden.yaml": killed["tagwarden.yaml"] +
		"  segment: { catalog: segment, prefix: /segment, upstreams: { api: \"http://VENDOR\", settings: \"http://VENDOR\" }, private: true, country: US }\n" +
		"delivery: { mode: queued, retry: { first: 10ms, most: 100ms } }\n",
	"policy/purposes.yaml": killed["policy/purposes.yaml"],
	"policy/activities.yaml": killed["policy/activities.yaml"] +
		"  - { id: segment-consent, vendor: segment, purposes: [measure], basis: consent, retention: 14 months, profile: keyed, events: [\"*\"], transfer: { country: US, safeguard: DPF } }\n",
	"policy/profiles.yaml": killed["policy/profiles.yaml"] +
		"  keyed: { classes: { event_name: keep, client_id: keep, event_id: keep } }\n",
}

var serialName = regexp.MustCompile(`serial(\d+)x`)

// unreliable is a vendor that takes an event, fails, hangs, says that it has too much to do, or goes away.
type unreliable struct {
	*httptest.Server
	good     atomic.Bool
	mu       sync.Mutex
	random   *rand.Rand
	received map[int]int // by the number of a hit
	refused  map[int]bool
}

func startUnreliable(t *testing.T, seed uint64) *unreliable {
	t.Helper()
	v := &unreliable{random: rand.New(rand.NewPCG(seed, 1)), received: map[int]int{}, refused: map[int]bool{}}
	v.Server = httptest.NewServer(http.HandlerFunc(v.serve))
	t.Cleanup(v.Close)
	return v
}

func (v *unreliable) serve(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	v.mu.Lock()
	what := v.random.IntN(100)
	if v.good.Load() {
		what = 0
	}
	for _, found := range serialName.FindAllSubmatch(append([]byte(q.URL.RawQuery), body...), -1) {
		n, _ := strconv.Atoi(string(found[1]))
		if what < 70 || what >= 80 && what < 95 {
			v.received[n]++
		}
		if what >= 97 {
			v.refused[n] = true
		}
	}
	v.mu.Unlock()
	switch {
	case what < 70:
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, `{"success":true}`)
	case what < 80:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	case what < 90: // it took the event, and goes away
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = conn.Close()
		}
	case what < 95: // it took the event, and does not say so in time to be seen by a process that is killed
		<-time.After(50 * time.Millisecond)
		w.WriteHeader(http.StatusOK)
	case what < 97:
		w.WriteHeader(http.StatusInternalServerError)
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
}

// queuedLoad is hits that were sent, and which of them were answered.
type queuedLoad struct {
	hits     atomic.Int64
	mu       sync.Mutex
	answered map[int]bool
}

// run sends hits of both vendors until the context ends.
func (l *queuedLoad) run(ctx context.Context, server string) {
	transport := &http.Transport{DialContext: (&net.Dialer{}).DialContext}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	for ctx.Err() == nil {
		n := int(l.hits.Add(1))
		target, body := fmt.Sprintf("/g/collect?v=2&tid=G-1&en=serial%dx&cid=%d.1700000000", n, 100_000_000+n), ""
		if keyed(n) {
			target, body = "/segment/v1/t", fmt.Sprintf(
				`{"type":"track","event":"serial%dx","anonymousId":"00000000-0000-4000-8000-%012d","messageId":"ajs-next-%032d"}`,
				n, n, n)
		}
		q, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+server+target, strings.NewReader(body))
		if err != nil {
			return
		}
		if q.Host = "shop.example"; body != "" {
			q.Header.Set("Content-Type", "text/plain")
		}
		q.Header.Set("Cookie", "choice=yes")
		answer, err := client.Do(q)
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode/100 == 2 {
			l.mu.Lock()
			l.answered[n] = true
			l.mu.Unlock()
		}
	}
}

// keyed tells whether a hit is of the vendor that counts it once however often it comes.
func keyed(n int) bool { return n%2 == 1 }

// queuedFates is what the ledger says of hits: how each ended, by its number; "": it waits.
func queuedFates(t *testing.T, dir string) map[int][]string {
	t.Helper()
	numbers, fates := map[string]int{}, map[int][]string{}
	err := ledger.Search(dir, ledger.Query{}, func(record []byte) bool {
		said := gjson.GetManyBytes(record, "kind", "hit", "name", "decision", "queued", "outcome")
		switch said[0].Str {
		case ledger.KindEvent:
			if found := serialName.FindStringSubmatch(said[2].Str); found != nil && said[4].Bool() && said[3].Str == "permit" {
				n, _ := strconv.Atoi(found[1])
				if numbers[said[1].Raw] = n; fates[n] == nil {
					fates[n] = []string{}
				}
			}
		case ledger.KindOutcome:
			ledger.EachOf(record, func(hit uint64, _ int) {
				n, is := numbers[strconv.FormatUint(hit, 10)]
				switch {
				case !is || said[5].Str == ledger.Deferred:
				case said[5].Str == ledger.Parked:
					fates[n] = append(fates[n], "parked")
				default:
					fates[n] = append(fates[n], said[5].Str+" "+gjson.GetBytes(record, "why").Str)
				}
			})
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return fates
}

// recordsOfWaiting is what the ledger says of hits that wait.
func recordsOfWaiting(t *testing.T, dir string, fates map[int][]string) string {
	t.Helper()
	var all strings.Builder
	hits := map[string]bool{}
	err := ledger.Search(dir, ledger.Query{}, func(record []byte) bool {
		hit := gjson.GetBytes(record, "hit").Raw
		if found := serialName.FindStringSubmatch(gjson.GetBytes(record, "name").Str); found != nil {
			n, _ := strconv.Atoi(found[1])
			hits[hit] = fates[n] != nil && len(fates[n]) == 0
		}
		if kind := gjson.GetBytes(record, "kind").Str; kind == ledger.KindStart || hits[hit] ||
			slices.ContainsFunc(gjson.GetBytes(record, "of").Array(), func(of gjson.Result) bool {
				return hits[of.Get("0").Raw]
			}) {
			all.Write(append(record, '\n'))
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// TestKilledWhileEventsWait: the server is killed again and again under load, while its vendors fail in many ways. No
// event that was accepted is lost; one is sent twice only where its vendor counts it once; of none is it unknown what
// became of it but where a second attempt might have counted twice; and each ends once. What was refused, and not
// parked yet, is sent once more. TAGWARDEN_KILLS says how often it is killed (5).
func TestKilledWhileEventsWait(t *testing.T) {
	kills := 5
	if n, err := strconv.Atoi(os.Getenv("TAGWARDEN_KILLS")); err == nil {
		kills = n
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	vendor := startUnreliable(t, seed)
	server := &running{t: t, file: writeFiles(t, killedQueued, vendor.Listener.Addr().String())}
	dir := filepath.Join(filepath.Dir(server.file), "data", "ledger")
	load := queuedLoad{answered: map[int]bool{}}
	for n := 0; n < kills || n < kills+50 && len(load.answered) < 20; n++ {
		server.start()
		stop, halt := context.WithCancel(t.Context())
		var sending sync.WaitGroup
		for range 4 {
			sending.Go(func() { load.run(stop, server.hits) })
		}
		<-time.After(time.Duration(20+random.IntN(300)) * time.Millisecond) // how far it gets is left to chance
		server.kill()
		halt()
		sending.Wait()
	}
	vendor.good.Store(true)
	server.start()
	defer server.kill()
	var fates map[int][]string
	for end := time.Now().Add(30 * time.Second); ; <-time.After(100 * time.Millisecond) {
		waiting := 0
		fates = queuedFates(t, dir)
		for _, of := range fates {
			if len(of) == 0 {
				waiting++
			}
		}
		if waiting == 0 {
			break
		}
		if time.Now().After(end) {
			queued, _ := exec.Command("tagwarden", "queue", "status", "--config", server.file).CombinedOutput()
			_ = exec.Command("cp", "-r", filepath.Dir(server.file), "/tmp/kqdata").Run()
			t.Fatalf("seed %d: %d events wait still\n%s\n%s\n%s", seed, waiting, recordsOfWaiting(t, dir, fates), queued,
				server.errors.String())
		}
	}
	server.kill()
	vendor.mu.Lock()
	defer vendor.mu.Unlock()
	count := map[string]int{}
	for n := range load.answered {
		if fates[n] == nil {
			t.Errorf("hit %d was accepted, and is lost", n)
		}
	}
	for n, of := range fates {
		for len(of) > 1 && of[0] == "parked" {
			of = of[1:] // the process died before it was put there, so that it was tried once more
		}
		if len(of) != 1 {
			t.Errorf("hit %d ended %d times: %v", n, len(of), of)
			continue
		}
		word, _, _ := strings.Cut(of[0], " ")
		count[of[0]]++
		got := vendor.received[n]
		switch {
		case got > 1 && !keyed(n):
			t.Errorf("hit %d arrived %d times, and its vendor counts each", n, got)
		case word == ledger.Unknown && keyed(n):
			t.Errorf("hit %d: %s, and it could be sent again", n, of[0])
		case word == ledger.Delivered && got == 0:
			t.Errorf("hit %d was delivered, and did not arrive", n)
		case word == ledger.Dropped && of[0] != "dropped not_accepted":
			t.Errorf("hit %d: %s", n, of[0])
		case of[0] == "dropped not_accepted" && (load.answered[n] || got > 0):
			t.Errorf("hit %d: %s, and it was accepted, or arrived %d times", n, of[0], got)
		case word == ledger.Parked && !vendor.refused[n]:
			t.Errorf("hit %d is parked, and was not refused", n)
		}
	}
	if bytes.Contains(server.errors.Bytes(), []byte("panic")) {
		t.Error(server.errors.String())
	}
	t.Logf("seed %d, %d kills: %d hits, %d answered; %v", seed, kills, load.hits.Load(), len(load.answered), count)
	wantCompliant(t, server.file)
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// eventBooks are what became of events that waited in the queue of the cluster.
type eventBooks struct {
	b *books

	mu     sync.Mutex
	events []event
	phases []string
	kind   bool // the vendors are well, and stay so
	random *rand.Rand
}

// event is one that was sent for a vendor.
type event struct {
	phase    string
	keyed    bool // its vendor knows it when it comes again
	sent     time.Duration
	accepted bool
	came     time.Duration // to the vendor the first time; 0: it did not
	attempts int
	counted  int // by a vendor that knows none again
}

func newEventBooks(b *books, seed uint64) *eventBooks {
	return &eventBooks{b: b, random: rand.New(rand.NewPCG(seed, 2))} //nolint:gosec // a test's choices
}

// sends notes an event that is about to be sent, and returns its number, and through which of so many nodes it goes.
func (e *eventBooks) sends(nodes int) (number, node int, keyed bool) {
	e.b.mu.Lock()
	phase := e.b.phase
	e.b.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if n := len(e.phases); n == 0 || !slices.Contains(e.phases, phase) {
		e.phases = append(e.phases, phase)
	}
	keyed = e.random.IntN(3) == 0
	e.events = append(e.events, event{phase: phase, keyed: keyed, sent: e.b.now()})
	return len(e.events) - 1, e.random.IntN(nodes), keyed
}

func (e *eventBooks) accepts(number int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events[number].accepted = true
}

// acceptedSince says whether an event was accepted that was sent since.
func (e *eventBooks) acceptedSince(then time.Duration) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := len(e.events) - 1; i >= 0 && e.events[i].sent > then; i-- {
		if e.events[i].accepted {
			return true
		}
	}
	return false
}

// What a vendor does with a request.
const (
	takes = iota
	declines
	declinesFor
	failsCounted
	failsUncounted
	breaksCounted
	breaksUncounted
	refuses
)

// comes notes that events came to a vendor, and says what it does.
func (e *eventBooks) comes(numbers []int) (does int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if drawn := e.random.IntN(100); !e.kind {
		switch {
		case drawn < 6:
			does = declines
		case drawn < 7:
			does = declinesFor
		case drawn < 11:
			does = failsCounted + drawn%4
		case drawn < 12:
			does = refuses
		}
	}
	for _, n := range numbers {
		if n >= len(e.events) {
			continue
		}
		one := &e.events[n]
		if one.attempts++; one.came == 0 {
			one.came = e.b.now()
		}
		if does == takes || does == failsCounted || does == breaksCounted {
			one.counted++
		}
	}
	return does
}

var waitingPattern = regexp.MustCompile(`\bhit_([0-9]+)\b`)

// newVendors is a server that is both vendors.
func newVendors(e *eventBooks) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var numbers []int
		for _, m := range waitingPattern.FindAllSubmatch(append([]byte(r.URL.RawQuery+"\n"), body...), -1) {
			if n, err := strconv.Atoi(string(m[1])); err == nil && !slices.Contains(numbers, n) {
				numbers = append(numbers, n)
			}
		}
		switch e.comes(numbers) {
		case declines:
			w.WriteHeader(http.StatusTooManyRequests)
		case declinesFor:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		case failsCounted, failsUncounted:
			w.WriteHeader(http.StatusInternalServerError)
		case breaksCounted, breaksUncounted:
			panic(http.ErrAbortHandler)
		case refuses:
			w.WriteHeader(http.StatusForbidden)
		default:
			w.WriteHeader(http.StatusOK)
		}
	}))
}

// eventEvery is how often an event is sent.
const eventEvery = 8 * time.Millisecond

// goOn has events be sent until the context ends.
func (e *eventBooks) goOn(ctx context.Context, nodes []*node) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		MaxIdleConnsPerHost: 64, DialContext: (&net.Dialer{Timeout: time.Second}).DialContext,
	}}
	var sending sync.WaitGroup
	for tick := time.NewTicker(eventEvery); ctx.Err() == nil; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
		}
		number, node, keyed := e.sends(len(nodes))
		sending.Go(func() {
			if sendEvent(client, nodes[node].hits, number, keyed) {
				e.accepts(number)
			}
		})
	}
	sending.Wait()
}

// sendEvent sends an event, and says whether it was accepted.
func sendEvent(client *http.Client, to string, number int, keyed bool) bool {
	method, url, body := http.MethodGet, fmt.Sprintf("http://%s/t/g/collect?v=2&tid=G-1&cid=%s&en=hit_%d", to,
		clientID(number), number), ""
	if keyed {
		method, url = http.MethodPost, "http://"+to+"/t/v1/t"
		body = fmt.Sprintf(`{"type":"track","event":"hit_%d","anonymousId":"00000000-0000-4000-8000-%012d","messageId":"ajs-next-%032d"}`,
			number, number, number)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		return false
	}
	r.Host = "shop.example"
	r.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return answer.StatusCode < 300
}

// drained tells whether nothing waits on the cluster, as a node says.
func (n *node) drained() bool {
	_, text, err := n.get("/metrics")
	if err != nil || !strings.Contains(text, "\ntagwarden_cluster_queue_taken_events 0\n") {
		return false
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "tagwarden_cluster_queue_messages") && !strings.HasSuffix(strings.TrimSpace(line), " 0") {
			return false
		}
	}
	return true
}

// fate is what a node's log says of an event: how it ended there; "": it did not.
type fate struct{ outcome, why string }

// fates reads what a node's log says of all events, by their numbers.
func (n *node) fates() (map[int][]fate, error) {
	type record struct {
		Kind, Name, Outcome, Why, Decision string
		Hit                                uint64
		Event                              int
		Events                             []int
		Of                                 [][]uint64
	}
	type place struct {
		hit   uint64
		event int
	}
	all, at := map[int][]fate{}, map[place]int{}
	ended := map[place]fate{}
	cmd := exec.Command(n.command[0], "logs", "search", "--kind", "event", "--kind", "outcome", "--format", "json",
		"--limit", "0", "--config", n.file)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("the log of %s cannot be read: %w", n.name, err)
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r record
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			return nil, fmt.Errorf("%s: no record: %s", n.name, lines.Text())
		}
		switch r.Kind {
		case "event":
			if number, err := strconv.Atoi(strings.TrimPrefix(r.Name, "hit_")); err != nil {
				continue
			} else if at[place{r.Hit, r.Event}] = number; r.Decision == "deny" {
				ended[place{r.Hit, r.Event}] = fate{"denied", ""}
			}
		case "outcome":
			if r.Outcome == "deferred" {
				continue
			}
			for _, event := range r.Events {
				ended[place{r.Hit, event}] = fate{r.Outcome, r.Why}
			}
			for _, of := range r.Of {
				for _, event := range of[1:] {
					ended[place{of[0], int(event)}] = fate{r.Outcome, r.Why}
				}
			}
		}
	}
	for p, number := range at {
		all[number] = append(all[number], ended[p])
	}
	return all, lines.Err()
}

// accounts are what became of the events of one phase.
type accounts struct {
	accepted, denied, delivered, parked, dropped, unknown int
	uncounted                                             int // unknown, and never counted by the vendor
	refused                                               int // not accepted
	took                                                  []time.Duration
}

// account holds what became of events against what was accepted and what vendors counted. By are fates of all nodes.
func (e *eventBooks) account(by map[int][]fate) (all map[string]*accounts, wrong []string) {
	all = map[string]*accounts{}
	for _, phase := range e.phases {
		all[phase] = &accounts{}
	}
	for n := range e.events {
		one, of := &e.events[n], all[e.events[n].phase]
		if one.counted > 1 && !one.keyed {
			wrong = append(wrong, fmt.Sprintf("%s: event %d was counted %d times: %v", one.phase, n, one.counted, by[n]))
		}
		if !one.accepted {
			of.refused++
			continue
		}
		of.accepted++
		if one.came > 0 {
			of.took = append(of.took, one.came-one.sent)
		}
		said := map[string]bool{}
		for _, f := range by[n] {
			said[f.outcome] = true
		}
		switch {
		case said["delivered"]:
			of.delivered++
			if one.counted == 0 {
				wrong = append(wrong, fmt.Sprintf("%s: event %d is said to be delivered, and no vendor counted it", one.phase, n))
			}
		case said["parked"]:
			of.parked++
		case said["unknown"]:
			of.unknown++
			if one.counted == 0 {
				of.uncounted++
			}
		case said["denied"] && len(said) == 1:
			of.denied++
			if one.counted > 0 {
				wrong = append(wrong, fmt.Sprintf("%s: event %d is said to be denied, and a vendor counted it", one.phase, n))
			}
		case said["dropped"]:
			of.dropped++
			if one.counted > 0 {
				wrong = append(wrong, fmt.Sprintf("%s: event %d is said to be dropped, and a vendor counted it", one.phase, n))
			}
		default:
			wrong = append(wrong, fmt.Sprintf("LOST: %s: event %d was accepted, and nothing became of it: %v",
				one.phase, n, by[n]))
		}
	}
	return all, wrong
}

// verifyQueue waits until nothing waits, and reads from all logs what became of each event.
func (r *run) verifyQueue(context.Context) error {
	r.books.enter("at the end")
	r.events.mu.Lock()
	r.events.kind = true
	r.events.mu.Unlock()
	for _, n := range r.nodes {
		if err := until(120*time.Second, n.name+" has nothing that waits", n.drained); err != nil {
			_, text, _ := n.get("/metrics")
			r.books.find("LOST: %v: %s", err, regexp.MustCompile(`(?m)^tagwarden_cluster_queue.*$`).FindAllString(text, -1))
		}
	}
	all := map[int][]fate{}
	for _, n := range r.nodes {
		if err := n.stop(); err != nil {
			r.books.find("%v", err)
		}
		if out, err := n.verb("logs", "verify"); err != nil {
			r.books.find("%s: %v", out, err)
		}
		of, err := n.fates()
		if err != nil {
			return err
		}
		for number, some := range of {
			all[number] = append(all[number], some...)
		}
	}
	var wrong []string
	r.accounts, wrong = r.events.account(all)
	for _, one := range wrong[:min(len(wrong), 50)] {
		r.books.find("%s", one)
	}
	return nil
}

// reportQueue is the part of the report about events that waited on the cluster.
func (r *run) reportQueue() string {
	var t strings.Builder
	ms := func(d time.Duration) string { return d.Round(time.Millisecond).String() }
	t.WriteString("| phase | refused (503) | accepted | denied | delivered | parked | unknown | of those never counted " +
		"| until at the vendor p50 | p99 | max |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	var sum accounts
	for _, phase := range r.events.phases {
		a := r.accounts[phase]
		fmt.Fprintf(&t, "| %s | %d | %d | %d | %d | %d | %d | %d | %s | %s | %s |\n", phase, a.refused, a.accepted, a.denied,
			a.delivered, a.parked, a.unknown,
			a.uncounted, ms(quantile(a.took, .5)), ms(quantile(a.took, .99)), ms(quantile(a.took, 1)))
		sum.accepted, sum.delivered, sum.parked = sum.accepted+a.accepted, sum.delivered+a.delivered, sum.parked+a.parked
		sum.unknown, sum.dropped, sum.refused = sum.unknown+a.unknown, sum.dropped+a.dropped, sum.refused+a.refused
		sum.denied += a.denied
	}
	fmt.Fprintf(&t, "\n- %d events were accepted = %d denied (nodes that were not current) + %d delivered + %d parked + "+
		"%d unknown + %d dropped; %d were refused. Found wrong: %d.\n", sum.accepted, sum.denied, sum.delivered, sum.parked,
		sum.unknown, sum.dropped,
		sum.refused, len(r.books.wrong))
	return t.String()
}

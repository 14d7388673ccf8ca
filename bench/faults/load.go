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
	"regexp"
	"strconv"
	"sync"
	"time"
)

// How visitors behave.
const (
	visitEvery  = 30 * time.Millisecond // page views of a visitor through each node
	before      = 250 * time.Millisecond
	quiet       = 1500 * time.Millisecond // without a page view at the vendor: it is over
	mostVisit   = 30 * time.Second
	ackPatience = 20 * time.Second
)

var eventPattern = regexp.MustCompile(`\ben=hit_([0-9]+)\b`)

// newSink is the vendor: it notes what came.
func newSink(b *books) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for _, m := range eventPattern.FindAllSubmatch(append([]byte(r.URL.RawQuery+"\n"), body...), -1) {
			if n, err := strconv.Atoi(string(m[1])); err == nil {
				b.comes(n)
			}
		}
		w.WriteHeader(http.StatusNoContent)
	}))
}

// load is visitors.
type load struct {
	o        *options
	b        *books
	nodes    []*node
	token    string
	client   *http.Client
	patient  *http.Client
	visitors sync.WaitGroup
	mu       sync.Mutex
	n        int // visitors
	random   *rand.Rand
}

func newLoad(o *options, b *books, nodes []*node, token string) *load {
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DialContext: (&net.Dialer{Timeout: time.Second}).DialContext}
	return &load{
		o: o, b: b, nodes: nodes, token: token, random: rand.New(rand.NewPCG(o.seed, 1)), //nolint:gosec // a test's choices
		client:  &http.Client{Transport: transport, Timeout: 3 * time.Second},
		patient: &http.Client{Transport: transport, Timeout: ackPatience},
	}
}

func clientID(visitor int) string { return fmt.Sprintf("%d.1700000000", 1_000_000_000+visitor) }

// view sends a page view of a visitor through a node, and says whether it was answered.
func (l *load) view(ctx context.Context, visitor, node int) (number int, answered bool) {
	number = l.b.sends(visitor, node)
	url := fmt.Sprintf("http://%s/t/g/collect?v=2&tid=G-1&cid=%s&en=hit_%d", l.nodes[node].hits, clientID(visitor), number)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return number, false
	}
	r.Host = "shop.example"
	answer, err := l.client.Do(r)
	if err != nil {
		return number, false
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return number, answer.StatusCode < 300
}

// object has a visitor object at a node.
func (l *load) object(ctx context.Context, visitor, node int) *act {
	a := &act{visitor: visitor, node: node, sent: l.b.now()}
	l.b.objects(a)
	body := fmt.Sprintf(`{"ids":{"client_id:ga4":%q},"purposes":["audience"]}`, clientID(visitor))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+l.nodes[node].admin+"/api/v1/objections",
		bytes.NewReader([]byte(body)))
	if err != nil {
		return a
	}
	r.Header.Set("Authorization", "Bearer "+l.token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := l.patient.Do(r)
	if err != nil {
		return a
	}
	text, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	switch {
	case err != nil:
	case answer.StatusCode == http.StatusOK, answer.StatusCode == http.StatusAccepted:
		l.b.answered(a, answer.StatusCode == http.StatusAccepted)
	case answer.StatusCode < 500:
		l.b.find("an objection was answered with %d: %s", answer.StatusCode, text)
	}
	return a
}

// visit is one visitor, who looks at pages all the time through every node, objects at one of them, and looks on until
// nothing of that has come to the vendor for a while.
func (l *load) visit(ctx context.Context, visitor, at int) {
	over, end := context.WithTimeout(ctx, mostVisit)
	defer end()
	var views sync.WaitGroup
	var mu sync.Mutex
	last := l.b.now()
	for node := range l.nodes {
		views.Go(func() {
			for tick := time.NewTicker(visitEvery); over.Err() == nil; {
				select {
				case <-tick.C:
				case <-over.Done():
					tick.Stop()
					return
				}
				if number, _ := l.view(ctx, visitor, node); l.b.came(number) {
					mu.Lock()
					last = l.b.now()
					mu.Unlock()
				}
			}
		})
	}
	wait(over, before)
	a := l.object(ctx, visitor, at)
	for over.Err() == nil {
		wait(over, 50*time.Millisecond)
		mu.Lock()
		since := max(last, a.acked)
		mu.Unlock()
		if l.b.now()-since > quiet || a.untold || a.acked == 0 {
			break
		}
	}
	end()
	views.Wait()
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// goOn has visitors come until the context ends.
func (l *load) goOn(ctx context.Context) {
	for ctx.Err() == nil {
		l.mu.Lock()
		visitor, at := l.n, l.random.IntN(len(l.nodes))
		pause := time.Duration(l.random.ExpFloat64() * float64(l.o.every))
		l.n++
		l.mu.Unlock()
		l.visitors.Go(func() { l.visit(context.WithoutCancel(ctx), visitor, at) })
		wait(ctx, min(pause, 4*l.o.every))
	}
	l.visitors.Wait()
}

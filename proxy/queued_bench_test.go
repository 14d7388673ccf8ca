package proxy_test

import (
	"bufio"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// gatedContent is a vendor that asks the gate and takes everything.
type gatedContent struct{}

func (gatedContent) Deliver(e *delivery.Event, answer *proxy.Response) delivery.Outcome {
	if !e.Gate.BeforeFirstByte() {
		return delivery.Outcome{Kind: delivery.Dropped, Why: delivery.WhyObjection}
	}
	e.Gate.AfterLastByte()
	answer.SetStatusCode(204)
	return delivery.Outcome{Kind: delivery.Delivered, Status: 204, Why: delivery.WhyOK}
}

func (gatedContent) Close() {}

// measured is a server on listeners in memory, whose vendor costs nothing.
type measured struct {
	*proxy.Server
	hits  *fasthttputil.InmemoryListener
	ended chan error
}

func startMeasured(t testing.TB, file string, vendor proxy.Deliverer) *measured {
	t.Helper()
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := proxy.New(loaded, proxy.Options{
		Root: pseudonym.TestRoot, Client: func([]delivery.Upstream) (proxy.Deliverer, error) { return vendor, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	m := &measured{s, fasthttputil.NewInmemoryListener(), make(chan error, 1)}
	admin := fasthttputil.NewInmemoryListener()
	go func() { m.ended <- s.Serve(m.hits, admin) }()
	return m
}

// send sends a request n times over 32 connections, each that of a visitor, and returns when each was delivered.
func (m *measured) send(b *testing.B, request string, n int) {
	const conns = 32
	var all sync.WaitGroup
	for c := range conns {
		mine := n / conns
		if c < n%conns {
			mine++
		}
		message := []byte(strings.ReplaceAll(request, "570205504", strconv.Itoa(570205504+c)))
		all.Go(func() {
			in := bufio.NewReader(nil)
			for mine > 0 {
				conn, err := m.hits.Dial()
				if err != nil {
					b.Error(err)
					return
				}
				in.Reset(conn)
				for range min(mine, 5000) {
					exchange(b, conn, in, message)
				}
				mine -= min(mine, 5000)
				_ = conn.Close()
			}
		})
	}
	all.Wait()
	for m.Pending() > 0 {
		<-time.After(time.Millisecond)
	}
}

func (m *measured) end(t testing.TB) {
	t.Helper()
	if err := m.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-m.ended; err != nil {
		t.Error(err)
	}
}

// benchmarkConns sends one request again and again over 32 connections in memory, until each was delivered.
func benchmarkConns(b *testing.B, file string) {
	m := startMeasured(b, file, gatedContent{})
	b.ReportAllocs()
	before := processTime()
	b.ResetTimer()
	m.send(b, permitted(), b.N)
	b.StopTimer()
	b.ReportMetric(float64((processTime()-before).Nanoseconds())/1000/float64(b.N), "cpu-µs/op")
	m.end(b)
}

func permitted() string { return big("site_consent=%7B%22analytics%22%3A%22yes%22%7D; ") }

func BenchmarkDirectConns(b *testing.B) { benchmarkConns(b, folder(b, "http://127.0.0.1:1")) }
func BenchmarkQueuedConns(b *testing.B) { benchmarkConns(b, queuedFolder(b, "http://127.0.0.1:1")) }

// BenchmarkQueuedOverDirect is what a hit costs more where it waits for its vendor: one server of each kind is
// sent as many in turn, so that what else the machine does is in both. The median of the rounds is told
// (over-µs/op), and what a hit costs directly.
func BenchmarkQueuedOverDirect(b *testing.B) {
	const round = 4000
	direct := startMeasured(b, folder(b, "http://127.0.0.1:1"), gatedContent{})
	queued := startMeasured(b, queuedFolder(b, "http://127.0.0.1:1"), gatedContent{})
	defer direct.end(b)
	defer queued.end(b)
	cost := func(m *measured) float64 {
		before := processTime()
		m.send(b, permitted(), round)
		return float64((processTime() - before).Nanoseconds()) / 1000 / round
	}
	cost(direct)
	cost(queued)
	var directly, over []float64
	for b.Loop() {
		one := cost(direct)
		directly, over = append(directly, one), append(over, cost(queued)-one)
	}
	slices.Sort(directly)
	slices.Sort(over)
	b.ReportMetric(directly[len(directly)/2], "direct-µs/hit")
	b.ReportMetric(over[len(over)/2], "over-µs/hit")
	b.ReportMetric(over[len(over)/4], "over-quarter-µs/hit")
}

package proxy_test

import (
	"bufio"
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

// benchmarkConns sends one request again and again over 32 connections in memory, until each was delivered.
func benchmarkConns(b *testing.B, file, request string) {
	loaded, err := config.Load(file)
	if err != nil {
		b.Fatal(err)
	}
	s, err := proxy.New(loaded, proxy.Options{
		Root: pseudonym.TestRoot, Client: func([]delivery.Upstream) (proxy.Deliverer, error) { return gatedContent{}, nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	hits, admin := fasthttputil.NewInmemoryListener(), fasthttputil.NewInmemoryListener()
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(hits, admin) }()
	const conns = 32
	b.ReportAllocs()
	b.ResetTimer()
	var all sync.WaitGroup
	for c := range conns {
		n := b.N / conns
		if c == 0 {
			n += b.N % conns
		}
		message := []byte(strings.ReplaceAll(request, "570205504", strconv.Itoa(570205504+c))) // each is a visitor
		all.Go(func() {
			in := bufio.NewReader(nil)
			for n > 0 {
				conn, err := hits.Dial()
				if err != nil {
					b.Error(err)
					return
				}
				in.Reset(conn)
				for range min(n, 5000) {
					exchange(b, conn, in, message)
				}
				n -= min(n, 5000)
				_ = conn.Close()
			}
		})
	}
	all.Wait()
	for s.Pending() > 0 {
		<-time.After(time.Millisecond)
	}
	b.StopTimer()
	if err := s.Shutdown(b.Context()); err != nil {
		b.Error(err)
	}
	if err := <-ended; err != nil {
		b.Error(err)
	}
}

func BenchmarkDirectConns(b *testing.B) {
	benchmarkConns(b, folder(b, "http://127.0.0.1:1"), big("site_consent=%7B%22analytics%22%3A%22yes%22%7D; "))
}

func BenchmarkQueuedConns(b *testing.B) {
	benchmarkConns(b, queuedFolder(b, "http://127.0.0.1:1"), big("site_consent=%7B%22analytics%22%3A%22yes%22%7D; "))
}

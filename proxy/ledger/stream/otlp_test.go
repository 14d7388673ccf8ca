package stream_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger/stream"
)

// collector is a receiver of OpenTelemetry logs, as a script has it.
type collector struct {
	mu      sync.Mutex
	answer  func(numbers []int64, w http.ResponseWriter, r *http.Request)
	numbers []int64 // of the records that it took
	headers http.Header
	path    string
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headers, c.path = r.Header.Clone(), r.URL.Path
	unpacked, err := gzip.NewReader(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	}
	text, err := io.ReadAll(unpacked)
	if err != nil || !gjson.ValidBytes(text) {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	var numbers []int64
	for _, log := range gjson.GetBytes(text, "resourceLogs.0.scopeLogs.0.logRecords").Array() {
		numbers = append(numbers, log.Get(`attributes.#(key=="tagwarden.number").value.intValue`).Int())
	}
	took := &taking{ResponseWriter: w, status: http.StatusOK}
	if c.answer != nil {
		c.answer(numbers, took, r)
	}
	if took.status == http.StatusOK {
		c.numbers = append(c.numbers, numbers...)
	}
}

type taking struct {
	http.ResponseWriter
	status int
}

func (t *taking) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (c *collector) set(answer func([]int64, http.ResponseWriter, *http.Request)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = answer
}

func (c *collector) took() []int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	numbers := c.numbers
	c.numbers = nil
	return numbers
}

func status(code int, headers ...string) func([]int64, http.ResponseWriter, *http.Request) {
	return func(_ []int64, w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}
}

// TestOTLP: what is answered says whether records count as taken, come again, by halves, or never.
func TestOTLP(t *testing.T) {
	t.Parallel()
	var c collector
	server := httptest.NewServer(&c)
	t.Cleanup(server.Close)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	o := stream.NewOTLP(stream.OTLPOptions{
		URL: server.URL + "/v1/logs", Dial: delivery.Dial(true, nil), Now: func() time.Time { return now },
		Headers: map[string]string{"Api-Key": "key ${secret}"}, SecretFile: secret,
	})
	poison := func(numbers []int64, w http.ResponseWriter, _ *http.Request) {
		if slices.Contains(numbers, 3) {
			w.WriteHeader(http.StatusBadRequest)
		}
	}
	for _, step := range []struct {
		what    string
		answer  func([]int64, http.ResponseWriter, *http.Request)
		taken   int
		after   time.Duration
		fails   string
		refused []stream.Gap
		took    []int64
	}{
		{what: "refused before anything was taken", answer: status(400), fails: "status 400"},
		{what: "too many", answer: status(429, "Retry-After", "7"), after: 7 * time.Second, fails: "status 429"},
		{
			what: "not available, until a time", answer: status(503, "Retry-After",
				now.Add(time.Minute).Format(http.TimeFormat)),
			after: time.Minute, fails: "status 503",
		},
		{what: "elsewhere", answer: status(307, "Location", server.URL+"/other"), fails: "status 307"},
		{what: "not let in", answer: status(401), fails: "status 401"},
		{what: "taken", taken: 5, took: []int64{0, 1, 2, 3, 4}},
		{what: "one is refused", answer: poison, taken: 5, took: []int64{0, 1, 2, 4},
			refused: []stream.Gap{{First: 3, End: 4, Count: 1, Why: stream.WhyRefused}}},
		{
			what: "some are", taken: 5, took: []int64{0, 1, 2, 3, 4},
			refused: []stream.Gap{{First: 0, End: 5, Count: 2, Why: stream.WhyRefused}},
			answer: func(_ []int64, w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"jane@example.com"}}`)
			},
		},
		{
			what: "the second half fails", taken: 2, took: []int64{0, 1}, fails: "status 500",
			answer: func(numbers []int64, w http.ResponseWriter, _ *http.Request) {
				switch {
				case len(numbers) == 5:
					w.WriteHeader(http.StatusRequestEntityTooLarge)
				case numbers[0] > 0:
					w.WriteHeader(http.StatusInternalServerError)
				}
			},
		},
		{what: "reset", fails: "nobody answers", answer: func([]int64, http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}},
	} {
		c.set(step.answer)
		sent, err := o.Send(t.Context(), batchOf(0, 5))
		if sent.Taken != step.taken || sent.After != step.after || !slices.Equal(sent.Refused, step.refused) {
			t.Errorf("%s: %+v", step.what, sent)
		}
		if (err != nil) != (step.fails != "") || err != nil && !strings.Contains(err.Error(), step.fails) || err != nil &&
			strings.Contains(err.Error(), "jane") {
			t.Errorf("%s: %v", step.what, err)
		}
		if got := c.took(); !slices.Equal(got, step.took) {
			t.Errorf("%s: it took %v", step.what, got)
		}
	}
	if c.path != "/v1/logs" || c.headers.Get("Api-Key") != "key s3cret" ||
		c.headers.Get("Content-Type") != "application/json" {
		t.Errorf("%s %v", c.path, c.headers)
	}
	if err := os.WriteFile(secret, []byte("two\nlines\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Send(t.Context(), batchOf(0, 1)); err == nil || strings.Contains(err.Error(), "two") {
		t.Errorf("a secret of two lines: %v", err)
	}
}

// TestOTLPHangs: a receiver that never answers holds up no end.
func TestOTLPHangs(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-release
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	o := stream.NewOTLP(stream.OTLPOptions{URL: server.URL, Dial: delivery.Dial(true, nil), Now: time.Now})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if sent, err := o.Send(ctx, batchOf(0, 1)); !errors.Is(err, context.Canceled) || sent.Taken != 0 {
		t.Errorf("%+v, %v", sent, err)
	}
}

// TestOTLPTrustsAnew: whom TLS is spoken with is asked again for each request, so that
// a connection of before is not used on.
func TestOTLPTrustsAnew(t *testing.T) {
	t.Parallel()
	var c collector
	server := httptest.NewTLSServer(&c)
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	trusted := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	nobody := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	now := trusted
	o := stream.NewOTLP(stream.OTLPOptions{URL: server.URL + "/v1/logs", TLS: func() *tls.Config {
		return now
	}, Dial: delivery.Dial(true, nil), Now: time.Now})
	defer o.Close()
	for i, of := range []*tls.Config{nobody, trusted, trusted, nobody, trusted} {
		now = of
		if _, err := o.Send(t.Context(), batchOf(0, 3)); (err == nil) != (of == trusted) {
			t.Errorf("request %d: %v", i, err)
		}
	}
}

// TestOTLPOverTLS: only who is trusted gets anything, and no private address does that is not said to be one.
func TestOTLPOverTLS(t *testing.T) {
	t.Parallel()
	var c collector
	server := httptest.NewTLSServer(&c)
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	for what, of := range map[string]struct {
		tls           *tls.Config
		private, want bool
	}{
		"trusted":      {&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, true, true},
		"not trusted":  {&tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}, true, false},
		"another name": {&tls.Config{RootCAs: pool, ServerName: "otel.test", MinVersion: tls.VersionTLS12}, true, false},
		"private":      {&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, false, false},
	} {
		o := stream.NewOTLP(stream.OTLPOptions{URL: server.URL + "/v1/logs", TLS: func() *tls.Config {
			return of.tls
		}, Dial: delivery.Dial(of.private, nil), Now: time.Now})
		sent, err := o.Send(t.Context(), batchOf(0, 3))
		if (err == nil) != of.want || (sent.Taken == 3) != of.want || (len(c.took()) == 3) != of.want {
			t.Errorf("%s: %+v, %v", what, sent, err)
		}
		if !of.private && !errors.Is(err, delivery.ErrAddress) {
			t.Errorf("%s: %v", what, err)
		}
		o.Close()
	}
}

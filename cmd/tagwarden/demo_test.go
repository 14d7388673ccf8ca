package main

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// watched is what a verb prints, to be read while it prints.
type watched struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// until waits for a text that fits, for a time that is far longer than it takes, and returns what the pattern's group matched.
func (w *watched) until(t *testing.T, pattern string) string {
	t.Helper()
	wanted := regexp.MustCompile(pattern)
	late := time.After(20 * time.Second)
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		if found := wanted.FindStringSubmatch(w.String()); found != nil {
			return found[1]
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("no %s in %s", pattern, w)
		}
	}
}

// TestDemoShowsAHitOfOnesOwn: the curl line that the demonstration prints works, with a choice and without, what became of it is printed,
// and the end is clean.
func TestDemoShowsAHitOfOnesOwn(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var out, errs watched
	code := make(chan int, 1)
	go func() { code <- run(ctx, &terminal{out: &out, err: &errs, now: time.Now}, []string{"demo"}) }()
	address := out.until(t, `curl   '(http://[^']+)'`)
	cookie := out.until(t, `-H 'Cookie: ([^']+)'`)
	ask := func(cookie string) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if cookie != "" {
			request.Header.Set("Cookie", cookie)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if response.StatusCode != http.StatusNoContent {
			t.Errorf("answered with %s", response.Status)
		}
	}
	ask("")
	out.until(t, `(?s)1\. A hit of yours.*page_view is (denied): no_consent`)
	ask(cookie)
	shown := out.until(t, `(?s)2\. A hit of yours(.*fields as they were)`)
	if _, sent, _ := strings.Cut(shown, "out      ga4"); !strings.Contains(sent, "→  https://shop.example/\n") {
		t.Errorf("the address is not shown: %s", shown)
	}
	end()
	if got := <-code; got != fine || !strings.HasSuffix(out.String(), "ended\n") || errs.String() != "" {
		t.Errorf("exit code %d, %s", got, errs.String())
	}
}

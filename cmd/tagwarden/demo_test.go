package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
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

// until waits for a text that fits, for a time that is far longer than it takes, and
// returns what the pattern's group matched.
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

// TestDemoShowsAHitOfOnesOwn: the curl line that the demonstration prints works, with a choice and without, what became
// of it is printed, and the end is clean.
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

// demoVisit asks the shop of a running demonstration.
type demoVisit struct {
	t       *testing.T
	address string // of the page, with a slash at its end
}

// ask sends a request with some headers, and returns how it was answered; the body is
// read into a value where there is one.
func (v *demoVisit) ask(method, path string, headers map[string]string, into any) demoAnswer {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, v.address+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	_ = response.Body.Close()
	switch to := into.(type) {
	case nil:
	case *[]byte:
		*to = body
	default:
		if err := json.Unmarshal(body, into); err != nil {
			v.t.Fatalf("%s: %s: %v", path, body, err)
		}
	}
	return demoAnswer{response.StatusCode, response.Header}
}

// demoAnswer is how a request was answered, beside what was.
type demoAnswer struct {
	status int
	header http.Header
}

// pageView sends a page view for Matomo, as the page does, and returns what is shown of it.
func (v *demoVisit) pageView(headers map[string]string) shownHit {
	v.t.Helper()
	hit := "t/matomo.php?idsite=1&rec=1&_id=987f053eaf7f28ce&url=" + url.QueryEscape(
		"https://shop.example/?email=jane.doe@example.com")
	number, _ := strconv.Atoi(v.ask(http.MethodGet, hit, headers, nil).header.Get("X-Demo-Hit"))
	var all []shownHit
	v.ask(http.MethodGet, "hits.json", nil, &all)
	if len(all) == 0 || all[len(all)-1].Number != number {
		v.t.Fatalf("hit %d is not shown: %+v", number, all)
	}
	return all[len(all)-1]
}

// TestDemoShowsWhatTheLogProves: each hit leads to its records, in words, and to their proofs, which the log's key
// verifies; what was decided follows the assessment as it stands, and nobody elsewhere can change that.
func TestDemoShowsWhatTheLogProves(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	var out, errs watched
	code := make(chan int, 1)
	go func() { code <- run(ctx, &terminal{out: &out, err: &errs, now: time.Now}, []string{"demo"}) }()
	defer func() { end(); <-code }()
	v := &demoVisit{t, out.until(t, `open   (http://[^ ]+/) `)}

	decided := func(hit shownHit, reason string, travels bool) {
		t.Helper()
		if got := hit.Verdict.Events[0].Reason; got != reason || (len(hit.Received) > 0) != travels {
			t.Errorf("hit %d is decided %s, and the vendor got %d requests", hit.Number, got, len(hit.Received))
		}
	}
	first := v.pageView(nil)
	decided(first, "permitted", true)
	var stands shownAssessment
	for _, step := range []struct {
		review, header string
		status         int
		reason         string
		version        int
	}{
		{"overdue", "", http.StatusBadRequest, "permitted", 1},
		{"never", "1", http.StatusBadRequest, "permitted", 1},
		{"overdue", "1", http.StatusOK, "assessment_expired", 2},
		{"done", "1", http.StatusOK, "permitted", 3},
	} {
		headers := map[string]string{}
		if step.header != "" {
			headers["X-Demo"] = step.header
		}
		if got := v.ask(http.MethodPost, "assessment.json?review="+step.review, headers, nil); got.status != step.status {
			t.Errorf("%+v was answered with %d", step, got.status)
		}
		v.ask(http.MethodGet, "assessment.json", nil, &stands)
		if stands.Version != step.version || stands.Holds != (step.reason == "permitted") {
			t.Errorf("after %+v it stands so: %+v", step, stands)
		}
		decided(v.pageView(nil), step.reason, step.reason == "permitted")
	}

	// The privacy page is the proxy's own, and no hit.
	var page []byte
	if v.ask(http.MethodGet, "privacy/", nil, &page); !strings.Contains(string(page),
		`name="object" value="audience-measurement"`) {
		t.Errorf("no objection can be made: %s", page)
	}

	var said shownLog
	late := time.After(30 * time.Second)
	for tick := time.NewTicker(50 * time.Millisecond); len(said.Records) < 2 || said.Waits; {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("the log says %+v", said)
		}
		said = shownLog{}
		v.ask(http.MethodGet, "record.json?hit="+strconv.FormatUint(first.Hit, 10), nil, &said)
	}
	event := said.Records[0]
	if !strings.Contains(event.Says, "matomo-cookieless") || !strings.HasPrefix(event.Proved, "record "+strconv.FormatUint(
		event.Number, 10)+" is in the log ") {
		t.Errorf("the log says %+v", event)
	}
	key, err := tree.ParseKey(said.Key)
	if err != nil {
		t.Fatal(err)
	}
	var file []byte
	v.ask(http.MethodGet, "proof.json?record="+strconv.FormatUint(event.Number, 10), nil, &file)
	if proof, err := audit.CheckProof(file, key); err != nil || proof.Number != int64(event.Number) {
		t.Errorf("%v: %s", err, file)
	}
	for path, status := range map[string]int{"record.json?hit=x": 400, "proof.json?record=-1": 400,
		"proof.json?record=99999": 404} {
		if got := v.ask(http.MethodGet, path, nil, nil); got.status != status {
			t.Errorf("%s was answered with %d", path, got.status)
		}
	}
}

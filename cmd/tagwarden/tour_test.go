package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestDocumentedTour runs every command of the tour, as a reader would, with `serve` in a terminal of its own, and
// finds in what each prints the lines that the page shows.
func TestDocumentedTour(t *testing.T) {
	text, err := os.ReadFile("docs/tour.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	ctx, end := context.WithCancel(t.Context())
	r := &tourist{t: t, ctx: ctx, ran: map[string]bool{}}
	defer func() {
		end()
		if r.served != nil {
			<-r.served
		}
	}()
	for _, block := range regexp.MustCompile("(?s)\n```console\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		for _, command := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			line, shown, _ := strings.Cut(command, "\n")
			r.do(line, strings.Split(strings.TrimSpace(shown), "\n"))
		}
	}
	for _, verb := range []string{"init", "check", "test", "explain", "replay", "scan", "lia", "serve", "curl", "logs"} {
		if !r.ran[verb] {
			t.Errorf("%s was not run", verb)
		}
	}
}

// tourist does what the tour says.
type tourist struct {
	t      *testing.T
	ctx    context.Context //nolint:containedctx // it lives as long as the test
	ran    map[string]bool
	hits   string   // where the server takes hits
	served chan int // how it ended
}

// word is one of a command, quoted or not.
var word = regexp.MustCompile(`'([^']*)'|(\S+)`)

// do runs a command, until it prints the lines that are shown: what was sent to a server is in its log a moment later.
func (r *tourist) do(line string, shown []string) {
	r.t.Helper()
	var words []string
	for _, found := range word.FindAllStringSubmatch(line, -1) {
		words = append(words, found[1]+found[2])
	}
	switch {
	case words[0] == "go":
		return
	case words[0] == "curl":
		r.ran["curl"] = true
		r.lacks(line, r.curl(words[len(words)-1]), shown, true)
		return
	case words[0] != "./tagwarden":
		r.t.Fatalf("what is %s?", line)
	}
	words = words[1:]
	if r.ran[words[0]] = true; words[0] == "serve" {
		r.serve(words)
		return
	}
	late := time.After(20 * time.Second)
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		var out, errs strings.Builder
		code := run(r.ctx, &terminal{out: &out, err: &errs, now: time.Now}, words)
		if code != fine && (words[0] != "scan" || code != findings) {
			r.t.Fatalf("%s: exit code %d\n%s%s", line, code, out.String(), errs.String())
		}
		said := out.String() + errs.String()
		if words[0] != "logs" {
			r.lacks(line, said, shown, true)
			return
		}
		if !r.lacks(line, said, shown, false) {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			r.lacks(line, said, shown, true)
			return
		}
	}
}

// serve starts the server, on ports that are free.
func (r *tourist) serve(words []string) {
	r.t.Helper()
	const file = "shop/tagwarden.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		r.t.Fatal(err)
	}
	free := regexp.MustCompile(`127\.0\.0\.1:808[01]`).ReplaceAll(text, []byte("127.0.0.1:0"))
	if err := os.WriteFile(file, free, 0o600); err != nil {
		r.t.Fatal(err)
	}
	var out, errs watched
	r.served = make(chan int, 1)
	go func() { r.served <- run(r.ctx, &terminal{out: &out, err: &errs, now: time.Now}, words) }()
	r.hits = out.until(r.t, `ready hits=(\S+)`)
}

// curl asks the server as that does, and returns its answer.
func (r *tourist) curl(address string) string {
	r.t.Helper()
	address, found := strings.CutPrefix(address, "http://localhost:8080/")
	if !found || r.hits == "" {
		r.t.Fatalf("the server is not asked, or does not run: %s", address)
	}
	request, err := http.NewRequestWithContext(r.ctx, http.MethodGet, "http://"+r.hits+"/"+address, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Host = "localhost:8080"
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = response.Body.Close()
	return "HTTP/1.1 " + response.Status + "\n" + string(body)
}

// moment is what another run says otherwise: times, numbers of records and of hits.
var moment = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}|#\d+|hit \d+`)

// lacks tells whether some line is missing that the page shows; where it must not, the test fails.
// "..." stands for lines that are left out.
func (r *tourist) lacks(line, said string, shown []string, must bool) bool {
	r.t.Helper()
	same := func(text string) string {
		return strings.Join(strings.Fields(moment.ReplaceAllString(text, "*")), " ")
	}
	for _, one := range shown {
		if one = strings.TrimSpace(one); one != "" && one != "..." && !strings.Contains(same(said), same(one)) {
			if must {
				r.t.Errorf("%s: the page shows %q, and it says\n%s", line, one, said)
			}
			return true
		}
	}
	return false
}

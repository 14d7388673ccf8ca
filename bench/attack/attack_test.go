package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/bench/load"
)

// binary is the product of this tree, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "tagwarden-attack-test-")
	if err == nil {
		binary, err = build(context.Background(), dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// TestScenarios carries every scenario out that needs no more than processes and loopback, far smaller than the
// promises are about: what they measure has to be there, whatever it is.
func TestScenarios(t *testing.T) {
	figures := map[string]string{ // of each scenario, one of its own figures or statuses
		"bombs": "bomb, zeros", "slow": "connections held at once", "work": "words, a byte",
		"setlines": "CPU of a GA4 hit, 100 set: lines",
		"vendor":   "others' p50 during a head", "twice": "somebody else's answer, all", "objecting": "flood of one link",
		"answers": "Amplitude, 413", "batches": "arrived of Segment, 90", "idle": "occupier",
	}
	for _, s := range scenarios {
		want, ok := figures[s.ID]
		if !ok {
			continue // it takes a namespace, or nearly all files that there may be
		}
		t.Run(s.ID, func(t *testing.T) {
			t.Parallel()
			o := &options{binary: binary, confine: "none", memory: "128MiB", size: 0.01, patience: time.Minute}
			r, err := one(t.Context(), o, s, filepath.Join(t.TempDir(), s.ID))
			if err != nil {
				t.Fatal(err)
			}
			if !r.Possible || !r.Alive || r.Peak < 1<<20 || r.Ended != "" || r.Failed != "" {
				t.Errorf("%+v", r)
			}
			if r.Statuses[want] == nil && !slices.ContainsFunc(r.Figures, func(f Figure) bool { return f.Name == want }) {
				t.Errorf("nothing is said of %q:\n%s", want, r.text())
			}
			if r.Others != nil && r.Others.Answered == 0 {
				t.Errorf("nobody else was answered:\n%s", r.text())
			}
		})
	}
}

// TestDeathIsTold: of a process that ends under attack the result says so, and how.
func TestDeathIsTold(t *testing.T) {
	s := scenario{ID: "death", Title: "a process that is ended", run: func(ctx context.Context, b *bout) error {
		v, err := newVendor(noContent)
		if err != nil {
			return err
		}
		defer v.close()
		p, err := b.start(ctx, setup{upstreams: map[string]string{"ga4": v.at()}})
		if err != nil {
			return err
		}
		return b.besiege(ctx, p, visitors(p.hits, 2), 20*time.Second, true, func(ctx context.Context) {
			if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
				t.Error(err)
			}
			<-ctx.Done()
		})
	}}
	r, err := one(t.Context(), &options{binary: binary, size: 0.1, patience: time.Minute}, s, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if r.Holds || r.Alive || !strings.Contains(r.Ended, "killed") || r.After != 0 || r.Peak == 0 {
		t.Errorf("%+v", r)
	}
	if text := r.text(); !strings.Contains(text, "DOES NOT HOLD") || !strings.Contains(text, "NO: signal: killed") {
		t.Error(text)
	}
}

// TestBombs: each is small, and holds what it is said to hold.
func TestBombs(t *testing.T) {
	for _, s := range append(slices.Clone(shapes), worst()...) {
		content := s.content(1 << 20)
		request, err := s.request(content)
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := bytes.Cut(request, []byte("\r\n\r\n"))
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, content) || len(body) > 24<<10 || len(got) < 1<<20-64<<10 || len(got) > 1<<20 {
			t.Errorf("%s: %d bytes hold %d, %v", s.name, len(body), len(got), err)
		}
		if strings.Contains(s.lines, "json") && !json.Valid(content) {
			t.Errorf("%s: no JSON: %.60s", s.name, content)
		}
	}
}

// TestPatientBombs: each is within what a body may be, and not refused for how much it unpacks to.
func TestPatientBombs(t *testing.T) {
	for _, s := range patient() {
		content := s.content(unpackedSize)
		body, err := pack(content)
		if err != nil {
			t.Fatal(err)
		}
		if ratio := len(content) / len(body); len(content) > 1<<20 && ratio >= 100 || ratio < 40 || len(body) > 1<<20 ||
			!json.Valid(content) {
			t.Errorf("%s: %d bytes hold %d, %d to 1", s.name, len(body), len(content), ratio)
		}
	}
}

// TestBatches: what is sent holds as many events as is said, and a vendor counts them all.
func TestBatches(t *testing.T) {
	for _, s := range sent() {
		if !json.Valid([]byte(s.body)) || countEvents([]byte(s.body)) != s.events {
			t.Errorf("%s: %d events", s.name, countEvents([]byte(s.body)))
		}
	}
	for _, none := range []string{"", "x", "{}", "[", `{"batch":1}`} {
		if n := countEvents([]byte(none)); n != 0 {
			t.Errorf("%q holds %d events", none, n)
		}
	}
}

// TestTwiceIsSeen puts visitors straight before a vendor that answers twice: who keeps a
// connection gets somebody else's answer.
func TestTwiceIsSeen(t *testing.T) {
	v, err := newVendor(func(c *call) { answerTwice(c, func() string { return "with the next request" }) })
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	l, err := dial(t.Context(), "", v.at(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	var got []string
	for i := range 3 {
		a, err := l.ask(post("/", "", []byte(named+fmt.Sprintf("%012d", i))))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(a.body))
	}
	if strings.HasSuffix(got[0], `0"}`) == strings.HasSuffix(got[1], `1"}`) {
		t.Errorf("%q", got)
	}
}

// TestCrowdCounts: an answer that is none of 2xx, and none at all, are not taken for one.
func TestCrowdCounts(t *testing.T) {
	var n atomic.Int64
	v, err := newVendor(func(c *call) {
		for {
			if _, _, err := c.request(); err != nil {
				return
			}
			text := []string{"HTTP/1.1 204 No Content\r\n\r\n", response(503, "", ""), ""}[n.Add(1)%3]
			if _, err := io.WriteString(c, text); err != nil || text == "" {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var all []string
	visitor{"127.0.0.1", v.at()}.send(ctx, false, func(status string, _ time.Duration) {
		if all = append(all, status); len(all) == 3 {
			stop()
		}
	})
	slices.Sort(all)
	if !slices.Equal(all, []string{"204", "503", "closed"}) {
		t.Errorf("%q", all)
	}
	tally := crowd{{"127.0.0.1", closed(t)}}.watch(t.Context(), time.Millisecond)
	if tally.Sent != 1 || tally.Answered != 0 || tally.Statuses["refused"] != 1 {
		t.Errorf("%+v", tally)
	}
}

// closed is an address at which nobody listens.
func closed(t *testing.T) string {
	v, err := newVendor(noContent)
	if err != nil {
		t.Fatal(err)
	}
	v.close()
	return v.at()
}

func TestCageIsWritten(t *testing.T) {
	c := cage{folder: "/sys/fs/cgroup/x", data: 10, files: 256}
	want := `echo $$ >"/sys/fs/cgroup/x/cgroup.procs" && ulimit -d 10 && ulimit -n 256 && exec "$@"`
	if got := c.wrap("a", "b"); !slices.Equal(got, []string{"sh", "-c", want, "sh", "a", "b"}) {
		t.Errorf("%q", got)
	}
	if got := (&cage{}).wrap("a", "b"); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%q", got)
	}
}

// TestRunsAreCompared: a table holds what both runs say, and what one of them does not.
func TestRunsAreCompared(t *testing.T) {
	name := filepath.Join(t.TempDir(), "before.json")
	before := []*Result{{ID: "a", Possible: true, Ended: "signal: killed", Peak: 512 << 20,
		Figures: []Figure{{"arrived", 0, "of 40"}}}}
	var out bytes.Buffer
	if err := report(&options{format: "json", out: name}, &out, before); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(name); err != nil || !bytes.Equal(text, out.Bytes()) {
		t.Errorf("printed and written differ: %v", err)
	}
	out.Reset()
	after := []*Result{
		{ID: "a", Title: "A", Promise: "alive", Possible: true, Holds: true, Alive: true, Peak: 100 << 20,
			Figures: []Figure{{"arrived", 40, "of 40"}, {"new", 1.5, "ms"}}},
		{ID: "b", Title: "B", Why: "no namespace"},
	}
	if err := report(&options{format: "text", before: name}, &out, after); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| alive | **does not hold** | holds |", "| alive | NO: signal: killed | yes |",
		"| memory at most | 512 MiB | 100 MiB |",
		"| arrived | 0 of 40 | 40 of 40 |", "| new | - | 1.5 ms |", "### b: B", "|  | - | not possible |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if err := report(&options{format: "xml"}, &out, after); err == nil {
		t.Error("a format that there is not is taken")
	}
}

func TestScenariosAreChosen(t *testing.T) {
	if all, err := choose(""); err != nil || len(all) != len(scenarios) {
		t.Errorf("%d, %v", len(all), err)
	}
	if some, err := choose("idle, bombs"); err != nil || len(some) != 2 || some[0].ID != "idle" || some[1].ID != "bombs" {
		t.Errorf("%v, %v", some, err)
	}
	if _, err := choose("nothing"); err == nil {
		t.Error("a scenario that there is not is taken")
	}
}

// TestHitsAreRequests: what is sent is read by a parser that is not ours.
func TestHitsAreRequests(t *testing.T) {
	hits := load.GA4{Host: host, Cookie: choice + "=yes"}
	for _, text := range [][]byte{hits.Append(nil, 1), objection("192.0.2.1:443", 1), deniedHit,
		post(track, asJSON+yes, []byte("{}"))} {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
		if err != nil || r.Host != host {
			t.Errorf("%v: %q", err, text)
		}
	}
}

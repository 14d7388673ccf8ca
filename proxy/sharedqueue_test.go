package proxy_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// sharedFolder is the folder of a node whose events wait on the cluster.
func sharedFolder(t testing.TB, upstream string, urls []string, name string) string {
	t.Helper()
	file := folder(t, upstream)
	writePolicy(t, filepath.Dir(file), strings.Replace(policyText, "revenue: keep", "revenue: keep, event_id: keep", 1))
	write(t, file, strings.Replace(read(t, file), "concurrency: 64", "concurrency: 4", 1)+fmt.Sprintf(
		"cluster: { name: test, node: %s, nats: [%s] }\n"+
			"delivery: { mode: queued, retry: { first: 10ms, most: 50ms }, queue: { on: cluster, size: 16MiB } }\n",
		name, strings.Join(urls, ", ")))
	return file
}

// soonSilent has what a silent node took be handed to others soon.
func soonSilent(o *proxy.Options) { o.Silent = time.Second }

// ga4Hit is a hit for a vendor that would count it twice, and segmentHit one for a vendor that knows it again.
func ga4Hit(n int) string {
	hit := strings.Replace(pageView, "page_view", fmt.Sprintf("serial%dx", n), 1)
	return get(strings.Replace(hit, "1234567890", strconv.Itoa(1_000_000_000+n), 1), consent)
}

func segmentHit(n int) string {
	return post("/t/v1/t", consent+"Content-Type: application/json\r\n", fmt.Sprintf(
		`{"type":"track","event":"segment%dx","anonymousId":"00000000-0000-4000-8000-%012d","messageId":"ajs-next-%032d"}`,
		n, n, n))
}

// accepts sends hits, and wants each accepted.
func (r *running) accepts(t testing.TB, hits ...string) {
	t.Helper()
	for _, hit := range hits {
		if a := r.send(t, hit); a.status/100 != 2 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
}

var sharedName = regexp.MustCompile(`(serial|segment)\d+x`)

// serials are the names of the events that arrived, in order.
func (v *vendor) serials() (all []string) {
	for _, text := range v.got() {
		all = append(all, sharedName.FindAllString(text, -1)...)
	}
	slices.Sort(all)
	return all
}

// named are the names of so many events.
func eventsNamed(of string, most int) (all []string) {
	for n := range most {
		all = append(all, fmt.Sprintf("%s%dx", of, n))
	}
	return all
}

func hitsOf(of func(int) string, from, to int) (all []string) {
	for n := from; n < to; n++ {
		all = append(all, of(n))
	}
	return all
}

// outcomes counts what a node's ledger says of how events ended, by outcome and why.
func (r *running) outcomes(t *testing.T) map[string]int {
	t.Helper()
	all := map[string]int{}
	for _, said := range r.fates(t) {
		all[strings.Join(said, ", ")]++
	}
	return all
}

// TestSharedQueue goes through what nodes do with a queue that they share, on three servers that are started once.
func TestSharedQueue(t *testing.T) {
	servers := natstest.Start(t)
	for _, one := range []struct {
		name string
		run  func(*testing.T, *natstest.Servers)
	}{
		{"the queue is made behind the log of objections", testSharedBehindTheLog},
		{"any node delivers what any node accepted", testSharedByAny},
		{"who objects at another node is heeded", testSharedObjection},
		{"a node that stops gives back what it took", testSharedStop},
		{"a node that falls silent is gone on from, and nothing is sent twice that counts twice", testSharedSilent},
		{"a node that was killed ends what it had taken", testSharedKilled},
		{"each event ends as is known of it", testSharedOutcomes},
		{"whoever is erased at one node is erased at all", testSharedErase},
		{"what waits there is delivered when the queue is local again", testSharedBack},
		{"a full queue refuses hits early", testSharedFull},
		{"without a quorum hits are refused", testSharedQuorum}, // the last one: it stops servers
	} {
		if !t.Run(one.name, func(t *testing.T) { one.run(t, servers) }) {
			return
		}
	}
}

// sharedNode starts a node.
func sharedNode(t *testing.T, upstream string, urls []string, name string) *running {
	t.Helper()
	r := start(t, sharedFolder(t, upstream, urls, name), soonSilent)
	r.ready(t)
	return r
}

// stops stops nodes, each of whose ledgers has to be right alone.
func stops(t *testing.T, nodes ...*running) {
	t.Helper()
	for _, r := range nodes {
		if err := r.stop(t); err != nil {
			t.Error(err)
		}
	}
}

func wantSerials(t *testing.T, v *vendor, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := v.serials(); !slices.Equal(got, want) {
		t.Errorf("there arrived %q, want %q", got, want)
	}
}

func testSharedByAny(t *testing.T, s *natstest.Servers) {
	v := startVendor(t)
	a, b := sharedNode(t, v.URL, s.URLs(), "a"), sharedNode(t, v.URL, s.URLs(), "b")
	a.accepts(t, hitsOf(ga4Hit, 0, 20)...)
	b.accepts(t, hitsOf(segmentHit, 0, 10)...)
	until(t, "all arrive", func() bool { return len(v.serials()) >= 30 })
	until(t, "nothing waits", func() bool { return a.Pending()+b.Pending() == 0 })
	until(t, "the cluster is told", func() bool { return a.onCluster(t) == 0 })
	stops(t, a, b)
	wantSerials(t, v, append(eventsNamed("serial", 20), eventsNamed("segment", 10)...)...)
	of := a.outcomes(t)
	for what, n := range b.outcomes(t) {
		of[what] += n
	}
	if len(of) != 2 || of["handed_over"] != 30 || of["delivered"] != 30 {
		t.Errorf("%v", of)
	}
}

// onCluster is how many messages wait on the cluster.
func (r *running) onCluster(t *testing.T) int {
	t.Helper()
	return int(r.queue(t, "GET", "", "", 200).Get("cluster.messages").Int())
}

func testSharedObjection(t *testing.T, s *natstest.Servers) {
	v := startVendor(t)
	a, b := sharedNode(t, "http://127.0.0.1:1", s.URLs(), "a"), sharedNode(t, "http://127.0.0.1:1", s.URLs(), "b")
	for range 5 {
		a.accepts(t, get(pageView, consent))
	}
	b.act(t, objection.Change{Object: []string{"audience"}})
	until(t, "all are dropped", func() bool {
		return a.outcomes(t)["dropped objection"]+b.outcomes(t)["dropped objection"] == 5
	})
	until(t, "the cluster is told", func() bool { return a.onCluster(t) == 0 })
	b.act(t, objection.Change{TakeBack: []string{"audience"}})
	stops(t, a, b)
	if got := v.got(); len(got) > 0 {
		t.Errorf("there arrived %q", got)
	}
}

func testSharedStop(t *testing.T, s *natstest.Servers) {
	v := startVendor(t)
	a := sharedNode(t, "http://127.0.0.1:1", s.URLs(), "a")
	a.accepts(t, append(hitsOf(ga4Hit, 0, 10), hitsOf(segmentHit, 0, 10)...)...)
	until(t, "it has taken them", func() bool { return a.Pending() == 20 })
	stops(t, a)
	if of := a.outcomes(t); of["handed_over"] != 20 || of["handed_over given_back"] != 20 || len(of) != 2 {
		t.Errorf("%v", of)
	}
	b := sharedNode(t, v.URL, s.URLs(), "b")
	until(t, "all arrive", func() bool { return len(v.serials()) >= 20 })
	until(t, "the cluster is told", func() bool { return b.onCluster(t) == 0 })
	stops(t, b)
	wantSerials(t, v, append(eventsNamed("serial", 10), eventsNamed("segment", 10)...)...)
	if of := b.outcomes(t); of["delivered"] != 20 || len(of) != 1 {
		t.Errorf("%v", of)
	}
}

// hanging is a vendor that answers when it is let to.
func hanging(t *testing.T) (v *vendor, goOn func()) {
	v = startVendor(t)
	ctx, end := context.WithCancel(t.Context())
	v.answers(func(w http.ResponseWriter, _ *http.Request) {
		<-ctx.Done()
		_, _ = io.WriteString(w, `{"success":true}`)
	})
	t.Cleanup(end)
	return v, end
}

func testSharedSilent(t *testing.T, s *natstest.Servers) {
	hangs, goOn := hanging(t)
	v := startVendor(t)
	urls, cut := s.Relays(t)
	a := sharedNode(t, hangs.URL, urls, "a")
	a.accepts(t, append(hitsOf(ga4Hit, 0, 12), hitsOf(segmentHit, 0, 3)...)...)
	until(t, "some are under way", func() bool { return len(hangs.got()) >= 5 && a.Pending() == 15 })
	under := 0
	for _, name := range hangs.serials() {
		if strings.HasPrefix(name, "serial") {
			under++
		}
	}
	cut(true)
	b := sharedNode(t, v.URL, s.URLs(), "b")
	until(t, "all that may be sent arrive", func() bool {
		return len(v.serials()) >= 15-under
	})
	until(t, "the cluster is told", func() bool { return b.onCluster(t) == 0 })
	if of := b.outcomes(t); of["unknown stopped"] != under || of["delivered"] != 15-under || len(of) != 2 {
		t.Errorf("%d were under way: %v", under, of)
	}
	cut(false)
	goOn()
	until(t, "the other one ends what it had taken", func() bool { return a.Pending() == 0 })
	stops(t, a, b)
	seen := map[string]int{}
	for _, name := range append(hangs.serials(), v.serials()...) {
		if seen[name]++; seen[name] > 1 && strings.HasPrefix(name, "serial") {
			t.Errorf("%s was sent twice", name)
		}
	}
	for _, name := range append(eventsNamed("serial", 12), eventsNamed("segment", 3)...) {
		if seen[name] == 0 {
			t.Errorf("%s did not arrive", name)
		}
	}
}

func testSharedKilled(t *testing.T, s *natstest.Servers) {
	v := startVendor(t)
	urls, cut := s.Relays(t)
	file := sharedFolder(t, "http://127.0.0.1:1", urls, "a")
	a := start(t, file, soonSilent)
	a.ready(t)
	a.accepts(t, append(hitsOf(ga4Hit, 0, 8), hitsOf(segmentHit, 0, 3)...)...)
	until(t, "it has taken them", func() bool { return a.Pending() == 11 })
	cut(true)
	again := sharedFolder(t, v.URL, s.URLs(), "a")
	copyKilled(t, filepath.Join(filepath.Dir(file), "data"), filepath.Join(filepath.Dir(again), "data"))
	stops(t, a)
	b := start(t, again, soonSilent)
	b.ready(t)
	until(t, "all arrive", func() bool { return len(v.serials()) >= 11 })
	until(t, "the cluster is told", func() bool { return b.onCluster(t) == 0 })
	stops(t, b)
	wantSerials(t, v, append(eventsNamed("serial", 8), eventsNamed("segment", 3)...)...)
	of := b.outcomes(t)
	if of["handed_over"]+of["unknown not_confirmed"] != 11 || of["delivered"] != 11 || of["handed_over given_back"] == 0 {
		t.Errorf("%v", of)
	}
}

// copyKilled copies a folder as a process leaves it that is killed now.
func copyKilled(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		write(t, filepath.Join(to, name), string(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testSharedBack(t *testing.T, s *natstest.Servers) {
	v := startVendor(t)
	file := sharedFolder(t, "http://127.0.0.1:1", s.URLs(), "a")
	a := start(t, file, soonSilent)
	a.ready(t)
	a.accepts(t, hitsOf(ga4Hit, 0, 5)...)
	stops(t, a)
	write(t, file, strings.ReplaceAll(strings.Replace(read(t, file), "on: cluster, ", "", 1), "http://127.0.0.1:1", v.URL))
	a = start(t, file, soonSilent)
	a.ready(t)
	a.accepts(t, hitsOf(ga4Hit, 5, 10)...)
	until(t, "all arrive", func() bool { return len(v.serials()) >= 10 })
	stops(t, a)
	wantSerials(t, v, eventsNamed("serial", 10)...)
}

// testSharedFull has the stream be smaller than anybody would make it.
func testSharedFull(t *testing.T, s *natstest.Servers) {
	v := startVendor(t)
	file := sharedFolder(t, "http://127.0.0.1:1", s.URLs(), "a")
	a := start(t, file, soonSilent)
	a.ready(t)
	js, stream, end := streamOf(t, s, "tagwarden-test_queue")
	defer end()
	config := stream.CachedInfo().Config
	config.MaxBytes = 32 << 10
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for n := range 200 {
		if got := a.send(t, ga4Hit(n)); got.status == 503 && got.headers.Get("Retry-After") != "" {
			break
		} else if got.status != 204 {
			t.Fatal(got)
		}
		taken++
	}
	if taken == 0 || taken == 200 {
		t.Errorf("%d were taken", taken)
	}
	if got := a.figure(t, `tagwarden_queue_full_total{cause="size"}`); got == "" || got == "0" {
		t.Errorf("%q hits were refused", got)
	}
	stops(t, a)
	b := sharedNode(t, v.URL, s.URLs(), "b")
	until(t, "all arrive", func() bool { return len(v.serials()) >= taken })
	until(t, "the cluster is told", func() bool { return b.onCluster(t) == 0 })
	stops(t, b)
	wantSerials(t, v, eventsNamed("serial", taken)...)
}

func testSharedQuorum(t *testing.T, s *natstest.Servers) {
	v := startVendor(t)
	a := sharedNode(t, v.URL, s.URLs(), "a")
	a.accepts(t, ga4Hit(0))
	s.Stop(0)
	s.Stop(1)
	until(t, "hits are refused", func() bool {
		got := a.send(t, ga4Hit(1))
		return got.status == 503 && got.headers.Get("Retry-After") != ""
	})
	until(t, "it is not ready", func() bool {
		status, body := a.get(t, "/readyz")
		return status == 503 && strings.Contains(body, "the cluster's queue cannot be reached")
	})
	if err := s.Again(0); err != nil {
		t.Fatal(err)
	}
	until(t, "hits are taken again", func() bool { return a.send(t, ga4Hit(2)).status == 204 })
	until(t, "the last one arrives", func() bool { return slices.Contains(v.serials(), "serial2x") })
	a.ready(t)
	stops(t, a)
	for what, n := range a.outcomes(t) {
		if what != "handed_over" && what != "delivered" && what != "unknown not_confirmed" && what != "dropped not_accepted" {
			t.Errorf("%d: %s", n, what)
		}
	}
}

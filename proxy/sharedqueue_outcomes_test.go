package proxy_test

import (
	"fmt"
	"io"
	"maps"
	"math/bits"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
)

// attemptEnds is how a first attempt at an event ends, and what is to become of the event.
type attemptEnds struct {
	status int  // of the answer; 0: the connection ends without one
	after  bool // it says when to come again
	counts bool // the vendor counted it all the same
	always bool // so does every other attempt

	unkeyed, keyed string // what the ledger of the node says in the end; "": it is tried again
}

// firstAttempts are all ways that a vendor has of ending an attempt that it was sent.
var firstAttempts = []attemptEnds{
	{status: 204, counts: true, unkeyed: "delivered", keyed: "delivered"},
	{status: 302, always: true, unkeyed: "parked refused", keyed: "parked refused"},
	{status: 400, always: true, unkeyed: "parked refused", keyed: "parked refused"},
	{status: 408, unkeyed: "unknown refused"},
	{status: 425, unkeyed: "parked refused"},
	{status: 429},
	{status: 500, counts: true, unkeyed: "unknown refused"},
	{status: 503, unkeyed: "unknown refused"},
	{counts: true, unkeyed: "unknown broken"},
	{unkeyed: "unknown broken"},
	{status: 501, always: true, unkeyed: "parked refused", keyed: "parked refused"},
	{status: 503, after: true}, // the last one: the vendor is asked for nothing else meanwhile
}

// counting is a vendor whose first answer to an event is as the event's number says. It counts as vendors do: an event
// that comes under a key once, others as often as they come.
type counting struct {
	*httptest.Server
	after   string // when what is to come again is to
	mu      sync.Mutex
	holds   chan struct{} // nothing is answered before it is closed; nil: at once
	came    map[string]bool
	asked   map[string]int // that were answered
	counted map[string]int
}

func newCounting(t *testing.T) *counting {
	v := &counting{after: "1", came: map[string]bool{}, asked: map[string]int{}, counted: map[string]int{}}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		request := r.RequestURI + string(body)
		v.mu.Lock()
		for _, name := range sharedName.FindAllString(request, -1) {
			v.came[name] = true
		}
		holds := v.holds
		v.mu.Unlock()
		if holds != nil {
			<-holds
		}
		v.answerTo(w, request)
	}))
	t.Cleanup(v.Close)
	return v
}

// takes notes an attempt, and says how it ends.
func (v *counting) takes(request string) (of attemptEnds) {
	v.mu.Lock()
	defer v.mu.Unlock()
	of = attemptEnds{status: 200, counts: true}
	names := sharedName.FindAllString(request, -1)
	for _, name := range names {
		n := 0
		if _, err := fmt.Sscanf(strings.TrimLeft(name, "serialgmnt"), "%dx", &n); err != nil {
			panic(err)
		}
		if first := firstAttempts[n%len(firstAttempts)]; first.always || v.asked[name] == 0 {
			of = first
		}
		v.asked[name]++
	}
	if of.counts {
		for _, name := range names {
			v.counted[name]++
		}
	}
	return of
}

func (v *counting) answerTo(w http.ResponseWriter, request string) {
	of := v.takes(request)
	if of.status == 0 {
		panic(http.ErrAbortHandler)
	}
	if of.after {
		w.Header().Set("Retry-After", v.after)
	}
	w.WriteHeader(of.status)
}

func (v *counting) attempted() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.asked)
}

func (v *counting) arrived() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.came)
}

// streamOf is a stream as its servers show it, until the connection is ended.
func streamOf(t *testing.T, s *natstest.Servers, name string) (js jetstream.JetStream,
	stream jetstream.Stream, end func()) {
	t.Helper()
	nc, err := nats.Connect(strings.Join(s.URLs(), ","))
	if err != nil {
		t.Fatal(err)
	}
	if js, err = jetstream.New(nc); err == nil {
		stream, err = js.Stream(t.Context(), name)
	}
	if err != nil {
		nc.Close()
		t.Fatal(err)
	}
	return js, stream, nc.Close
}

// doubted is how many events may have left as far as anybody knows who reads the marks: those that are marked as
// such, and not as such that have ended.
func doubted(t *testing.T, s *natstest.Servers) (n int) {
	t.Helper()
	_, stream, end := streamOf(t, s, "tagwarden-test_queue-marks")
	defer end()
	info, err := stream.Info(t.Context(), jetstream.WithSubjectFilter("tagwarden.test.queue.marks.*"))
	if err != nil {
		t.Fatal(err)
	}
	for subject := range info.State.Subjects {
		msg, err := stream.GetLastMsgForSubject(t.Context(), subject)
		if err != nil {
			continue // it has gone meanwhile
		}
		for i := range 32 {
			n += bits.OnesCount8(msg.Data[18+i] &^ msg.Data[50+i])
		}
	}
	return n
}

// testSharedOutcomes: whatever a first attempt comes to, each event ends as is known of it, no event without a key is
// counted twice, and the vendor's word that it did not count an event counts on other nodes too. The node lives; or it
// dies once it has said what it knows; or before it could.
func testSharedOutcomes(t *testing.T, s *natstest.Servers) {
	t.Run("the node lives", func(t *testing.T) { sharedOutcomes(t, s, false) })
	t.Run("it dies when it has said what it knows", func(t *testing.T) { sharedOutcomes(t, s, true) })
	t.Run("it dies before it could", func(t *testing.T) { sharedUnsaid(t, s) })
}

func sharedOutcomes(t *testing.T, s *natstest.Servers, dies bool) {
	n := len(firstAttempts)
	v := newCounting(t)
	earlier := 0 // marks of before, which stay where two nodes had a message
	if dies {
		earlier = doubted(t, s)
	}
	urls, cut := s.Relays(t)
	file := sharedFolder(t, v.URL, urls, "a")
	if dies { // it is to come to no second attempt
		v.after = "300"
		write(t, file, strings.Replace(read(t, file), "first: 10ms, most: 50ms", "first: 5m, most: 5m", 1))
	}
	a := start(t, file, soonSilent, func(o *proxy.Options) {
		if dies {
			o.Random = func() float64 { return 0.99 } // it waits nearly as long as it may
		}
	})
	a.ready(t)
	var sending sync.WaitGroup
	for i := range n - 1 { // at the same time, so that some are in one message
		sending.Go(func() { a.send(t, ga4Hit(i)) })
	}
	sending.Wait()
	until(t, "they are sent", func() bool { return v.attempted() == n-1 })
	a.accepts(t, ga4Hit(n-1))
	until(t, "it is sent as well", func() bool { return v.attempted() == n })
	for i := range n {
		before := v.attempted()
		a.accepts(t, segmentHit(i))
		until(t, "it is sent", func() bool { return v.attempted() > before })
		if !dies { // else it may travel with the next one
			until(t, "it ends", func() bool { return a.Pending() == 0 })
		}
	}
	until(t, "all are sent", func() bool { return v.attempted() == 2*n })
	want := map[string]int{"handed_over": 2 * n}
	unkeyed, keyed := 0, 0 // that are tried again
	for _, of := range firstAttempts {
		want[of.unkeyed]++
		want[of.keyed]++
		if of.unkeyed == "" {
			unkeyed++
		}
		if of.keyed == "" {
			keyed++
		}
	}
	delete(want, "")
	nodes := []*running{a}
	if dies {
		until(t, "it has said what it knows", func() bool { return doubted(t, s) == earlier })
		cut(true)
		b := sharedNode(t, v.URL, s.URLs(), "b")
		until(t, "the other one ends what is left", func() bool { return b.onCluster(t) == 0 && b.Pending() == 0 })
		if of := b.outcomes(t); of["delivered"] != unkeyed+keyed || len(of) != 1 {
			t.Errorf("the other one says %v, want %d delivered", of, unkeyed+keyed)
		}
		nodes = append(nodes, b)
		cut(false)
		want["handed_over given_back"], want["unknown stopped"] = unkeyed+3, keyed-3 // of some with a key it is sure
	} else {
		until(t, "the cluster is told", func() bool { return a.onCluster(t) == 0 && a.Pending() == 0 })
		want["delivered"] += unkeyed + keyed
	}
	stops(t, nodes...)
	if got := a.outcomes(t); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, of := range firstAttempts {
		counts := 1
		if of.unkeyed != "" && !of.counts {
			counts = 0
		}
		if got := v.counted[fmt.Sprintf("serial%dx", i)]; got != counts {
			t.Errorf("%+v: counted %d times", of, got)
		}
		if got := v.counted[fmt.Sprintf("segment%dx", i)]; got == 0 && of.keyed == "" {
			t.Errorf("%+v, under a key: never counted", of)
		}
	}
}

// sharedUnsaid has the vendor answer when the node is cut off.
func sharedUnsaid(t *testing.T, s *natstest.Servers) {
	n := len(firstAttempts)
	v := newCounting(t)
	v.holds = make(chan struct{})
	answer := sync.OnceFunc(func() { close(v.holds) })
	t.Cleanup(answer)
	urls, cut := s.Relays(t)
	a := sharedNode(t, v.URL, urls, "a")
	a.accepts(t, hitsOf(ga4Hit, 0, n)...)
	until(t, "some are under way", func() bool { return v.arrived() >= 4 && a.Pending() >= n-v.arrived()+4 })
	cut(true)
	v.mu.Lock()
	under := maps.Clone(v.came)
	v.mu.Unlock()
	over := n - a.Pending() // of a machine that is slow: nobody waited longer for an answer
	answer()
	until(t, "they are answered", func() bool { return v.attempted() >= 4 })
	b := sharedNode(t, v.URL, s.URLs(), "b")
	until(t, "the other one ends what is left", func() bool { return b.onCluster(t) == 0 && b.Pending() == 0 })
	said := b.outcomes(t)
	if said["unknown stopped"] != len(under)-over {
		t.Errorf("%v were under way, of which %d had ended, and the other one says %v", under, over, said)
	}
	cut(false)
	until(t, "the first one ends what it had", func() bool { return a.Pending() == 0 })
	stops(t, a, b)
	v.mu.Lock()
	defer v.mu.Unlock()
	for name, n := range v.counted {
		if n > 1 {
			t.Errorf("%s was counted %d times", name, n)
		}
	}
	for name, n := range v.asked {
		if n > 1 && under[name] {
			t.Errorf("%s was sent %d times", name, n)
		}
	}
}

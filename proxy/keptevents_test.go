package proxy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

// objectors is who objected to what, and whether anybody can tell.
type objectors struct {
	of   map[[16]byte]rules.Objections
	gone error
}

func (o *objectors) Lookup(subject [16]byte) (rules.Objections, error) { return o.of[subject], o.gone }

// waitingRoom is events of Segment that wait, under a policy that permits all of them.
type waitingRoom struct {
	t        *testing.T
	snapshot *Snapshot
	who      objectors
	moment   rules.Moment
	keys     *rules.Keys
	log      *observer.ObservedLogs
	kept     *keptEvents
}

func newWaitingRoom(t *testing.T) *waitingRoom {
	w := &waitingRoom{t: t, who: objectors{of: map[[16]byte]rules.Objections{}}}
	w.moment.Now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	w.snapshot = &Snapshot{Policy: policyWith(t, minimise.Keep), objections: &w.who}
	w.keys = rules.NewKeys(pseudonym.TestRoot, w.snapshot.Policy, w.moment.Now)
	core, log := observer.New(zapcore.DebugLevel)
	w.log = log
	w.kept = &keptEvents{log: zap.New(core), now: func() (*Snapshot, rules.Moment) { return w.snapshot, w.moment }}
	return w
}

// policyWith is a policy of Segment on a contract, and for offers on a consent;
// what becomes of names of events is given.
func policyWith(t *testing.T, names minimise.Kind) *rules.Policy {
	t.Helper()
	file, _ := catalog.Builtin("segment")
	p, err := rules.Compile(&rules.Draft{
		Digest: "test",
		Limits: rules.Limits{Body: 1 << 20, Decompressed: 8 << 20, Events: 1000, Depth: 64, Fields: 2000, Nodes: 200_000},
		Sites: []rules.DraftSite{{ID: "shop", Hosts: []string{"shop.example"},
			Region: rules.RegionSource{Default: "EU"}}},
		Purposes: []rules.Purpose{{ID: "offers", DirectMarketing: true}},
		Vendors:  []rules.DraftVendor{{ID: "segment", Catalog: file}},
		Profiles: []rules.DraftProfile{{ID: "small", Classes: map[string]minimise.Spec{
			"event_name": {Kind: names}, "event_id": {Kind: minimise.Keep},
		}}},
		Activities: []rules.DraftActivity{{ID: "offer", Vendor: "segment", Purposes: []string{"offers"},
			Basis:     basis.Contract,
			Reference: "terms of use", Profile: "small", Events: []string{"*"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wait has a hit with an event of each of these visitors wait.
func (w *waitingRoom) wait(visitors ...string) {
	w.t.Helper()
	var events []string
	for _, v := range visitors {
		events = append(events, fmt.Sprintf(`{"type":"track","event":"e","userId":%q}`, v))
	}
	j := new(rules.Judgement)
	j.Hit.Request = hit.Request{
		Method: []byte("POST"), Host: []byte("shop.example"), Path: []byte("/v1/batch"),
		Headers: []hit.Header{{Name: []byte("Content-Type"), Value: []byte("application/json")}},
		Body:    []byte(`{"batch":[` + strings.Join(events, ",") + `]}`),
	}
	in := &rules.Inputs{Now: w.moment.Now, Keys: w.keys}
	if reason := rules.Read(w.snapshot.Policy, j, in, nil); reason != rules.Unjudged {
		w.t.Fatal(reason)
	}
	j.Objections = make([]rules.Objections, len(visitors))
	if reason := rules.Judge(j, in); reason != rules.Unjudged || j.Permitted() != len(visitors) {
		w.t.Fatal(reason, j.Permitted())
	}
	all := make([]int, len(visitors))
	for i := range all {
		all[i] = i
	}
	w.kept.hits = append(w.kept.hits, keptHit{facts: j.Keep(nil, all), events: all})
}

// objects has a visitor object to everything.
func (w *waitingRoom) objects(visitor string) {
	of, err := w.snapshot.Policy.Identities(w.keys, "user_id", []byte(visitor))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range of {
		w.who.of[of[i].Hash] = rules.Objections{All: true}
	}
}

// found is what a look finds, in words: "0.1 objection" of the second event of the first hit.
func (w *waitingRoom) found() (all []string) {
	for _, v := range w.kept.look(nil) {
		if !v.permits() {
			all = append(all, fmt.Sprintf("%d.%d %v", v.hit, v.event, v.reason))
		}
	}
	return all
}

func (w *waitingRoom) check(why string, want ...string) {
	w.t.Helper()
	got := w.found()
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: %v, want %v", why, got, want)
	}
	if hold := w.kept.hold(); hold != (len(want) == 0 && len(w.kept.hits) > 0) {
		w.t.Errorf("%s: all of them may leave: %t", why, hold)
	}
}

// TestWhatWaitedIsLookedAt: of hits that leave together, those events are named that may not leave any more, for each
// thing that can have changed; at the gate it is all of them or nothing.
func TestWhatWaitedIsLookedAt(t *testing.T) {
	t.Parallel()
	w := newWaitingRoom(t)
	if w.kept.hold() {
		t.Error("nothing may leave")
	}
	w.wait("ann", "bob")
	w.wait("bob", "cid")
	w.check("nothing changed")
	w.objects("bob")
	w.check("bob objects", "0.1 objection", "1.0 objection")
	w.kept.hits[0].events, w.kept.hits[1].events = []int{0}, []int{1}
	w.check("what bob did is cut out")
	w.objects("ann")
	w.check("ann objects", "0.0 objection")
	w.kept.hits = w.kept.hits[1:]
	w.check("what ann did is cut out")

	w.who.gone = errors.New("the disk is gone")
	w.check("nobody knows who objected", "0.1 objections_untaken")
	if v := w.kept.look(nil); len(v) != 1 || !v[0].waits() {
		t.Errorf("it is to be asked again: %v", v)
	}
	w.who.gone = nil
	before := w.snapshot
	w.snapshot = &Snapshot{Policy: policyWith(t, minimise.Scrub), objections: &w.who}
	w.check("the profile is another", "0.1 policy_changed")
	w.snapshot = before
	w.check("it is what it was")
	w.kept.hits[0].events = []int{7}
	w.check("an event of which nothing is kept", "0.7 facts_unreadable")
	w.kept.hits[0] = keptHit{facts: []byte("cid and what else was kept"), events: []int{1}}
	w.check("facts that are none", "0.1 facts_unreadable")
	for _, line := range w.log.All() {
		if text := fmt.Sprint(line.Message, line.ContextMap()); strings.Contains(text, "cid") {
			t.Errorf("the log holds what was kept: %s", text)
		}
	}
}

// TestWhatWaitedIsAskedAtTheGate: an act that comes between the look and the first byte holds the request back, and
// does not wait for it; what is on its way is waited for.
func TestWhatWaitedIsAskedAtTheGate(t *testing.T) {
	t.Parallel()
	w := newWaitingRoom(t)
	w.wait("ann")
	flying := newInflight()
	gate := w.kept.gate(flying, &counters{metrics: metrics.New()})
	if !gate.BeforeFirstByte() {
		t.Fatal("it is held back")
	}
	gate.AfterLastByte()
	flying.WaitQuiescent()
	w.check("before anybody objected")
	w.objects("ann")
	if gate.BeforeFirstByte() {
		t.Error("it leaves in the face of an objection")
	}
	flying.WaitQuiescent() // which would not come back, were it counted as leaving
}

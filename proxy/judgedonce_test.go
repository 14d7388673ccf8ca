package proxy_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules"
)

// heldDoor is a deliverer that says when it is asked, and goes on when it is told to.
type heldDoor struct{ asked, goOn chan struct{} }

func (d *heldDoor) Deliver(e *delivery.Event, answer *proxy.Response) delivery.Outcome {
	d.asked <- struct{}{}
	<-d.goOn
	return gatedContent{}.Deliver(e, answer)
}

func (*heldDoor) Close() {}

// TestWhatWasJudgedAMomentAgoIsNotJudgedAgain: nobody is asked for objections between the receipt of a hit and its
// delivery, unless something else can be found by then: an act, or what another second brings.
func TestWhatWasJudgedAMomentAgoIsNotJudgedAgain(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		between func(*running, *clock)
		again   bool
	}{
		"nothing":        {func(*running, *clock) {}, false},
		"a little later": {func(_ *running, c *clock) { c.at.Add(int64(time.Millisecond)) }, false},
		"another second": {func(_ *running, c *clock) { c.at.Add(int64(time.Second)) }, true},
		"an act": {func(r *running, _ *clock) {
			r.does(t, objection.Change{Object: []string{"all"}}, objection.ID{Name: "user_id", Value: "somebody else"})
		}, true},
	} {
		var asked atomic.Int64
		door, now := &heldDoor{make(chan struct{}), make(chan struct{})}, new(clock)
		now.at.Store(time.Now().Truncate(time.Second).Add(time.Millisecond).UnixNano())
		r := start(t, queuedFolder(t, "http://127.0.0.1:1"), now.jumpy, func(o *proxy.Options) {
			o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return door, nil }
			o.Objections = objections(func([16]byte) (rules.Objections, error) {
				asked.Add(1)
				return rules.Objections{}, nil
			})
		})
		if a := r.send(t, get(pageView, "")); a.status != 204 { // is not permitted, and asks for the same
			t.Fatal(a)
		}
		once := asked.Swap(0)
		if a := r.send(t, get(pageView, consent)); a.status != 204 {
			t.Fatal(a)
		}
		<-door.asked
		if n := asked.Load(); n != once || n == 0 {
			t.Errorf("%s: asked %d times until it is sent, and %d times for a hit that is not", what, n, once)
		}
		c.between(r, now)
		door.goOn <- struct{}{}
		until(t, "the outcome is recorded", func() bool { return strings.Contains(r.ledger(t), `"outcome":"delivered"`) })
		if again := asked.Load() > once; again != c.again {
			t.Errorf("%s: objections were asked for again: %t", what, again)
		}
	}
}

// TestAnActBetweenJudgingAndLeavingHoldsBack: of a hit that does not wait, an act that is done once it was judged, and
// before its first byte, holds it back; and nothing else does.
func TestAnActBetweenJudgingAndLeavingHoldsBack(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		of      []objection.ID
		outcome string
	}{
		"nothing":             {nil, "delivered"},
		"of somebody else":    {[]objection.ID{{Name: "user_id", Value: "somebody else"}}, "delivered"},
		"of the hit's person": {theVisitor, "dropped"},
	} {
		door := &heldDoor{make(chan struct{}), make(chan struct{})}
		r := start(t, folder(t, "http://127.0.0.1:1"), func(o *proxy.Options) {
			o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return door, nil }
		})
		answered := make(chan answer, 1)
		go func() { answered <- r.send(t, get(pageView, consent)) }()
		<-door.asked
		if c.of != nil {
			r.does(t, objection.Change{Object: []string{"all"}}, c.of...)
		}
		door.goOn <- struct{}{}
		<-answered
		until(t, "the outcome is recorded", func() bool { return strings.Contains(r.ledger(t), `"outcome":"`) })
		if text := r.ledger(t); !strings.Contains(text, `"outcome":"`+c.outcome+`"`) {
			t.Errorf("an act, %s: it was not %s:\n%s", what, c.outcome, text)
		}
	}
}

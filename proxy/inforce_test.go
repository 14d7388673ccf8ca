package proxy_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// leavingSlowly is a delivery that stops between the last look-up and the last byte.
type leavingSlowly struct{ departing, goOn chan struct{} }

func (d *leavingSlowly) Close() {}

func (d *leavingSlowly) Deliver(e *delivery.Event, _ *proxy.Response) delivery.Outcome {
	if !e.Gate.BeforeFirstByte() {
		return delivery.Outcome{Kind: delivery.Dropped, Why: delivery.WhyObjection}
	}
	d.departing <- struct{}{}
	<-d.goOn
	e.Gate.AfterLastByte()
	return delivery.Outcome{Kind: delivery.Delivered, Status: 204, Why: delivery.WhyOK}
}

// TestAnObjectionWaitsForWhatIsLeaving: it is acknowledged when no event can leave any more that did not see it: what
// is past its last look-up is waited for. What comes later is held back while it waits.
func TestAnObjectionWaitsForWhatIsLeaving(t *testing.T) {
	d := &leavingSlowly{make(chan struct{}), make(chan struct{})}
	r := start(t, folder(t, startVendor(t).URL), func(o *proxy.Options) {
		o.Client = func([]delivery.Upstream) (proxy.Deliverer, error) { return d, nil }
	})
	sent := make(chan answer, 1)
	go func() { sent <- r.send(t, get(pageView, consent)) }()
	<-d.departing
	acknowledged := make(chan struct{})
	go func() {
		defer close(acknowledged)
		r.act(t, objection.Change{Object: []string{"all"}})
	}()
	for { // it is on disk and seen by look-ups, and not acknowledged
		if standing, err := r.Standing(theVisitor, nil); err != nil {
			t.Fatal(err)
		} else if len(standing) > 0 {
			break
		}
	}
	if a := r.send(t, get(pageView, consent)); a.status != 204 { // denied, while the first one is still leaving
		t.Errorf("%+v", a)
	}
	select {
	case <-acknowledged:
		t.Error("it is acknowledged while an event is leaving that did not see it")
	default:
	}
	close(d.goOn)
	<-acknowledged
	<-sent
}

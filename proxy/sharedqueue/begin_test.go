package sharedqueue

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
)

// saysOf waits until the mark of a message says that items may have been sent, and that some have ended.
func saysOf(t *testing.T, q *Queue, of id, begun, ended Set) {
	t.Helper()
	natstest.Until(t, "the mark says so", func() bool {
		m, _, err := marking(q).readMark(t.Context(), of)
		return err == nil && m.begun == begun && m.ended == ended
	})
}

func setOf(items ...int) (s Set) {
	for _, item := range items {
		s.Add(item)
	}
	return s
}

func testMayMake(t *testing.T, s *natstest.Servers) {
	notYet := errors.New("something comes first")
	var may atomic.Bool
	asked := make(chan struct{}, 1000)
	q := open(t, s.URLs(), "a", func(o *Options) {
		o.Cluster, o.Come = "maymake", time.Millisecond
		o.MayMake = func() error {
			asked <- struct{}{}
			if may.Load() {
				return nil
			}
			return notYet
		}
	})
	<-asked
	<-asked // the first one found nothing made
	if err := q.Ready(); !errors.Is(err, ErrNotPut) {
		t.Errorf("it takes messages: %v", err)
	}
	if _, err := q.js.Stream(t.Context(), q.names.stream); !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("a stream was made: %v", err)
	}
	may.Store(true)
	if err := q.Put(t.Context(), "ga4", items("m", 1)); err != nil { // it waits as ever, however short Open did
		t.Errorf("it is not put: %v", err)
	}
	b := open(t, s.URLs(), "b", func(o *Options) {
		o.Cluster, o.MayMake = "maymake", func() error { return notYet }
	})
	if err := b.Put(t.Context(), "ga4", items("n", 1)); err != nil {
		t.Errorf("a stream that is there needs no leave: %v", err)
	}
}

func testTakeBack(t *testing.T, s *natstest.Servers) {
	urls, cut := s.Relays(t)
	named := func(o *Options) { o.Cluster, o.Wait = "takeback", time.Second }
	a, b := open(t, urls, "a", named), open(t, s.URLs(), "b", named)
	natstest.Until(t, "it is put", func() bool { return b.Put(t.Context(), "ga4", items("m", 9)) == nil })
	m := takeOne(t, a)
	if err := m.Begin(t.Context(), 1, 2, 3); err != nil {
		t.Fatal(err)
	}
	m.TakeBack(2)
	saysOf(t, b, m.id, setOf(1, 3), Set{})
	if err := m.Begin(t.Context(), 2); err != nil { // it is sent once more
		t.Fatal(err)
	}
	saysOf(t, b, m.id, setOf(1, 2, 3), Set{})
	m.SayEnded(setOf(1, 8))
	m.TakeBack(2)
	saysOf(t, b, m.id, setOf(1, 3), setOf(1, 8))
	cut(true)
	m.TakeBack(3) // which nobody hears
	again := takeOne(t, b)
	if !again.Again || !again.Silent || again.Begun != setOf(1, 3) || again.Ended != setOf(1, 8) {
		t.Errorf("%+v", again)
	}
	cut(false)
	natstest.Until(t, "it is known that another node has it", m.Lost)
	m.TakeBack(1)
	m.SayEnded(setOf(5))
	if err := again.Begin(t.Context(), 4); err != nil {
		t.Error(err)
	}
	saysOf(t, b, m.id, setOf(1, 3, 4), setOf(1, 8))
	again.TakeBack(4)
	saysOf(t, b, m.id, setOf(1, 3), setOf(1, 8))
	if err := again.Done(t.Context(), false); err != nil {
		t.Error(err)
	}
}

// testUnanswered: a mark whose answer did not come may be there or come later. What
// is marked behind it is marked for good.
func testUnanswered(t *testing.T, s *natstest.Servers) {
	q := open(t, s.URLs(), "a", func(o *Options) { o.Cluster = "unanswered" })
	natstest.Until(t, "it is put", func() bool { return q.Put(t.Context(), "ga4", items("m", 9)) == nil })
	m := takeOne(t, q)
	if err := m.Begin(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	taken := m.mark
	taken.begun = Set{}
	if _, err := marking(q).writeMark(t.Context(), m.id, &taken, m.seq); err != nil {
		// it was taken, and the answer is lost
		t.Fatal(err)
	}
	m.doubt = true
	if err := m.Begin(t.Context(), 1); err != nil || m.Lost() {
		t.Errorf("%v, lost: %v", err, m.Lost())
	}
	saysOf(t, q, m.id, setOf(1), Set{})
	late := mark{by: taken.by}
	if _, err := marking(q).tryMark(t.Context(), &nats.Msg{Subject: q.names.marks + m.id.text(),
		Data: marking(q).appendMark(m.id, &late)},
		m.seq-1); !errors.Is(err, ErrLost) {
		t.Errorf("what comes late takes the place of what came behind it: %v", err)
	}
	if err := m.Done(t.Context(), false); err != nil {
		t.Error(err)
	}
}

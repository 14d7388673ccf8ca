package cluster

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
)

// lose deletes a log's stream, and waits until its nodes know.
func (o operator) lose(all ...*member) {
	o.t.Helper()
	if err := o.js.DeleteStream(o.t.Context(), all[0].names.stream); err != nil {
		o.t.Fatal(err)
	}
	for _, m := range all {
		refusedWith(o.t, m, ErrMissing)
	}
}

func (m *member) says(what Happening) func() bool {
	return func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, e := range m.events {
			if e.What == what {
				return true
			}
		}
		return false
	}
}

// TestALogThatIsBegunAnew: nodes that stand where it was begun go on in it without a word, those that run and those
// that were away; whoever lacks acts, or has more, or begins, is refused and told what to do.
func TestALogThatIsBegunAnew(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	op := newOperator(t, c)
	a, b := join(t, c, "a", nil), join(t, c, "b", nil)
	appendActs(t, a, 3)
	until(t, "three acts", b.has(3))
	caughtUp(t, a, b)
	_, at := b.applied()
	if _, err := Restore(t.Context(), a.Log, "3 changes"); !errors.Is(err, ErrThere) {
		t.Errorf("over a log that is there: %v", err)
	}
	op.lose(a, b)
	if why := a.Err().Error(); !strings.Contains(why, "cluster restore") || strings.Contains(why, "empty") {
		t.Errorf("it says %q", why)
	}
	from, err := Restore(t.Context(), a.Log, "3 changes")
	if err != nil || from.Seq != 3 || from.Sum != at.Sum {
		t.Fatalf("%+v, %v", from, err)
	}
	if _, err := Restore(t.Context(), b.Log, "3 changes"); !errors.Is(err, ErrThere) {
		t.Errorf("a second time: %v", err)
	}
	until(t, "both are fresh", func() bool { return a.isFresh() && b.isFresh() && a.Err() == nil && b.Err() == nil })
	until(t, "both say so", func() bool { return a.says(BegunAnew)() && b.says(BegunAnew)() })
	if n, err := b.Append(t.Context(), id(7), []byte("later")); err != nil || n != 4 {
		t.Errorf("act %d, %v", n, err)
	}
	until(t, "four acts", func() bool { return a.has(4)() && b.has(4)() })
	sameActs(t, a, b)

	t.Run("who was away", func(t *testing.T) {
		away := join(t, c, "away", func(o *Options) { o.At = at })
		until(t, "the fourth act", away.has(1))
		caughtUp(t, away)
		_, to := a.applied()
		again := join(t, c, "again", func(o *Options) { o.At = to })
		caughtUp(t, again)
		short := join(t, c, "short", func(o *Options) { o.At = Position{Stream: to.Stream, Seq: 3, Sum: at.Sum} })
		until(t, "the fourth act", short.has(1))
		caughtUp(t, short)
	})
	t.Run("who is elsewhere", func(t *testing.T) {
		behind, ahead, other := at, at, at
		behind.Seq, ahead.Seq, other.Sum = 2, 5, [32]byte{1}
		for says, at := range map[string]Position{
			"the 1 act between are in no log any more": behind, "the others lack 2 acts": ahead, "another act 3": other,
		} {
			_, err := tryJoin(t, c, "x", func(o *Options) { o.At = at })
			if !errors.Is(err, ErrBegunAnew) || !strings.Contains(err.Error(), says) ||
				!strings.Contains(err.Error(), "join --again") {
				t.Errorf("%v, want %q", err, says)
			}
		}
		if _, err := tryJoin(t, c, "empty", nil); !errors.Is(err, ErrOtherBase) {
			t.Errorf("who begins: %v", err)
		}
		var came atomic.Uint64
		_ = join(t, c, "joined", func(o *Options) {
			o.Base = "3 changes"
			o.Apply = func(acts []Act, _ Position) error { came.Store(acts[0].Seq); return nil }
		})
		until(t, "what came since", func() bool { return came.Load() == 4 })
	})
	t.Run("once more", func(t *testing.T) { // before anything came, and behind acts
		op.lose(a, b)
		if _, err := Restore(t.Context(), b.Log, ""); err != nil {
			t.Fatal(err)
		}
		until(t, "both are fresh", func() bool { return a.isFresh() && b.isFresh() })
		op.lose(a, b)
		if _, err := Restore(t.Context(), a.Log, ""); err != nil {
			t.Fatal(err)
		}
		if n, err := a.Append(t.Context(), id(8), nil); err != nil || n != 5 {
			t.Errorf("act %d, %v", n, err)
		}
		until(t, "five acts", func() bool { return a.has(5)() && b.has(5)() })
		sameActs(t, a, b)
	})
}

// TestAnActThatWaitsWhileTheLogIsGone is in the log that is begun anew, once.
func TestAnActThatWaitsWhileTheLogIsGone(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	op := newOperator(t, c)
	a := join(t, c, "a", nil)
	appendActs(t, a, 1)
	op.lose(a)
	done := make(chan error, 1)
	go func() {
		_, err := a.Append(t.Context(), id(2), []byte("waits"))
		done <- err
	}()
	until(t, "it waits", func() bool { return a.Status().Waiting == 1 })
	if _, err := Restore(t.Context(), a.Log, ""); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	until(t, "both", a.has(2))
	if acts, _ := a.applied(); len(acts) != 2 || acts[1].ID != id(2) {
		t.Errorf("%+v", acts)
	}
}

// TestALogWithoutActs is made again where somebody says so, and nodes that saw it go on.
func TestALogWithoutActs(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	op := newOperator(t, c)
	a, b := join(t, c, "a", nil), join(t, c, "b", nil)
	caughtUp(t, a, b)
	op.lose(a, b)
	if from, err := Restore(t.Context(), a.Log, "x"); err != nil || from.Seq != 0 {
		t.Fatalf("%+v, %v", from, err)
	}
	until(t, "both are fresh", func() bool { return a.isFresh() && b.isFresh() && a.Err() == nil && b.Err() == nil })
	appendActs(t, b, 1)
	until(t, "an act", a.has(1))
	sameActs(t, a, b)
}

// TestWhoMayMakeALog: where something says that the cluster had one, whoever has come nowhere does not make another.
func TestWhoMayMakeALog(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	a := join(t, c, "a", nil)
	caughtUp(t, a)
	first := func(_ context.Context, there func(string) (bool, error)) error {
		for kind, want := range map[string]bool{"objections": true, "others": false} {
			if is, err := there(kind); err != nil || is != want {
				t.Errorf("%s: %v, %v", kind, is, err)
			}
		}
		return errors.Join(ErrMissing, errors.New("its ledger says so"))
	}
	_, err := tryJoin(t, c, "b", func(o *Options) { o.Kind, o.First = "tokens", first })
	if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "its ledger says so") ||
		!strings.Contains(err.Error(), "cluster restore") {
		t.Errorf("%v", err)
	}
	b := join(t, c, "b", func(o *Options) { o.Kind, o.First, o.Missing = "tokens", first, true })
	refusedWith(t, b, ErrMissing)
	if _, err := Restore(t.Context(), b.Log, ""); err != nil { // somebody says so
		t.Fatal(err)
	}
	appendActs(t, b, 1)

	later := make(chan struct{})
	d := join(t, c, "d", func(o *Options) {
		o.Kind, o.Wait = "later", time.Millisecond
		o.First = func(context.Context, func(string) (bool, error)) error {
			select {
			case <-later:
				return nil
			default:
				return errors.New("not yet")
			}
		}
	})
	until(t, "it is told", d.says(Interrupted))
	if d.Err() != nil {
		t.Error(d.Err())
	}
	close(later)
	caughtUp(t, d)
}

// TestAStartThatHasNobodyToWaitFor does not wait.
func TestAStartThatHasNobodyToWaitFor(t *testing.T) {
	t.Parallel()
	began := time.Now()
	l, err := Open(t.Context(), Options{Name: "eu1", Node: "a", Kind: "objections", Identity: "k", Wait: time.Hour,
		URLs: []string{"nats://127.0.0.1:1", "nats://127.0.0.1:2"}, Apply: func([]Act, Position) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it waited %v", took)
	}
}

// TestAnEntryOnItsWayWhenTheLogIsLost does not come into the log that is begun anew as what it was to continue before.
func TestAnEntryOnItsWayWhenTheLogIsLost(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	op := newOperator(t, c)
	a, b := join(t, c, "a", nil), join(t, c, "b", nil)
	caughtUp(t, a, b)
	b.each(func(r *relay) { r.Hold(natstest.ToServer) }) // what it writes comes late
	done := make(chan error, 1)
	go func() {
		_, err := b.Append(within(t, 20*time.Second), id(1), []byte("first"))
		done <- err
	}()
	until(t, "it is on its way", func() bool { b.Log.mu.Lock(); defer b.Log.mu.Unlock(); return b.appender.flight != nil })
	op.lose(a)
	if _, err := Restore(t.Context(), a.Log, ""); err != nil {
		t.Fatal(err)
	}
	b.each(func(r *relay) { r.Hold() })
	if err := <-done; err != nil {
		t.Error(err)
	}
	until(t, "both have it", func() bool { return a.has(1)() && b.has(1)() })
	until(t, "both are fresh", func() bool { return a.isFresh() && b.isFresh() && a.Err() == nil && b.Err() == nil })
	sameActs(t, a, b)
}

// TestANodeThatIsRefusedWritesNothing, even where the stream is as long as the one that it wrote into before: what it
// had on its way would stand there as if acts were missing, and stop all.
func TestANodeThatIsRefusedWritesNothing(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	op := newOperator(t, c)
	a := join(t, c, "a", nil)
	appendActs(t, a, 2)
	until(t, "two acts", a.has(2))
	_, at := a.applied()
	ahead := join(t, c, "ahead", func(o *Options) { o.At = at })
	appendActs(t, ahead, 3)
	until(t, "three more", func() bool { return ahead.has(3)() && a.has(5)() })
	_ = a.Close()
	op.lose(ahead)
	behind := join(t, c, "a", func(o *Options) { o.At, o.Missing = at, true })
	refusedWith(t, behind, ErrMissing)
	if _, err := Restore(t.Context(), behind.Log, ""); err != nil {
		t.Fatal(err)
	}
	refusedWith(t, ahead, ErrBegunAnew)
	until(t, "it is begun anew", behind.isFresh)
	if _, err := behind.Append(t.Context(), id(1), nil); err != nil {
		t.Fatal(err)
	}
	s, err := op.js.Stream(t.Context(), behind.names.stream)
	if err != nil {
		t.Fatal(err)
	}
	last := func() uint64 {
		m, err := s.GetLastMsgForSubject(t.Context(), behind.names.acts)
		if err != nil {
			t.Fatal(err)
		}
		return m.Sequence
	}
	before := last()
	e := &entry{by: writing{run: ahead.run, n: 99}, node: "ahead", first: 6, parent: [32]byte{6},
		acts: []carried{{id: id(9)}}}
	ahead.Log.mu.Lock()
	ahead.head.subject = before
	ahead.Log.mu.Unlock()
	f := &flight{entry: e, payload: marshalEntry(e), settled: make(chan struct{})}
	appending{ahead.Log}.attempt(f, 0)
	if last() != before {
		t.Error("it wrote into a log that it is refused")
	}
	if n, err := behind.Append(t.Context(), id(2), nil); err != nil || n != 4 {
		t.Errorf("act %d, %v", n, err)
	}
}

package cluster

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
)

// What a node lacks it has within a second of when the network between it and the servers is whole again, however
// long it was not, and in whatever way.
func TestAfterAPartitionANodeIsFreshWithinASecond(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	for name, test := range map[string]struct {
		cut, heal func(*relay)
	}{
		"refused": {func(r *relay) { r.Cut(true) }, func(r *relay) { r.Cut(false) }},
		"silent":  {func(r *relay) { r.Hold(natstest.ToServer, natstest.FromServer) }, func(r *relay) { r.Hold() }},
		"deaf":    {func(r *relay) { r.Hold(natstest.FromServer) }, func(r *relay) { r.Hold() }},
		"dumb":    {func(r *relay) { r.Hold(natstest.ToServer) }, func(r *relay) { r.Hold() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			named := named("heals-" + name)
			a, b := join(t, c, "a", named), join(t, c, "b", named)
			caughtUp(t, a, b)
			var late []time.Duration
			for round := range 3 {
				b.each(test.cut)
				for i := range 100 {
					if _, err := a.Append(t.Context(), id(1000*round+i), []byte(strconv.Itoa(i))); err != nil {
						t.Fatal(err)
					}
				}
				until(t, "a stale node", func() bool { return !b.isFresh() })
				passed := time.Now().Add(time.Duration(round) * 1700 * time.Millisecond) // waits that grow have grown
				until(t, "a while", func() bool { return time.Now().After(passed) })
				b.each(test.heal)
				healed := time.Now()
				// it lacked nothing some time ago: by a heartbeat of before the last acts, it may be
				until(t, "a fresh node", b.isFresh)
				until(t, "all acts", func() bool {
					acts, _ := b.applied()
					return len(acts) == 100*(round+1)
				})
				took := time.Since(healed)
				t.Logf("fresh %v after the network was whole again", took)
				sameActs(t, a, b)
				if took > time.Second {
					late = append(late, took)
				}
			}
			if len(late) > 1 { // once the machine may have had something else to do
				t.Errorf("fresh only %v after the network was whole again", late)
			}
		})
	}
}

func (m *member) each(do func(*relay)) {
	for _, r := range m.relays {
		do(r)
	}
}

// A server that is cut off, and still takes itself for the leader, tells of a stream that ends too early. That is no
// reason to refuse the log, and tell an operator to restore it; where the quorum says so, it is.
func TestWhatACutOffServerLacksIsNotLost(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	a := join(t, c, "a", nil)
	appendActs(t, a, 3)
	_, at := a.applied()
	at.Seq, at.Entry = at.Seq+100, at.Entry+10_000
	leader := c.leader(a.names.stream)
	c.isolate(leader, true)
	b := join(t, c, "b", func(o *Options) {
		o.At, o.Wait = at, time.Millisecond
		o.URLs, _ = c.relays(t, leader)
	})
	noted := func(what Happening) func() bool {
		return func() bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return slices.ContainsFunc(b.events, func(e Event) bool { return e.What == what })
		}
	}
	until(t, "a question without an answer that holds", noted(Interrupted))
	if noted(Refused)() || b.Err() != nil || !b.Stale(time.Now()) {
		t.Errorf("stale %v, %v", b.Stale(time.Now()), b.Err())
	}
	c.isolate(leader, false)
	refusedWith(t, b, ErrBehind)
	if n, err := a.Append(t.Context(), id(4), nil); err != nil || n != 4 {
		t.Errorf("act %d: %v", n, err)
	}
	until(t, "the others go on", a.isFresh)
}

// The server dies that delivers to a node, which is connected to another one, and does not lead: what is acknowledged
// elsewhere then is there within a second all the same.
func TestWhoDeliversMayDie(t *testing.T) {
	t.Parallel()
	c := startServers(t)
	a := join(t, c, "a", nil)
	caughtUp(t, a)
	leader := c.leader(a.names.stream)
	near, dies := (leader+1)%3, (leader+2)%3
	toNear := func(o *Options) { o.URLs, _ = c.relays(t, near) }
	b, asker := join(t, c, "b", toNear), join(t, c, "asker", toNear)
	caughtUp(t, b, asker)
	stream, err := b.js.Stream(t.Context(), b.names.stream)
	if err != nil {
		t.Fatal(err)
	}
	prefix := "tagwarden-" + hex.EncodeToString(b.run[:]) + "-"
	until(t, "the server that is to die to deliver", func() bool {
		newest, at := 0, ""
		for info := range stream.ListConsumers(t.Context()).Info() {
			if n, err := strconv.Atoi(strings.TrimPrefix(info.Name, prefix)); err == nil && n > newest && info.Cluster != nil {
				newest, at = n, info.Cluster.Leader
			}
		}
		if at != c.At(dies).Name() {
			b.link.broken()
		}
		return at == c.At(dies).Name()
	})
	until(t, "a fresh node", func() bool { return b.pulse.active.Load() && b.isFresh() })
	c.kill(dies)
	asked := time.Now()
	if _, err := asker.Append(t.Context(), id(1), nil); err != nil {
		t.Fatal(err)
	}
	acked := time.Now()
	until(t, "the act", b.has(1))
	t.Logf("acknowledged after %v, there after %v more", acked.Sub(asked), time.Since(acked))
	if took := time.Since(acked); took > 1500*time.Millisecond || acked.Sub(asked) > 3*time.Second {
		t.Errorf("acknowledged after %v, there only after %v more", acked.Sub(asked), took)
	}
}

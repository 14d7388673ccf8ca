package proxy_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// minuteTickers are tickers of a minute that a test turns.
type minuteTickers struct {
	mu  sync.Mutex
	all []chan time.Time
}

func (m *minuteTickers) option(o *proxy.Options) {
	o.Every = func(d time.Duration) (<-chan time.Time, func()) {
		if d != time.Minute {
			ticker := time.NewTicker(d)
			return ticker.C, ticker.Stop
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		turned := make(chan time.Time, 1)
		m.all = append(m.all, turned)
		return turned, func() {}
	}
}

func (m *minuteTickers) pass() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, turned := range m.all {
		select {
		case turned <- time.Time{}:
		default: // what was due is still to be done
		}
	}
}

// TestTestObjections: each minute one is put on the log, and every node shows how long it took until it was in force on
// each of them, by the clock of the one that asked alone; and where it was not. Nothing else shows it.
func TestTestObjections(t *testing.T) {
	n, v := startNATS(t), startVendor(t)
	minute, other := &minuteTickers{}, &minuteTickers{}
	clock, skewed := newClock("2026-12-01T12:00:00Z"), newClock("2026-12-01T13:00:00Z")
	a := start(t, nodeFolder(t, v.URL, n, "a", ""), minute.option, clock.option)
	b := start(t, nodeFolder(t, v.URL, n, "b", ""), other.option, skewed.option)
	a.ready(t)
	b.ready(t)
	a.act(t, objection.Change{Object: []string{"audience"}})
	shows := func(r *running, line string) func() bool {
		return func() bool {
			_, metrics := r.get(t, "/metrics")
			return strings.Contains(metrics, "\n"+line+"\n")
		}
	}
	// rest is what is shown of objections, to people and to systems.
	rest := func(r *running) string {
		var all strings.Builder
		_, metrics := r.get(t, "/metrics")
		for line := range strings.Lines(metrics) {
			if strings.HasPrefix(line, "tagwarden_objection") {
				all.WriteString(line)
			}
		}
		return all.String() + strings.Join(r.recordsOf(t, "objection"), "") + strings.Join(r.recordsOf(t, "head"), "")
	}
	until(t, "both have the act", func() bool { return len(b.recordsOf(t, "objection")) == 1 })
	before := [2]string{rest(a), rest(b)}
	minute.pass()
	for _, r := range []*running{a, b} {
		for _, node := range []string{"a", "b"} {
			until(t, "a node shows it", shows(r, `tagwarden_cluster_effect_seconds_count{node="`+node+`"} 1`))
			if !shows(r, `tagwarden_cluster_effect_last_seconds{node="`+node+`"} 0`)() {
				t.Error("it took no time by the clock of the one that asked")
			}
		}
	}
	if after := [2]string{rest(a), rest(b)}; after != before {
		t.Errorf("%q, then %q", before, after)
	}
	status := func(r *running) gjson.Result { return gjson.Parse(r.operate("GET", "/cluster", "").Body.String()) }
	if got := status(b); got.Get("nodes.0.effect_seconds").Raw != "0" || got.Get("nodes.1.effect_seconds").Raw != "0" ||
		got.Get("nodes.0.changes").Int() != 1 || got.Get("look").Exists() {
		t.Errorf("%s", got.Raw)
	}
	other.pass() // there was one just now
	clock.add(time.Minute)
	if err := b.stop(t); err != nil {
		t.Fatal(err)
	}
	minute.pass()
	until(t, "another one", shows(a, `tagwarden_cluster_effect_seconds_count{node="a"} 2`))
	clock.add(time.Minute)
	minute.pass()
	until(t, "what is not in force is said", shows(a, `tagwarden_cluster_effect_unseen_total{node="b"} 1`))
	if !shows(a, `tagwarden_cluster_effect_last_seconds{node="b"} -1`)() ||
		!shows(a, `tagwarden_cluster_effect_seconds_count{node="b"} 1`)() {
		t.Error("the last one is shown, or it was counted as in force")
	}
	if got := status(a); !strings.Contains(got.Get("look").Raw, "was not in force on b") {
		t.Errorf("%s", got.Raw)
	}
	n.stop()
	clock.add(time.Minute)
	minute.pass()
	until(t, "nothing is in force without a quorum", func() bool {
		clock.add(time.Minute)
		minute.pass()
		return shows(a, `tagwarden_cluster_effect_last_seconds{node="a"} -1`)()
	})
}

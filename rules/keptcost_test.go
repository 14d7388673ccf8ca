package rules_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// keeping are hits that are kept: one event without much around it, one with every signal, twenty of one visitor.
func keeping(t testing.TB) map[string]func() *judging {
	with := func(g *judging, r hit.Request) func() *judging {
		return func() *judging {
			if reason := g.judge(&r); reason != rules.Unjudged || !g.j.Out.Forward {
				t.Fatalf("%v, forward %v", reason, g.j.Out.Forward)
			}
			return g
		}
	}
	signals, r := withSignals(t)
	return map[string]func() *judging{
		"GA4": with(newJudging(t), bigGA4(t)), "signals": with(signals, r), "batch": with(newJudging(t), bigSegment(t)),
	}
}

// TestKeepingDoesNotAllocate: what is kept of a hit costs no memory but its own bytes, and judging again none at all.
func TestKeepingDoesNotAllocate(t *testing.T) {
	for name, judge := range keeping(t) {
		g := judge()
		events, facts := eventsOf(&g.j), []byte(nil)
		keep := func() { facts = g.j.Keep(facts[:0], events) }
		keep()
		t.Logf("%s: %d bytes of facts for %d events", name, len(facts), len(events))
		if n := testing.AllocsPerRun(100, keep); n != 0 {
			t.Errorf("%s: keeping takes %v allocations", name, n)
		}
		var k rules.Kept
		again := func() {
			if err := k.Read(facts); err != nil {
				t.Fatal(err)
			}
			if err := k.LookUp(known(nil)); err != nil {
				t.Fatal(err)
			}
			for i := range k.Events {
				if reason := k.Judge(g.policy, i, rules.Moment{Now: now}); reason != rules.Permitted {
					t.Fatal(reason)
				}
			}
		}
		again()
		if n := testing.AllocsPerRun(100, again); n != 0 {
			t.Errorf("%s: judging again takes %v allocations", name, n)
		}
	}
}

func BenchmarkJudgeKeeping(b *testing.B) {
	for name, judge := range keeping(b) {
		b.Run(name, func(b *testing.B) {
			g := judge()
			events, facts := eventsOf(&g.j), []byte(nil)
			for b.Loop() {
				facts = g.j.Keep(facts[:0], events)
			}
			b.ReportMetric(float64(len(facts)), "B-kept")
		})
	}
}

func BenchmarkJudgeAgain(b *testing.B) {
	for name, judge := range keeping(b) {
		b.Run(name, func(b *testing.B) {
			g := judge()
			facts := g.j.Keep(nil, eventsOf(&g.j))
			var k rules.Kept
			for b.Loop() {
				if k.Read(facts) != nil || k.LookUp(known(nil)) != nil {
					b.Fatal("it cannot be read")
				}
				for i := range k.Events {
					if k.Judge(g.policy, i, rules.Moment{Now: now}) != rules.Permitted {
						b.Fatal("it is denied")
					}
				}
			}
		})
	}
}

package delivery

import (
	"slices"
	"testing"
	"time"
)

// TestAgain: what every outcome comes to, without an idempotency key and with one, and what it says of the vendor.
func TestAgain(t *testing.T) {
	t.Parallel()
	var seen []Why
	for _, c := range []struct {
		outcome     Outcome
		kind        string
		bare, keyed bool
		vendor      health
	}{
		{unknown(WhyFailed), "unknown", false, true, silent},
		{delivered(200, WhyOK), "delivered", false, false, up},
		{delivered(204, WhyOK), "delivered", false, false, up},
		{delivered(200, WhySomeTaken), "delivered", false, false, up},
		{dropped(200, WhyNoneTaken), "dropped", false, false, up},
		{dropped(0, WhyDial), "dropped", true, true, down},
		{dropped(0, WhyAddress), "dropped", true, true, down},
		{dropped(0, WhyUnsent), "dropped", true, true, down},
		{dropped(0, WhyStrayAnswer), "dropped", true, true, down},
		{dropped(0, WhyOverload), "dropped", true, true, silent},
		{dropped(0, WhyObjection), "dropped", false, false, silent},
		{dropped(0, WhyTarget), "dropped", false, false, silent},
		{unknown(WhyTimeout), "unknown", false, true, down},
		{unknown(WhyBroken), "unknown", false, true, down},
		{Outcome{Status: 200, Why: WhyTimeout}, "unknown", false, true, down},
		{Outcome{Status: 200, Why: WhyBroken}, "unknown", false, true, down},
		{Outcome{Status: 200, Why: WhyCoded}, "unknown", false, false, up},
		{Outcome{Status: 200, Why: WhyTooLarge}, "unknown", false, false, up},
		{Outcome{Status: 200, Why: WhyUnclear}, "unknown", false, false, up},

		{refused(0, 0), "dropped", false, false, up},
		{refused(101, 0), "dropped", false, false, up},
		{refused(302, time.Second), "dropped", false, false, up},
		{refused(304, 0), "dropped", false, false, up},
		{refused(400, 0), "dropped", false, false, up},
		{refused(401, 0), "dropped", false, false, up},
		{refused(403, time.Second), "dropped", false, false, up},
		{refused(404, 0), "dropped", false, false, up},
		{refused(408, 0), "unknown", false, true, down},
		{refused(408, time.Second), "unknown", false, true, down},
		{refused(409, 0), "dropped", false, false, up},
		{refused(413, time.Second), "dropped", false, false, up},
		{refused(422, 0), "dropped", false, false, up},
		{refused(425, 0), "dropped", false, true, up},
		{refused(429, 0), "dropped", true, true, down},
		{refused(429, time.Second), "dropped", true, true, down},
		{refused(499, 0), "dropped", false, false, up},
		{refused(500, 0), "unknown", false, true, down},
		{refused(500, time.Second), "unknown", false, true, down},
		{refused(501, time.Second), "dropped", false, false, up},
		{refused(502, 0), "unknown", false, true, down},
		{refused(503, 0), "unknown", false, true, down},
		{refused(503, time.Second), "dropped", true, true, down},
		{refused(504, time.Second), "unknown", false, true, down},
		{refused(505, 0), "dropped", false, false, up},
		{refused(507, 0), "unknown", false, true, down},
		{refused(520, 0), "unknown", false, true, down},
		{refused(529, 0), "unknown", false, true, down},
		{refused(599, 0), "unknown", false, true, down},
		{refused(600, 0), "dropped", false, false, up},
		{refused(999, 0), "dropped", false, false, up},
	} {
		seen = append(seen, c.outcome.Why)
		if got := c.outcome.Kind.String(); got != c.kind {
			t.Errorf("%+v: %s, want %s", c.outcome, got, c.kind)
		}
		if bare, keyed := c.outcome.Again(false), c.outcome.Again(true); bare != c.bare || keyed != c.keyed {
			t.Errorf("%+v: again %v and with a key %v, want %v and %v", c.outcome, bare, keyed, c.bare, c.keyed)
		}
		if got := c.outcome.health(); got != c.vendor {
			t.Errorf("%+v: the vendor is %d, want %d", c.outcome, got, c.vendor)
		}
	}
	for w := range whys {
		if !slices.Contains(seen, w) {
			t.Errorf("no case is about %s", w)
		}
	}
}

// TestAgainCountsNothingTwice: without a key nothing comes again that may have been counted, whatever the status; with
// one whatever may come without; and what was delivered never does.
func TestAgainCountsNothingTwice(t *testing.T) {
	t.Parallel()
	for status := range 1000 {
		for _, after := range []time.Duration{0, time.Second} {
			o := refused(status, after)
			if o.Again(false) && (o.Kind != Dropped || !o.Again(true)) {
				t.Errorf("%+v comes again", o)
			}
			if o.Kind == Unknown && !o.Again(true) {
				t.Errorf("%+v does not come again under a key", o)
			}
		}
	}
	for w := range whys + 1 {
		for _, kind := range []Kind{Unknown, Delivered, Dropped} {
			o := Outcome{Kind: kind, Why: w}
			if o.Again(false) && !o.Again(true) || w == WhyOK && o.Again(true) {
				t.Errorf("%+v comes again", o)
			}
		}
	}
}

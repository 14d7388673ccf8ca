package rules_test

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestEventNames: names, beginnings and all, and the names that stand for all there are.
func TestEventNames(t *testing.T) {
	t.Parallel()
	for _, of := range []struct {
		written []string
		in, out []string
	}{
		{nil, nil, []string{"", "x"}},
		{[]string{"*"}, []string{"x", "checkout_done"}, nil},
		{[]string{"page_view", "checkout_*"}, []string{"page_view", "checkout_", "checkout_done"},
			[]string{"page_view2", "checkout", "Checkout_x"}},
	} {
		set := rules.EventNamesOf(of.written)
		for _, name := range of.in {
			if !set.Has(name) {
				t.Errorf("%q has no %q", of.written, name)
			}
		}
		for _, name := range of.out {
			if set.Has(name) {
				t.Errorf("%q has %q", of.written, name)
			}
		}
		for _, name := range append(of.in, of.out...) { // some kind is in the same set
			if !slices.ContainsFunc(rules.Kinds(&set), func(kind string) bool { return set.Has(kind) == set.Has(name) }) {
				t.Errorf("no kind of %q is as %q", of.written, name)
			}
		}
	}
}

// TestExceptEvents: what an activity leaves out is skipped, and another rung may carry it.
func TestExceptEvents(t *testing.T) {
	t.Parallel()
	d := draft(
		rung("most", basis.Contract, func(a *rules.DraftActivity) {
			a.Reference, a.Events, a.ExceptEvents = "x", []string{"*"}, []string{"checkout_*", "login"}
		}),
		rung("checkout", basis.Contract, func(a *rules.DraftActivity) {
			a.Reference, a.Events = "x", []string{"checkout_d*"}
		}),
	)
	p := compile(t, d)
	for name, want := range map[string]string{
		"page_view": "most", "login": "", "checkout_done": "checkout", "checkout_begun": "", "checkout": "most",
	} {
		x := explain(t, p, request(t, "GET /g/collect?v=2&tid=G-1&cid=1.2&en="+name+" HTTP/1.1", "ga4"))
		if len(x.Events) != 1 {
			t.Fatalf("%s: %+v", name, x)
		}
		got := x.Events[0].Activity
		if x.Events[0].Decision != rules.Permit.String() {
			got = ""
		}
		if got != want {
			t.Errorf("%s travels on %q, want %q (%s)", name, got, want, x.Events[0].Reason)
		}
	}
}

package query_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

// noNames names nothing.
type noNames struct{}

func (noNames) Shape(int) ledger.Shape { return ledger.Shape{} }
func (noNames) Rungs(int) ledger.Rungs { return ledger.Rungs{} }

// TestOutcomesOfEventsThatTravelledTogether: an outcome of several hits is found by each of them, and is each one's.
func TestOutcomesOfEventsThatTravelledTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := ledger.Open(ledger.Options{Dir: dir, Now: time.Now}, ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		t.Fatal(err)
	}
	for hit := range uint64(3) {
		events := []ledger.Event{{Hit: 70 + hit, Vendor: "v", Decision: "permit", Queued: true},
			{Hit: 70 + hit, Index: 1, Vendor: "v", Decision: "deny"}}
		if err := l.Append(events, noNames{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range []ledger.Outcome{
		ledger.Outcome{Outcome: ledger.Delivered}.Together([]ledger.ExchangedHit{{Hit: 70, Events: []int{0}},
			{Hit: 72, Events: []int{0}}}),
		{Hit: 71, Events: []int{0}, Vendor: "v", Outcome: ledger.Dropped, Why: "refused", Status: 400},
	} {
		if err := l.Outcome(o); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	of := func(values ...string) *query.Question {
		q := new(query.Question)
		for i := 0; i < len(values); i += 2 {
			q.And(values[i], values[i+1])
		}
		return q
	}
	for _, c := range []struct {
		q    *query.Question
		want []uint64
	}{
		{of("kind", "outcome", "hit", "70"), []uint64{7}},
		{of("kind", "outcome", "hit", "72"), []uint64{7}},
		{of("kind", "outcome", "hit", "71"), []uint64{8}},
		{of("kind", "outcome", "hit", "7"), nil},
		{of("kind", "event", "outcome", "delivered"), []uint64{1, 5}},
		{of("kind", "event", "outcome", "dropped"), []uint64{3}},
		{of("hit", "72"), []uint64{5, 6, 7}},
	} {
		if got, _ := answer(t, dir, query.Options{Scan: true}, c.q); !slices.Equal(got, c.want) {
			t.Errorf("%+v: records %v, want %v", c.q.Where, got, c.want)
		}
	}
	told, err := query.Open(dir, query.Options{}).Outcomes(t.Context(), 0, []query.Event{{Hit: 70}, {Hit: 71}, {Hit: 72},
		{Hit: 72, Index: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for event, want := range map[query.Event][]string{
		{Hit: 70}: {"delivered"}, {Hit: 71}: {"dropped"}, {Hit: 72}: {"delivered"}, {Hit: 72, Index: 1}: nil,
	} {
		var got []string
		for _, o := range told[event] {
			got = append(got, o.Outcome)
		}
		if !slices.Equal(got, want) {
			t.Errorf("event %+v: %q, want %q", event, got, want)
		}
	}
}

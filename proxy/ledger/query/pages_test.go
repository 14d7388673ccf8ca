package query_test

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

// TestPagesAreTheWhole: an answer that is cut off again and again, by what is enough and by the limit, and goes on
// where it says, is the answer in one go; each page comes further than the one before.
func TestPagesAreTheWhole(t *testing.T) {
	t.Parallel()
	d := newDice(11)
	dir := written(t, d, 1500)
	most := 0
	for range 60 {
		q := d.question()
		q.Limit = 0
		want, _ := answer(t, dir, query.Options{}, q)
		var got []uint64
		pages := 1
		for page := *q; ; pages++ {
			page.Limit = []int{0, 7, 100}[pages%3]
			some, tally := answer(t, dir, query.Options{Enough: func(read uint64) bool { return read >= 1000 }}, &page)
			got = append(got, some...)
			if !tally.More {
				break
			}
			if tally.Next <= page.Numbers.First {
				t.Fatalf("%+v: a page that begins with %d goes on with %d", q, page.Numbers.First, tally.Next)
			}
			page.Numbers.First = tally.Next
		}
		if most = max(most, pages); !slices.Equal(got, want) {
			t.Fatalf("%+v: in %d pages %v, in one %v", q, pages, got, want)
		}
	}
	if most < 3 {
		t.Errorf("%d pages at most: this test shows little", most)
	}
}

// TestWordsOfAQuestion: each word says what its member does, and what is none is said with what would be right.
func TestWordsOfAQuestion(t *testing.T) {
	t.Parallel()
	for _, word := range query.Words() {
		q := &query.Question{}
		value := map[string]string{
			"where": "kind=event", "number": "17-20", "since": "7d", "until": "2026-05-04", "from": "12h", "to": "1h",
		}[word.Name]
		if value == "" {
			value = "x"
		}
		if err := q.Say(word.Name, value, noon); err != nil {
			t.Errorf("%s %s: %v", word.Name, value, err)
		}
		asked := len(q.Where) == 1 && (q.Where[0].Member == word.Member || word.Name == "where" &&
			q.Where[0].Member == "kind")
		if asked == (q.Numbers.First == 17 || !q.Since.IsZero() || !q.Until.IsZero()) || asked != word.Several() {
			t.Errorf("%s %s asks %+v", word.Name, value, q)
		}
		if word.Member == "" && q.Say(word.Name, "x", noon) == nil {
			t.Errorf("%s takes anything", word.Name)
		}
	}
	if q := (&query.Question{}); q.Say("by", "auditor", noon) != nil || q.Where[0].Member != "by" {
		t.Errorf("a member's own name asks %+v", q)
	}
}

package ledger_test

import (
	"slices"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// judged says what the names in records stand for, by region.
type judged struct {
	named
	region string
}

func (j judged) Rungs(i int) ledger.Rungs {
	r := j.named.Rungs(i)
	r.Region = j.region
	return r
}

// TestSearchByWhatIsNamed: an event is found by what its rungs say, as if it said so itself; what it does say itself
// counts alone.
func TestSearchByWhatIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, nil, nil)
	for hit, region := range []string{"DE", "FR", "DE"} {
		e := shaped(uint64(hit), "")
		e.Rungs = "of " + region
		if err := l.Append([]ledger.Event{e}, judged{region: region}); err != nil {
			t.Fatal(err)
		}
	}
	whole := ledger.Event{Hit: 3, Site: "shop", Endpoint: "collect", Policy: "abcd", Region: "DE",
		Decision: "deny", Reason: "limit"}
	if err := l.Append([]ledger.Event{whole}, nil); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		members map[string]string
		want    []string
	}{
		"a region":          {map[string]string{"region": "DE"}, []string{"0", "2", "3"}},
		"another":           {map[string]string{"region": "FR"}, []string{"1"}},
		"region and policy": {map[string]string{"region": "DE", "policy": "fedc"}, []string{"0", "2"}},
		"what they say themselves": {map[string]string{"endpoint": "collect", "decision": "permit"},
			[]string{"0", "1", "2"}},
		"a policy that none was of":  {map[string]string{"policy": "0000"}, nil},
		"what neither says":          {map[string]string{"region": "DE", "colour": "red"}, nil},
		"the id of rungs is its own": {map[string]string{"rungs": "of FR"}, []string{"1"}},
	} {
		var got []string
		err := ledger.Search(dir, ledger.Query{Members: c.members}, func(record []byte) bool {
			if gjson.GetBytes(record, "kind").Str == ledger.KindEvent {
				got = append(got, gjson.GetBytes(record, "hit").Raw)
			}
			return true
		})
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: hits %v, want %v (%v)", what, got, c.want, err)
		}
	}
}

package rules_test

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// TestJudgedSideBySide: one policy judges hits of all vendors at once as it judges them one by one.
func TestJudgedSideBySide(t *testing.T) {
	p := compile(t, goldenDraft())
	type one struct {
		name string
		hit  hit.Request
		want string
	}
	says := func(r hit.Request) string {
		b, err := json.Marshal(answerOf(explain(t, p, r)))
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	var all []one
	eachGolden(t, func(t *testing.T, vendor, text string) {
		r := request(t, text, vendor, yes)
		all = append(all, one{t.Name(), r, says(r)})
	})
	var side sync.WaitGroup
	for n := range 4 {
		side.Go(func() {
			for i := range all {
				if of := all[(i+n*len(all)/4)%len(all)]; says(of.hit) != of.want {
					t.Errorf("%s is judged otherwise beside others", of.name)
				}
			}
		})
	}
	side.Wait()
}

package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules"
)

// TestOrdinaryListsAreTaken: an order of a hundred lines with the addresses of their pages and pictures, a list of two
// hundred contacts, three hundred paths in one field: that is what sites send, and no attack. The work is in
// proportion: ten times as many cost ten times as much at most, and end with the limit.
func TestOrdinaryListsAreTaken(t *testing.T) {
	t.Parallel()
	g := judgingWorst(t)
	list := func(one string) func(n int) string {
		return func(n int) string {
			var b strings.Builder
			b.WriteString(`"list":[`)
			for i := range n {
				b.WriteString(strings.ReplaceAll(one, "N", fmt.Sprintf("%04d", i)) + ",")
			}
			return batch(b.String() + `"x"]`)
		}
	}
	for _, c := range []struct {
		name string
		most int
		of   func(n int) string
	}{
		{"lines of an order", 100,
			list(`{"product_id":"N","sku":"G-N","name":"Red shoe","price":12.5,"quantity":1,"url":"/products/shoes/red-shoe-N","image_url":"/img/shoes/N.jpg"}`)},
		{"contacts", 200, list(`{"name":"Jane Doe","email":"jane.doeN@example.com","phone":"+49 30 90N"}`)},
		{"contacts without names", 200, list(`{"email":"N@example.com"}`)},
		{"numbers", 200, list(`{"phone":"+49 30 90N"}`)},
		{"spellings", 100, list(`{"email":"jane.doe+N@gmail.com"}`)},
		{"paths", 300, list(`"/p/shoe-N/red"`)},
		{"addresses of pages", 300, list(`"https://shop.example/shoes/red-shoe-N?colour=red"`)},
	} {
		took := 0
		for _, n := range []int{c.most, 10 * c.most} {
			r := request(t, c.of(n), "segment", yes)
			reason := g.judge(&r)
			steps, most := g.j.Work()
			if n == c.most {
				t.Logf("%s: %d of %d steps for %d bytes", c.name, steps, most, len(r.Body))
				if took = steps; reason != rules.Unjudged {
					t.Errorf("%s: %d end with %v after %d of %d steps", c.name, n, reason, steps, most)
				}
			}
			if steps > 11*took {
				t.Errorf("%s: %d take %d steps, and a tenth takes %d", c.name, n, steps, took)
			}
			withinWork(t, c.name, g, reason)
		}
	}
}

package minimise

import (
	"math/rand/v2"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/scrub"
)

// TestShortValuesHoldNothing: what is passed on without a look because it is so short is what no
// detector would have found anything in.
func TestShortValuesHoldNothing(t *testing.T) {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	r := rand.New(rand.NewPCG(1, 2))
	trait := scrub.All.Expecting(scrub.BirthDate, scrub.Phone, scrub.Hash)
	for range 200_000 {
		value := make([]byte, 1+r.IntN(shortest-1))
		for i := range value {
			value[i] = letters[r.IntN(len(letters))]
		}
		for _, set := range []scrub.Set{detectors[r.IntN(int(hit.NumClasses))], scrub.All, trait} {
			if _, found := scrub.Append(nil, value, set); found != 0 {
				t.Fatalf("%q holds something", value)
			}
		}
	}
}

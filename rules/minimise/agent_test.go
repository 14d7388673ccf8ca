package minimise

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestMajorOfProducts: by its slash or by a search, a product's version is the same, however many slashes there are.
func TestMajorOfProducts(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	parts := []string{"/", " ", "x", "(", "1", "23456", "Mozilla/5.0"}
	for _, b := range coarse.Browsers {
		parts = append(parts, b.Product, strings.TrimSuffix(b.Product, "/"))
	}
	for range 20_000 {
		var agent []byte
		for range random.IntN(30) {
			agent = append(agent, parts[random.IntN(len(parts))]...)
		}
		var room [16]int
		in := readProducts(agent, room[:0])
		for _, b := range coarse.Browsers {
			if got, want := in.major(b.Product), product(agent, b.Product); !bytes.Equal(got, want) {
				t.Fatalf("%q: %s of %q, want %q", agent, b.Product, got, want)
			}
		}
	}
}

package pseudonym

import (
	"fmt"
	"math"
	"testing"
)

// TestSharing: the estimate is what really happens.
func TestSharing(t *testing.T) {
	key := TestRoot.SubjectKey()
	ready := key.Hasher()
	for _, bits := range []int{8, 12, 14, 16} {
		const n = 20_000
		met := map[[32]byte]int{}
		for i := range n {
			met[ready.Pseudonym(fmt.Append(nil, "visitor ", i), bits)]++
		}
		shared := 0
		for _, visitors := range met {
			if visitors > 1 {
				shared += visitors
			}
		}
		sharing, different := Sharing(bits, n)
		if math.Abs(sharing-float64(shared)) > 0.03*n || math.Abs(different-float64(len(met))) > 0.03*n {
			t.Errorf("%d bits: %d of %d share, %d different; the estimate is %.0f and %.0f", bits, shared, n,
				len(met), sharing, different)
		}
	}
	for _, c := range []struct {
		bits    int
		n       float64
		sharing float64
	}{{0, 1000, 0}, {8, 0, 0}, {8, -1, 0}, {8, 1, 0}, {128, 1e9, 0}, {8, 1e9, 1e9}} {
		if got, different := Sharing(c.bits, c.n); math.Abs(got-c.sharing) > 1e-6 || different > max(c.n, 0)+1e-6 {
			t.Errorf("%d bits, %.0f visitors: %.3f share, %.3f different", c.bits, c.n, got, different)
		}
	}
}

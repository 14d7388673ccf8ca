package catalog

import "testing"

// TestMayHoldK: what may be decoded to a "k" is never passed over.
func TestMayHoldK(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"": false, "idSKU-1~nmRed%20shoes~pr59.9": false, "idSKU~k0colour": true, "idSKU~%6b0colour": true,
		"idSKU~%6B0colour": true, `"idSKU~\u006b0colour"`: true, "%7Ek0a": true, "K0": false,
	} {
		if got := mayHoldK([]byte(raw)); got != want {
			t.Errorf("%q: %v", raw, got)
		}
	}
}

package basis

import (
	"strings"
	"testing"
)

// TestKeysThatAreNone: whoever is to sign with a text that is no private key says what one
// looks like, and nothing of the library's.
func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	for name, sign := range map[string]func(string) error{
		"an assessment": func(key string) error {
			_, err := Sign(&Assessment{}, Digest{}, key)
			return err
		},
		"a revocation": func(key string) error {
			_, err := new(Revocation).Sign(key)
			return err
		},
		"promises": func(key string) error {
			_, err := new(Promised).Sign(key)
			return err
		},
		"a key": func(key string) error {
			_, err := KeyOf(key)
			return err
		},
	} {
		for _, key := range []string{"", "nonsense", "privacy+12345678+AAAA", "PRIVATE+KEY+privacy+12345678+AAAA"} {
			err := sign(key)
			if err == nil || !strings.HasPrefix(err.Error(), "no private key of an approver: it is a line") ||
				strings.Contains(err.Error(), "malformed") || strings.Contains(err.Error(), key) && key != "" {
				t.Errorf("%s by %q: %v", name, key, err)
			}
		}
	}
}

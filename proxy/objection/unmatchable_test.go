package objection_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// TestUnmatchable: what no event carries is told from what one may carry.
func TestUnmatchable(t *testing.T) {
	for name, values := range map[string]struct{ good, bad []string }{
		"email":         {[]string{"jane@example.com", "asked later"}, []string{"null@null.com"}},
		"phone":         {[]string{"+49 171 3920077"}, []string{"4.91711E+11", "4,91711E+11", "5e+11", "+00 000 000"}},
		"client_id:ga4": {[]string{"4.9E+11", "555.666"}, []string{"0.0", "null", "(not set)"}},
		"device_id":     {[]string{"7"}, []string{"00000000-0000-0000-0000-000000000000", "9774d56d682e549c"}},
		"user_id": {
			[]string{"4711", "E+5", "x4.9E+11", "0171", "4.9E11", "49.1E+3"},
			[]string{"4.9E+11", " 4,91711E+11 ", "0", "-1", " NULL ", "guest", "{{User ID}}"},
		},
	} {
		for _, value := range values.good {
			if err := objection.Unmatchable(name, value); err != nil {
				t.Errorf("%s %q: %v", name, value, err)
			}
		}
		for _, value := range values.bad {
			if objection.Unmatchable(name, value) == nil {
				t.Errorf("%s %q is taken", name, value)
			}
		}
	}
}

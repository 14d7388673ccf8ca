package objection_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// TestUnmatchable: what no event carries is told from what one may carry.
func TestUnmatchable(t *testing.T) {
	for name, values := range map[string]struct{ good, bad []string }{
		"phone":         {[]string{"+49 171 3920077"}, []string{"4.91711E+11", "4,91711E+11", "5e+11"}},
		"user_id":       {[]string{"4711", "E+5", "x4.9E+11", "0171", "4.9E11", "49.1E+3"}, []string{"4.9E+11", " 4,91711E+11 "}},
		"client_id:ga4": {[]string{"4.9E+11", "@", "555.666"}, nil},
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

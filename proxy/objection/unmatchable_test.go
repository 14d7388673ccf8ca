package objection_test

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/objection"
)

// TestUnmatchable: what no event carries is told from what one may carry.
func TestUnmatchable(t *testing.T) {
	for name, values := range map[string]struct{ good, bad []string }{
		"email": {[]string{"jane@example.com", "jane@localhost", "asked later", " j+x@example.com "}, []string{"@", "jane@", "@example.com", "j ane@example.com", "null@null.com"}},
		"phone": {[]string{"+49 171 3920077", "0049 171 3920077", "491713920077", "+1 (713) 920-0771"},
			[]string{"01713920077", "1713920077", "0171/3920077", "(030) 1234567", "4.91711E+11", "4,91711E+11", "5e+11"}},
		"user_id":       {[]string{"4711", "E+5", "x4.9E+11", "0171", "4.9E11", "49.1E+3"}, []string{"4.9E+11", " 4,91711E+11 ", "0", "-1", " NULL ", "guest", "{{User ID}}"}},
		"client_id:ga4": {[]string{"4.9E+11", "555.666"}, []string{"0.0", "null", "(not set)"}},
		"device_id":     {[]string{"7"}, []string{"00000000-0000-0000-0000-000000000000", "9774d56d682e549c"}},
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

// TestAddresses: a list in one value is several addresses.
func TestAddresses(t *testing.T) {
	const a, b = "a@example.com", "b@example.com"
	for text, want := range map[string][]string{
		" " + a + " ": {a}, a + "; " + b: {a, b}, a + "," + b: {a, b}, a + " | " + b: {a, b}, a + "\n" + b: {a, b},
		"Jane Doe <" + a + ">": {a}, "MAILTO:" + a: {a}, "Jane <" + a + ">, Joe <" + b + ">": {a, b},
		"nobody, none": {"nobody, none"}, "": {""}, `"j d"@example.com`: {`"j d"@example.com`},
	} {
		if got := objection.Addresses(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

package catalog_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/catalog"
)

func TestSplitEntity(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"Example GmbH, Berlin, DE":        {"Example GmbH, Berlin", "DE"},
		"PostHog, Inc., San Francisco,US": {"PostHog, Inc., San Francisco", "US"},
		"Example GmbH, Berlin, Germany":   {}, "Example GmbH, Berlin, de": {}, "Example GmbH, DE": {},
		"Example GmbH": {}, "": {},
		", Berlin, DE": {}, "Example GmbH, , DE": {}, "Example GmbH, Berlin, ": {}, "Example GmbH, Berlin, D1": {},
	} {
		person, country, ok := catalog.SplitEntity(text)
		if ok != (want[0] != "") || ok && (person != want[0] || country != want[1]) {
			t.Errorf("%q: %q, %q, %t", text, person, country, ok)
		}
	}
}

func TestRegional(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   catalog.Regional
		want string // EEA, UK, CH, other
		line string
	}{
		{nil, "|||", ""},
		{catalog.Regional{"": "a"}, "a|a|a|a", "a"},
		{catalog.Regional{"EEA": "a", "other": "b"}, "a|b|b|b", "EEA: a; other: b"},
		{catalog.Regional{"EEA": "a", "UK": "", "other": "b"}, "a||b|b", "EEA: a; other: b"},
		{catalog.Regional{"UK": "a"}, "|a||", "UK: a"},
	} {
		var said []string
		for _, reader := range catalog.Readers() {
			said = append(said, c.of.For(reader))
		}
		if got := strings.Join(said, "|"); got != c.want || c.of.String() != c.line {
			t.Errorf("%v: %q, %q", c.of, got, c.of.String())
		}
	}
}

// TestBuiltinRecipients: what built-in entries say of who receives is well-formed, and a joint
// controller's arrangement can be found.
func TestBuiltinRecipients(t *testing.T) {
	t.Parallel()
	for _, f := range catalog.Builtins() {
		for reader, text := range f.Entity {
			if _, _, ok := catalog.SplitEntity(text); text != "" && !ok {
				t.Errorf("%s: entity of %q: %q", f.ID, reader, text)
			}
		}
		for _, address := range []string{f.PolicyURL, f.Arrangement} {
			if address != "" && !strings.HasPrefix(address, "https://") {
				t.Errorf("%s: %q", f.ID, address)
			}
		}
		if f.Role == catalog.RoleJoint && f.Arrangement == "" || f.Processor {
			t.Errorf("%s: role %q, processor %t, arrangement %q", f.ID, f.Role, f.Processor, f.Arrangement)
		}
		if f.Hosts["api"] == "" && (f.Entity != nil || f.Role != "") {
			t.Errorf("%s: whoever runs it is known to the site alone", f.ID)
		}
	}
	if _, err := catalog.Parse([]byte("id: a\nentity: { US: \"A, B, US\" }\n")); err == nil ||
		!strings.Contains(err.Error(), "US") {
		t.Error(err)
	}
	if _, err := catalog.Parse([]byte("id: a\nentity: [a]\n")); err == nil {
		t.Error("a list is an entity")
	}
}

package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/tarball"
)

// TestWhatCanBeKept: what could not be read again is said before it serves.
func TestWhatCanBeKept(t *testing.T) {
	t.Parallel()
	many := tarball.Files{}
	for i := range 33 {
		many[fmt.Sprintf("policy/assessments/%d.yaml", i)] = make([]byte, 1<<20)
	}
	for name, c := range map[string]struct {
		files tarball.Files
		says  string // "": nothing
	}{
		"an example":     {exampleOf(t, "").digested.policy, ""},
		"the longest":    {tarball.Files{"x": make([]byte, longestMeaning)}, ""},
		"too long":       {tarball.Files{"x": make([]byte, longestMeaning+1)}, "x holds more than can be kept"},
		"all together":   {many, "too long for an archive"},
		"a name in two":  {tarball.Files{"policy/vendors/a\nb.yaml": nil}, "give the file a plain name"},
		"a name outside": {tarball.Files{"../x": nil}, "give the file a plain name"},
	} {
		err := digested{policy: c.files}.check()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// TestPastIsReadAsItIsWritten: whatever else stands there is nothing, and makes another digest.
func TestPastIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	past := parsePast([]byte("void \"LIA-1\" 3\napprover \"privacy+0a\"\nvoid LIA-2 3\nvoid \"LIA-3\"\nelse\n"))
	if len(past.Revoked) != 1 || past.Revoked["LIA-1"] != 3 || len(past.Keys) != 1 || !past.Keys["privacy+0a"] {
		t.Errorf("%+v", past)
	}
}

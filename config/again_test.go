package config

import (
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestAgain: what was compiled is taken again where neither the files nor what the ledger knows are others, and then
// alone.
func TestAgain(t *testing.T) {
	t.Parallel()
	file := written(t, design(t))
	loaded, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	same, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := design(t)
	changed["policy/activities.yaml"] = append(changed["policy/activities.yaml"], "\n# another line\n"...)
	other, err := Read(written(t, changed))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		source *Source
		past   basis.Past
		taken  bool
	}{
		{"the same source", loaded.Source, basis.Past{}, true},
		{"the same files, read again", same, basis.Past{}, true},
		{"a ledger that knows nothing", same, basis.Past{Seen: map[string]int{}, Keys: map[string]bool{}}, true},
		{"other files", other, basis.Past{}, false},
		{"a version was in force", same, basis.Past{Seen: map[string]int{"LIA-2026-001": 1}}, false},
		{"a version was revoked", same, basis.Past{Revoked: map[string]int{"LIA-2025-001": 1}}, false},
		{"a key signed", same, basis.Past{Keys: map[string]bool{"privacy+3a42e6ad": true}}, false},
		{"promises of no version were signed", same, basis.Past{Promised: basis.Promised{At: time.Unix(1, 0)}}, false},
	} {
		got, err := Again(loaded, c.source, c.past)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if (got == loaded) != c.taken {
			t.Errorf("%s: taken again is %t, want %t", c.name, got == loaded, c.taken)
		}
		if again, err := Again(got, c.source, c.past); err != nil || again != got {
			t.Errorf("%s: what was made of it is not taken again: %v", c.name, err)
		}
	}
}

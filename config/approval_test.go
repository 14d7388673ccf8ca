package config

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/strict"
)

func TestWithApproval(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"none before", "id: a\n", "id: a\napproval: |\n  x\n\n  y\n"},
		{"no line end", "id: a", "id: a\napproval: |\n  x\n\n  y\n"},
		{"one at the end", "id: a\napproval: |\n  old\n\n  older\n", "id: a\napproval: |\n  x\n\n  y\n"},
		{"one in the middle", "id: a\napproval: |\n  old\ntitle: b\n", "id: a\ntitle: b\napproval: |\n  x\n\n  y\n"},
		{"an empty one", "id: a # here\napproval: \"\"\ntitle: b\n", "id: a # here\ntitle: b\napproval: |\n  x\n\n  y\n"},
	} {
		if got, err := WithApproval([]byte(test.text), "x\n\ny\n"); err != nil || string(got) != test.want {
			t.Errorf("%s: %q, %v, want %q", test.name, got, err, test.want)
		}
	}
	for _, text := range []string{"{id: a}", "id: a\n...\n", "[a]", "a", ": : :"} {
		if got, err := WithApproval([]byte(text), "x"); err == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// FuzzWithApproval: an assessment's file stays readable, and says the same but for its approval.
func FuzzWithApproval(f *testing.F) {
	f.Add(base(f)["policy/assessments/LIA-1.yaml"], "a\n\nb\n")
	f.Add([]byte("approval: x\nid: a"), "a")
	f.Add([]byte("{approval: x, id: a}"), "a")
	f.Fuzz(func(t *testing.T, text []byte, approval string) {
		got, err := WithApproval(text, approval)
		if err != nil {
			return
		}
		var faults strict.Faults
		before, after := strict.Parse("", text, &faults), strict.Parse("", got, &faults)
		if len(faults) > 0 {
			t.Fatalf("%q: %v", got, faults)
		}
		if strings.TrimRight(after.Find(strict.Path("approval")).Value, "\n") != strings.TrimRight(approval, "\n") {
			t.Errorf("%q: another approval", got)
		}
		for _, key := range before.Keys() {
			if key != "approval" && strings.TrimRight(after.Find(strict.Path(key)).Value, "\n") != strings.TrimRight(
				before.Find(strict.Path(key)).Value, "\n") {
				t.Errorf("%q: %s says something else", got, key)
			}
		}
	})
}

package assess

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
)

// TestExamplesAreApprovable: there is nothing to say against an assessment that an example comes with, and the approver
// whose key is made with it is not the owner: who makes it true for a site of theirs has one command left to give.
func TestExamplesAreApprovable(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, name := range config.Examples() {
		made, err := config.InitExample(name, filepath.Join(t.TempDir(), name), nil, now)
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Load(made.Server)
		if err != nil {
			t.Fatal(err)
		}
		var key []byte
		if made.ApproverKey != "" {
			if key, err = os.ReadFile(made.ApproverKey); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range loaded.Policy.Assessments().IDs() {
			if found := Check(loaded, id, now); len(found) > 0 {
				t.Errorf("%s: %v", name, found)
			}
			if _, err := Approve(loaded, id, strings.TrimSpace(string(key)), now, ""); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

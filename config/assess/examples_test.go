package assess

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/files"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// TestExamplesAreApprovable: there is nothing to say against an assessment that Init or an example comes with, and the
// approver whose key is made with it is not the owner: who makes it true for a site of theirs has one command left to
// give. Once that is given there is nothing to warn of.
func TestExamplesAreApprovable(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, name := range append(config.Examples(), "") {
		made, err := config.InitExample(name, filepath.Join(t.TempDir(), "shop"), nil, now)
		if err != nil {
			t.Fatal(err)
		}
		files.Own(t, made.Files)
		var key []byte
		if made.ApproverKey != "" {
			if key, err = os.ReadFile(made.ApproverKey); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range made.Assessments {
			loaded, err := config.Load(made.Server)
			if err != nil {
				t.Fatal(err)
			}
			if found := Check(loaded, id, now); len(found) > 0 {
				t.Errorf("%s: %v", name, found)
			}
			for approver := range loaded.Server.Approvers {
				if owner := loaded.Assessments[id].Document.Owner; samePerson(owner, approver) {
					t.Errorf("%s: %s owns %s, and %s approves it", name, owner, id, approver)
				}
			}
			if _, err := Approve(loaded, id, strings.TrimSpace(string(key)), now, ""); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		loaded, err := config.Load(made.Server)
		if err != nil {
			t.Fatal(err)
		}
		if len(loaded.Warnings) > 0 || len(loaded.Placeholders()) > 0 || len(loaded.Due(now)) > 0 {
			t.Errorf("%s: %v %v %v", name, loaded.Warnings, loaded.Placeholders(), loaded.Due(now))
		}
		for _, id := range made.Assessments {
			if v := loaded.Policy.Assessments().Validity(id, now); v != basis.Valid {
				t.Errorf("%s: approved, %s is %v", name, id, v)
			}
		}
	}
}

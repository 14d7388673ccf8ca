package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestKeptApprovals: what versions before approved stops, every place says why and what to do, and one command, with
// the same version of the assessment, has it go on while the server runs. What was signed before stays in the history.
func TestKeptApprovals(t *testing.T) {
	old := 0
	for _, name := range keptFolderNames(t) {
		t.Run(name, func(t *testing.T) {
			o := copyFolder(t, filepath.Join(keptFolders, name))
			before := o.approvedBefore()
			if len(before) == 0 {
				return // it was left by a version that signs as this one does
			}
			old++
			if !slices.Equal(before, []string{"LIA-2026-001"}) {
				t.Fatalf("%q are of the form before", before)
			}
			const says = "it was signed in the form of an earlier version"
			for _, verb := range [][]string{{"check"}, {"lia", "list"}} {
				if text := o.command(verb...); !strings.Contains(text, "LIA-2026-001 is form_old: ") ||
					!strings.Contains(text, says) || !strings.Contains(text, "`tagwarden lia approve`") {
					t.Errorf("%s says:\n%s", verb, text)
				}
			}
			history := filepath.Join("policy", "assessments", ".history")
			signed := o.read(filepath.Join(history, "LIA-2026-001-v2.yaml"))

			s := serveFolder(t, o.file(), func() time.Time { return o.clock })
			defer s.stop()
			counted := &folderHit{
				Why: "counted on an assessment", Method: "GET",
				Target: "/matomo.php?idsite=1&rec=1&_id=fedcba9876543210&action_name=Home",
			}
			if got := s.hit(counted); got != "" {
				t.Errorf("the vendor got %q", got)
			}
			o.command("lia", "approve", "LIA-2026-001", "--key", filepath.Join(o.dir, "approver.key"))
			if err := s.Reload(); err != nil {
				t.Fatal(err)
			}
			if got := s.hit(counted); got == "" {
				t.Error("approved anew, nothing leaves")
			}

			if after := o.read(filepath.Join(history, "LIA-2026-001-v2.yaml")); string(after) != string(signed) {
				t.Error("what was signed before was written over")
			}
			if _, err := os.Stat(filepath.Join(o.dir, history, "LIA-2026-001-v2-form2.yaml")); err != nil {
				t.Error(err)
			}
			text := o.command("lia", "diff", "LIA-2026-001")
			if !strings.Contains(text, "says what it said when version 2 was approved") {
				t.Errorf("what it says otherwise:\n%s", text)
			}
			text = o.command("lia", "render", "LIA-2026-001", "--version", "1", "--format", "md")
			if !strings.Contains(text, "the signature is genuine") {
				t.Errorf("the version before:\n%s", text)
			}
		})
	}
	if old == 0 {
		t.Error("no folder has approvals of the form before")
	}
}

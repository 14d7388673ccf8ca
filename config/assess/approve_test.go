package assess

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/basis"
)

var noon = time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)

// folder is a configuration as init writes it, with its assessment approved, and its approver's private key.
type folder struct{ dir, private string }

func newFolder(t testing.TB) folder {
	t.Helper()
	dir := t.TempDir()
	made, err := config.Init(dir, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(made.ApproverKey)
	if err != nil {
		t.Fatal(err)
	}
	f := folder{dir, string(key)}
	if _, err := Approve(f.load(t), lia, f.private, noon, ""); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f folder) load(t testing.TB) *config.Loaded {
	t.Helper()
	loaded, err := config.Load(filepath.Join(f.dir, "tagwarden.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// edit replaces a text in a file of the folder.
func (f folder) edit(t *testing.T, name, old, with string) {
	t.Helper()
	path := filepath.Join(f.dir, filepath.FromSlash(name))
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte(old)) {
		t.Fatalf("%s has no %q (%v)", name, old, err)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(text, []byte(old), []byte(with)), 0o600); err != nil {
		t.Fatal(err)
	}
}

const (
	lia            = "LIA-2026-001"
	assessmentFile = "policy/assessments/LIA-2026-001.yaml"
)

// TestApproveAnew: an edit voids the approval; what changed can be seen; counted up and approved
// it holds again; both versions are kept.
func TestApproveAnew(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.edit(t, assessmentFile, "impact: low", "impact: medium")
	f.edit(t, "policy/purposes.yaml", "Page views, visits", "Page views")
	loaded := f.load(t)
	if got := loaded.Draft.Assessments.Validity(lia, noon); got != basis.Changed {
		t.Fatalf("edited, it is %v", got)
	}
	signed, err := ReadVersion(loaded, lia, 1)
	if err != nil || !signed.Verified || !signed.Known {
		t.Fatalf("version 1: %+v, %v", signed, err)
	}
	changes := Amendments(loaded, lia, signed)
	if len(changes) != 2 || changes[0] != (Amendment{"balancing.impact", "low", "medium"}) ||
		changes[1].What != "purpose audience-measurement.description.en" {
		t.Errorf("changes: %q", changes)
	}
	if _, err := Approve(loaded, lia, f.private, noon, ""); err == nil ||
		!strings.Contains(err.Error(), "version 1 was approved on 2026-12-01 with another meaning") {
		t.Fatalf("the same version with another meaning: %v", err)
	}
	f.edit(t, assessmentFile, "version: 1", "version: 2")
	before := f.load(t).Source.Text("assessments/" + lia + ".yaml")
	files, err := Approve(f.load(t), lia, f.private, noon, "")
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	loaded = f.load(t)
	if got := loaded.Draft.Assessments.Validity(lia, noon); got != basis.Valid {
		t.Errorf("approved, it is %v", got)
	}
	after := loaded.Source.Text("assessments/" + lia + ".yaml")
	if head, _, _ := bytes.Cut(before, []byte("approval:")); !bytes.HasPrefix(after, head) {
		t.Error("the rest of the file was disturbed")
	}
	if versions, err := Versions(loaded, lia); err != nil || len(versions) != 2 || versions[1] != 2 {
		t.Errorf("versions %v, %v", versions, err)
	}
	old, err := ReadVersion(loaded, lia, 1)
	if err != nil || !old.Verified || old.Document.Balancing.Impact != "low" ||
		old.Around.Hosts["matomo"][0] != "matomo.shop.example" || !strings.HasPrefix(old.By, "privacy+") {
		t.Errorf("version 1: %+v, %v", old, err)
	}
	if again, err := Approve(loaded, lia, f.private, noon, ""); err != nil || len(again) != 2 {
		t.Errorf("the same meaning once more: %v, %v", again, err)
	}
}

func TestApproveRefuses(t *testing.T) {
	t.Parallel()
	stranger, _, err := note.GenerateKey(nil, "privacy")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, old, with, key, want string
		now                        time.Time
	}{
		{name: "an id that is not there", want: "there is no assessment"},
		{name: "no key", key: "key", want: "no private key of an approver"},
		{name: "a stranger's key", key: stranger, want: "none of the approvers'"},
		{name: "the owner's key", old: "owner: web-analytics@shop.example", with: "owner: Privacy@shop.example",
			want: "the same person"},
		{name: "an overdue review", now: noon.AddDate(2, 0, 0), want: "review_by is past (2027-12-01)"},
		{name: "a finding", old: "impact: low", with: "impact: high",
			want: "there is something to say against it (dpia-high-impact)"},
	} {
		f := newFolder(t)
		if test.old != "" {
			f.edit(t, assessmentFile, test.old, test.with)
			f.edit(t, assessmentFile, "version: 1", "version: 2")
		}
		id, key, now := lia, f.private, noon
		if test.key != "" {
			key = test.key
		}
		if !test.now.IsZero() {
			now = test.now
		}
		if strings.Contains(test.name, "id") && test.key == "" && test.old == "" && test.now.IsZero() {
			id = "LIA-9"
		}
		loaded := f.load(t)
		if _, err := Approve(loaded, id, key, now, ""); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
		if after := f.load(t); after.Source.Digest != loaded.Source.Digest {
			t.Errorf("%s: something was written", test.name)
		}
	}
}

// TestApproveDespite: findings are outweighed by a reason that is kept.
func TestApproveDespite(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.edit(t, assessmentFile, "impact: low", "impact: high")
	f.edit(t, assessmentFile, "version: 1", "version: 2")
	_, err := Approve(f.load(t), lia, f.private, noon, "")
	if found, ok := errors.AsType[*FindingsError](err); !ok || found.Rules[0] != "dpia-high-impact" {
		t.Fatal(err)
	}
	if _, err := Approve(f.load(t), lia, f.private, noon, "the DPIA is under way: see 42"); err != nil {
		t.Fatal(err)
	}
	kept, err := ReadVersion(f.load(t), lia, 2)
	if err != nil || kept.Because != "the DPIA is under way: see 42" || kept.Despite[0] != "dpia-high-impact" ||
		!kept.Verified {
		t.Errorf("%+v, %v", kept, err)
	}
}

// TestHistoryIsVerified: whoever edits the history is found out.
func TestHistoryIsVerified(t *testing.T) {
	t.Parallel()
	const file = "policy/" + config.HistoryFolder + "/" + lia + "-v1.yaml"
	for _, edit := range [][2]string{{"impact: low", "impact: high"}, {"Page views", "Counts of people"},
		{"matomo.shop.example", "evil.example"}, {"key: privacy+", "key: other+"}} {
		f := newFolder(t)
		f.edit(t, file, edit[0], edit[1])
		if v, err := ReadVersion(f.load(t), lia, 1); err != nil || v.Verified {
			t.Errorf("%q for %q: %v, %v", edit[1], edit[0], v.Verified, err)
		}
	}
	f := newFolder(t)
	f.edit(t, file, "version: 1\n", "version: 2\n")
	if v, err := ReadVersion(f.load(t), lia, 1); err != nil || v.Verified {
		t.Errorf("another version: %v", err)
	}
	f = newFolder(t)
	f.edit(t, file, "digest:", "digests:")
	if _, err := ReadVersion(f.load(t), lia, 1); err == nil {
		t.Error("a key that nobody knows was read")
	}
	if _, err := ReadVersion(f.load(t), lia, 7); !errors.Is(err, ErrNoVersion) {
		t.Errorf("a version that never was: %v", err)
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	for n, key := range []string{"", f.private} {
		fact := basis.Revocation{Assessment: lia, Version: 1 + n, At: noon, Because: "the vendor: \"sold\"\n to another"}
		if n > 0 {
			f.edit(t, assessmentFile, "version: 1", "version: 2")
			if _, err := Approve(f.load(t), lia, f.private, noon, ""); err != nil {
				t.Fatal(err)
			}
		}
		if got := f.load(t).Draft.Assessments.Validity(lia, noon); got != basis.Valid {
			t.Fatalf("before, it is %v", got)
		}
		if _, err := Revoke(f.load(t), fact, key); err != nil {
			t.Fatal(err)
		}
		loaded := f.load(t)
		if got := loaded.Draft.Assessments.Validity(lia, noon); got != basis.Revoked {
			t.Errorf("revoked, it is %v", got)
		}
		r := loaded.RevocationOf(lia, 1+n)
		if r == nil || r.Because != `the vendor: "sold" to another` || (r.By != "") != (key != "") ||
			len(loaded.Warnings) > 0 {
			t.Errorf("%+v, %v", r, loaded.Warnings)
		}
		if _, err := Approve(loaded, lia, f.private, noon, ""); err == nil || !strings.Contains(err.Error(), "was revoked") {
			t.Errorf("approved all the same: %v", err)
		}
	}
	f.edit(t, "policy/revocations.yaml", "because the vendor", "because our vendor")
	if loaded := f.load(t); len(loaded.Warnings) != 1 || loaded.Draft.Assessments.Validity(lia, noon) != basis.Revoked {
		t.Errorf("a signature that is none: %v", loaded.Warnings)
	}
	stranger, _, err := note.GenerateKey(nil, "privacy")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Revoke(f.load(t), basis.Revocation{Assessment: lia, Version: 3, At: noon, Because: "x"},
		stranger); err == nil {
		t.Error("a stranger signed")
	}
}

// FuzzHistory: whatever a file of the history holds, it is read or refused.
func FuzzHistory(f *testing.F) {
	made := newFolder(f)
	loaded := made.load(f)
	text, err := os.ReadFile(filepath.Join(made.dir, "policy", config.HistoryFolder, lia+"-v1.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("document: |\n  approval: x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if v, err := verified(loaded, "file", text, lia, 1); err == nil && v.Verified && v.By == "" {
			t.Error("verified by nobody")
		}
	})
}

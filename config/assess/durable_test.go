package assess

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/rules/basis"
)

// signing are what a person does with an assessment that has to last, with the steps that it
// takes, and the files that it changes.
var signing = []struct {
	name  string
	do    func(f folder, l *config.Loaded) error
	trace string
	files []string
}{
	{
		"approve", func(f folder, l *config.Loaded) error { _, err := Approve(l, lia, f.private, noon, ""); return err },
		"sync folder policy/assessments\n" +
			"create policy/assessments/.history/.LIA-2026-001-v1.yaml.0.new, mode 0600\nwrite policy/assessments/.history/.LIA-2026-001-v1.yaml.0.new\n" +
			"mode of policy/assessments/.history/.LIA-2026-001-v1.yaml.0.new: 0600\nsync policy/assessments/.history/.LIA-2026-001-v1.yaml.0.new\n" +
			"rename policy/assessments/.history/.LIA-2026-001-v1.yaml.0.new to policy/assessments/.history/LIA-2026-001-v1.yaml\n" +
			"sync folder policy/assessments/.history\n" +
			"sync folder policy\n" +
			"create policy/assessments/.LIA-2026-001.yaml.0.new, mode 0644\nwrite policy/assessments/.LIA-2026-001.yaml.0.new\n" +
			"mode of policy/assessments/.LIA-2026-001.yaml.0.new: 0644\nsync policy/assessments/.LIA-2026-001.yaml.0.new\n" +
			"rename policy/assessments/.LIA-2026-001.yaml.0.new to policy/assessments/LIA-2026-001.yaml\nsync folder policy/assessments\n",
		[]string{"policy/assessments/.history/LIA-2026-001-v1.yaml", assessmentFile},
	},
	{
		"revoke", func(_ folder, l *config.Loaded) error {
			_, err := Revoke(l, basis.Revocation{Assessment: lia, Version: 1, At: noon, Because: "the vendor was sold"}, "")
			return err
		},
		"sync folder .\ncreate policy/.revocations.yaml.0.new, mode 0644\nwrite policy/.revocations.yaml.0.new\nmode of policy/.revocations.yaml.0.new: 0644\n" +
			"sync policy/.revocations.yaml.0.new\nrename policy/.revocations.yaml.0.new to policy/revocations.yaml\nsync folder policy\n",
		[]string{"policy/revocations.yaml"},
	},
}

// approving is a folder whose assessment is approved already, which is approved once more an
// hour later: both of its files change.
func approving(t *testing.T) (folder, *config.Loaded) {
	t.Helper()
	f := newFolder(t)
	history := filepath.Join(f.dir, "policy", config.HistoryFolder, lia+"-v1.yaml")
	text, err := os.ReadFile(history)
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(text), "2026-12-01T", "2026-11-30T", 1)
	if err := errors.Join(os.WriteFile(history, []byte(other), 0o600), os.Chmod(history, 0o600)); err != nil {
		t.Fatal(err)
	}
	f.edit(t, assessmentFile, "approval: |", "approval: |  # by")
	return f, f.load(t)
}

// TestSigningLasts: whichever step fails, who signs is told; if the power goes then, each file is the old one or the
// new one, whole, and both are the new ones where it was said to be done. Nothing is left beside them.
func TestSigningLasts(t *testing.T) {
	t.Parallel()
	for _, act := range signing {
		f, loaded := approving(t)
		content := func(dir, name string) string {
			text, _ := os.ReadFile(filepath.Join(dir, name))
			return string(text)
		}
		before, after := map[string]string{}, map[string]string{}
		for _, name := range act.files {
			before[name] = content(f.dir, name)
		}
		disk := func() *crash.Disk {
			for _, name := range act.files {
				path := filepath.Join(f.dir, name)
				if before[name] == "" {
					_ = os.Remove(path)
				} else if err := os.WriteFile(path, []byte(before[name]), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			d, err := crash.New(f.dir)
			if err != nil {
				t.Fatal(err)
			}
			loaded.Files = durable.Files{Disk: d}
			return d
		}
		d := disk()
		if err := act.do(f, loaded); err != nil {
			t.Fatal(err)
		}
		if got := d.Trace(); got != act.trace {
			t.Errorf("%s: the steps are\n%swant\n%s", act.name, got, act.trace)
		}
		for _, name := range act.files {
			if after[name] = content(f.dir, name); after[name] == before[name] {
				t.Fatalf("%s: %s does not change: the test sees nothing", act.name, name)
			}
		}
		steps := d.Steps()
		for n := 1; n <= steps+1; n += len(act.files) { // each act compiles the policy; durable's own tests fail each step
			d := disk()
			d.Fail(n)
			err := act.do(f, loaded)
			if (err == nil) != (n > steps) {
				t.Errorf("%s: step %d of %d fails: %v", act.name, n, steps, err)
			}
			for _, name := range act.files {
				path := filepath.Join(f.dir, name)
				if got := string(d.Kept(path)); got != after[name] && (got != before[name] || err == nil) {
					t.Errorf("%s: step %d: %s is\n%s", act.name, n, name, got)
				}
				if beside, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*.new")); err != nil || len(beside) > 0 {
					t.Errorf("%s: step %d: left beside it: %q, %v", act.name, n, beside, err)
				}
			}
		}
	}
}

// TestRevokedAfterAPowerCut: what a person was told is revoked is so for whoever reads the folder then.
func TestRevokedAfterAPowerCut(t *testing.T) {
	t.Parallel()
	f, loaded := approving(t)
	d, err := crash.New(f.dir)
	if err != nil {
		t.Fatal(err)
	}
	loaded.Files = durable.Files{Disk: d}
	if err := signing[1].do(f, loaded); err != nil {
		t.Fatal(err)
	}
	for _, what := range []crash.What{crash.Synced, crash.All} {
		left := folder{t.TempDir(), ""}
		if err := d.Leave(what, left.dir); err != nil {
			t.Fatal(err)
		}
		if got := left.load(t).Draft.Assessments.Validity(lia, noon); got != basis.Revoked {
			t.Errorf("%v left: %v", what, got)
		}
	}
}

// TestNothingIsSignedOfWhatCannotBeRead: what is in the way is said, and nothing is written.
func TestNothingIsSignedOfWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		before func(f folder)
		after  func(l *config.Loaded)
		want   string
	}{
		"the history cannot be read": {func(f folder) {
			f.edit(t, "policy/"+config.HistoryFolder+"/"+lia+"-v1.yaml", "digest:", "digests:")
		}, nil, "digests"},
		"the policy cannot be compiled any more": {nil, func(l *config.Loaded) {
			path := filepath.Join(l.Source.Dir, "purposes.yaml")
			if err := os.WriteFile(path, []byte("purposes: no\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var err error
			if l.Source, err = config.Read(l.Source.Path); err != nil {
				t.Fatal(err)
			}
		}, "purposes.yaml"},
		"the file takes no line more": {nil, func(l *config.Loaded) {
			a := l.Assessments[lia]
			a.Text = []byte("{ id: " + lia + " }\n")
			l.Assessments[lia] = a
		}, "one key a line"},
	} {
		f := newFolder(t)
		if c.before != nil {
			c.before(f)
		}
		loaded := f.load(t)
		if c.after != nil {
			c.after(loaded)
		}
		d, err := crash.New(f.dir)
		if err != nil {
			t.Fatal(err)
		}
		loaded.Files = durable.Files{Disk: d}
		if _, err := Approve(loaded, lia, f.private, noon, "what is said against it is known"); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
		if d.Steps() > 0 {
			t.Errorf("%s: something was written", what)
		}
	}
}

// TestReviewOfToday: an assessment whose review is due today is in force today, and can be approved.
func TestReviewOfToday(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	loaded := f.load(t)
	day := loaded.Assessments[lia].Document.ReviewBy
	if !strings.HasPrefix(day.String(), "2027-12-01") {
		t.Fatalf("review by %s", day)
	}
	today := noon.AddDate(1, 0, 0)
	if _, err := Approve(loaded, lia, f.private, today, "it is due"); err != nil {
		t.Errorf("on the day itself: %v", err)
	}
	if _, err := Approve(loaded, lia, f.private, today.AddDate(0, 0, 1), "it was due"); err == nil ||
		!strings.Contains(err.Error(), "is past") {
		t.Errorf("on the day after: %v", err)
	}
}

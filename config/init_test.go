package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/rules/basis"
)

var noon = time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)

func TestInit(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	made, err := Init(dir, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{made.RootKey, made.ApproverKey} {
		info, err := os.Stat(key)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", key, info, err)
		}
	}
	loaded, err := Load(made.Server)
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded.Warnings) > 0 {
		t.Errorf("warnings:\n%v", loaded.Warnings)
	}
	if got := loaded.Policy.Assessments().Validity("LIA-2026-001", noon); got != basis.Unapproved {
		t.Errorf("the assessment is %v, and nobody has read it", got)
	}
	approved := loaded.AsApproved().Policy.Assessments()
	if got := approved.Validity("LIA-2026-001", noon); got != basis.Valid {
		t.Errorf("approved, the assessment is %v", got)
	}
	if got := approved.Validity("LIA-2026-001", noon.AddDate(1, 0, 1)); got != basis.Expired {
		t.Errorf("a year and a day later the assessment is %v", got)
	}
	if got := strings.Join(made.Assessments, " "); got != "LIA-2026-001" {
		t.Errorf("to be approved: %q", got)
	}
	if due := loaded.Due(noon.AddDate(1, 0, -10)); len(due) != 1 || due[0].Days != 10 {
		t.Errorf("due: %v", due)
	}
	if loaded.Server.Data != filepath.Join(dir, "data") || loaded.Server.Keys.Root != made.RootKey {
		t.Errorf("paths: %q, %q", loaded.Server.Data, loaded.Server.Keys.Root)
	}
	if len(loaded.Tests) < 4 || loaded.Tests[0].Place.Line == 0 {
		t.Errorf("tests: %v", loaded.Tests)
	}
	for _, test := range loaded.Tests {
		if _, err := os.Stat(test.File); err != nil {
			t.Error(err)
		}
	}
}

func TestInitOverwritesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "root.key"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Init(dir, nil, noon)
	if err == nil || !strings.Contains(err.Error(), "holds root.key already") {
		t.Errorf("%v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestInitLasts: a root secret that somebody was told is there can be read after a power cut by its owner, and by
// nobody else.
func TestInitLasts(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]os.FileMode{"deep/down/root.key": 0o600, "deep/down/tagwarden.yaml": 0o644} {
		dir := t.TempDir()
		d, err := crash.New(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := (&Made{on: durable.Files{Disk: d}}).write(dir, name, []byte("a text")); err != nil {
			t.Fatal(err)
		}
		left := t.TempDir()
		if err := d.Leave(crash.Synced, left); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(left, name)
		text, err := os.ReadFile(path)
		info, failed := os.Stat(path)
		if err := errors.Join(err, failed); err != nil || string(text) != "a text" || info.Mode().Perm() != mode {
			t.Errorf("%s: %q, %v", name, text, err)
		}
		for n := 1; n <= d.Steps(); n++ {
			dir := t.TempDir()
			failing, err := crash.New(dir)
			if err != nil {
				t.Fatal(err)
			}
			failing.Fail(n)
			if err := (&Made{on: durable.Files{Disk: failing}}).write(dir, name, []byte("a text")); !errors.Is(
				err, crash.ErrFailed) {
				t.Errorf("%s: step %d fails: %v", name, n, err)
			}
		}
	}
}

// TestInitFailsWhole: whichever step of writing fails, all that was made is taken away again, what was there before
// stays, and where it cannot be taken away it is named.
func TestInitFailsWhole(t *testing.T) {
	t.Parallel()
	unchanged := func(map[string][]byte) error { return nil }
	for _, dies := range []bool{false, true} {
		for n := 1; ; n += 1 + n/8 {
			above := t.TempDir()
			d, err := crash.New(above)
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(above, "shop", "here")
			if n%2 == 0 { // somebody has something there
				dir = above
				if err := os.WriteFile(filepath.Join(above, "mine"), []byte("mine"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if d.Fail(n); dies {
				d.Die(n)
			}
			made, err := initOn(durable.Files{Disk: d}, "", dir, nil, noon, unchanged, true)
			if err == nil {
				if d.Steps() >= n || len(made.Files) < 10 {
					t.Errorf("step %d of %d fails, and nothing is said", n, d.Steps())
				}
				break
			}
			entries, failed := os.ReadDir(above)
			left := len(entries) - (n+1)%2
			switch {
			case !errors.Is(err, crash.ErrFailed) || failed != nil || len(made.Files) > 0:
				t.Errorf("step %d: %v, %v", n, err, failed)
			case left > 0 && !dies || left > 0 && !strings.Contains(err.Error(), "could not be taken away"):
				t.Errorf("step %d leaves %v: %v", n, entries, err)
			case left == 0 && !strings.HasSuffix(err.Error(), "is taken away again") && !strings.HasSuffix(err.Error(),
				"; nothing was written"):
				t.Errorf("step %d: %v", n, err)
			}
		}
	}
}

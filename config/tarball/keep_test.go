package tarball

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/durable/crash"
)

// TestKeep: an archive is written once; one that is whole is left as it is, one that is not is replaced.
func TestKeep(t *testing.T) {
	t.Parallel()
	dir, files := t.TempDir(), some()
	digest := files.Digest()
	path := filepath.Join(dir, digest+Extension)
	if _, err := Read(dir, digest, digest); !errors.Is(err, ErrMissing) {
		t.Errorf("before: %v", err)
	}
	keep := func(wantMended bool) {
		t.Helper()
		mended, err := Keep(durable.Files{}, dir, digest, files)
		if err != nil || mended != wantMended {
			t.Fatalf("mended %v, %v", mended, err)
		}
		got, err := Read(dir, digest, digest)
		if err != nil || got.Digest() != digest {
			t.Fatalf("%s, %v", got.Digest(), err)
		}
	}
	keep(false)
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	keep(false)
	if again, err := os.Stat(path); err != nil || !os.SameFile(info, again) || again.ModTime() != info.ModTime() {
		t.Error("one that was whole was written again")
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := Pack(Files{"x": nil})
	if err != nil {
		t.Fatal(err)
	}
	for _, damaged := range [][]byte{nil, whole[:len(whole)/2], append([]byte{1}, whole...), other} {
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(dir, digest, digest); !errors.Is(err, ErrDamaged) {
			t.Errorf("damaged: %v", err)
		}
		keep(true)
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, whole) {
			t.Errorf("it is not as it was, %v", err)
		}
	}
}

// TestKeepDurably: wherever the power goes, there is the archive or none, and once it is said to be kept it is.
func TestKeepDurably(t *testing.T) {
	t.Parallel()
	files := some()
	digest := files.Digest()
	for _, there := range []string{"", "damaged"} {
		for step := 1; ; step++ {
			dir := t.TempDir()
			path := filepath.Join(dir, digest+Extension)
			if there != "" {
				if err := os.WriteFile(path, []byte(there), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			disk, err := crash.New(dir)
			if err != nil {
				t.Fatal(err)
			}
			disk.Die(step)
			_, err = Keep(durable.Files{Disk: disk}, dir, digest, files)
			kept := disk.Kept(path)
			_, whole := Open(kept, digest)
			switch {
			case err == nil && whole != nil:
				t.Fatalf("kept, and after a power cut there is %v", whole)
			case err != nil && string(kept) != there && whole != nil:
				t.Fatalf("step %d: a power cut leaves %v", step, whole)
			}
			if err == nil {
				break
			}
		}
	}
}

package config

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/tarball"
)

// TestNotArchived: whoever asks for a policy is told whether it is not there, damaged, or another one today.
func TestNotArchived(t *testing.T) {
	t.Parallel()
	loaded := exampleOf(t, "")
	digest := loaded.Policy.Digest()
	_, dir, err := again(t, loaded)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, digest+tarball.Extension)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// kept keeps other files as if an earlier version had, and returns their digest.
	kept := func(change func(f tarball.Files)) string {
		files := maps.Clone(loaded.digested.policy)
		change(files)
		if _, err := tarball.Keep(durable.Files{}, dir, files.Digest(), files); err != nil {
			t.Fatal(err)
		}
		return files.Digest()
	}
	replaced := func(name, old, with string) func(tarball.Files) {
		return func(f tarball.Files) {
			if !bytes.Contains(f[name], []byte(old)) {
				t.Fatalf("%s holds no %q:\n%s", name, old, f[name])
			}
			f[name] = bytes.Replace(f[name], []byte(old), []byte(with), 1)
		}
	}
	names := strings.Fields(string(loaded.digested.builtin.Manifest()))
	for _, c := range []struct {
		name, digest string
		want         error
		says         string
	}{
		{"another digest", strings.Repeat("0", 64), ErrNotArchived, "0000" + tarball.Extension},
		{"no digest", "../" + digest, ErrNotArchived, "is no digest"},
		{"in capitals", strings.ToUpper(digest), ErrNotArchived, "is no digest"},
		{"other built-in data", kept(replaced(builtinFile, names[0], strings.Repeat("0", 64))), ErrCompilesToElse,
			"other built-in data: " + names[1]},
		{"other limits by default", kept(replaced(limitsFile, "depth 64", "depth 65")), ErrCompilesToElse,
			"it reads otherwise: limits"},
		{"a file more", kept(func(f tarball.Files) { f["more"] = nil }), ErrCompilesToElse, "it reads otherwise: more"},
		{"a key that is not known", kept(replaced("policy/purposes.yaml", `"title"`, `"titel"`)), ErrCompilesToElse, "titel"},
		{"no policy", kept(func(f tarball.Files) { clear(f) }), ErrCompilesToElse, "server.yaml"},
	} {
		policy, err := CompileArchived(dir, c.digest)
		if policy != nil || !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v with %q", c.name, err, c.want, c.says)
		}
	}
	if err := os.WriteFile(path, whole[:len(whole)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := CompileArchived(dir, digest); !errors.Is(err, ErrArchiveDamaged) {
		t.Errorf("damaged: %v", err)
	}
	mended, err := loaded.Archive(durable.Files{}, dir)
	if err != nil || !slices.Equal(mended, []string{digest + tarball.Extension}) {
		t.Errorf("mended %v, %v", mended, err)
	}
	if policy, err := CompileArchived(dir, digest); err != nil || policy.Digest() != digest {
		t.Error(err)
	}
}

// TestArchivedOfFolder: of a folder's files the archives of policies count, and of one that cannot
// be read nobody says that it keeps none.
func TestArchivedOfFolder(t *testing.T) {
	t.Parallel()
	loaded, err := compiled(base(t))
	if err != nil {
		t.Fatal(err)
	}
	_, dir, err := again(t, loaded)
	if err != nil {
		t.Fatal(err)
	}
	digest := loaded.Policy.Digest()
	note := filepath.Join(dir, digest+".note")
	if err := os.WriteFile(note, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string][]string{dir: {digest}, filepath.Join(dir, "none"): nil} {
		if all, err := Archived(folder); err != nil || !slices.Equal(all, want) {
			t.Errorf("%s keeps %v, %v: want %v", folder, all, err, want)
		}
	}
	if all, err := Archived(note); err == nil {
		t.Errorf("a file keeps %v", all)
	}
}

// FuzzCompileArchived: whatever somebody put into an archive, it is compiled to the policy that it is named by or to
// none, with a reason.
func FuzzCompileArchived(f *testing.F) {
	loaded, err := compiled(base(f))
	if err != nil {
		f.Fatal(err)
	}
	for name, text := range loaded.digested.policy {
		f.Add(name, text)
	}
	f.Add(pastFile, []byte("void \"LIA-1\" 7\napprover \"privacy+00000000\"\nvoid"))
	f.Add("policy/vendors/x/../mine.yaml", []byte("id: mine"))
	f.Add(digestedServer, []byte("sites: { shop: { region: { database: [x] } }, y: }\nvendors: {? [a]: b}"))
	f.Add("policy/tests/first.yaml", []byte("tests: [{ name: x, hit: ../../../etc/passwd, expect: {} }]"))
	f.Add("policy/detectors.yaml", []byte(detectorsExample))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		files := maps.Clone(loaded.digested.policy)
		files[name] = text
		archived, err := loadArchived(files, files.Digest())
		if (archived == nil) != errors.Is(err, ErrCompilesToElse) || archived != nil &&
			archived.Policy.Digest() != files.Digest() {
			t.Fatalf("%v, %v", archived, err)
		}
		if err != nil && strings.Contains(err.Error(), "BUG") {
			t.Error(err)
		}
	})
}

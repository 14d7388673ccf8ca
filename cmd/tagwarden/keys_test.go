package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config"
)

// TestRootThatIsNotNeeded: a server that has its keys starts without the root secret, be it gone or another's
// to read, and on no other fault of it.
func TestRootThatIsNotNeeded(t *testing.T) {
	t.Parallel()
	other := errors.New("it can be read by others")
	for _, c := range []struct{ err, want error }{
		{nil, nil}, {fs.ErrNotExist, nil}, {&fs.PathError{Op: "open", Path: "root.key", Err: syscall.EACCES}, nil},
		{other, other},
	} {
		if got := refusesRoot(c.err); !errors.Is(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%v: %v, want %v", c.err, got, c.want)
		}
	}
}

// TestKeyWarnings: what check says of keys and clock.
func TestKeyWarnings(t *testing.T) {
	made := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	dir, other := filepath.Join(t.TempDir(), "shop"), filepath.Join(t.TempDir(), "other")
	for _, d := range []string{dir, other} {
		var out strings.Builder
		if code := run(t.Context(), &terminal{out: &out, err: &out, now: func() time.Time {
			return made
		}}, []string{"init", d}); code != fine {
			t.Fatal(out.String())
		}
	}
	loaded, err := config.Load(filepath.Join(dir, "tagwarden.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	foreign := loaded.Server
	foreign.Keys.Root = filepath.Join(other, "root.key")
	gone := loaded.Server
	gone.Keys.Root = filepath.Join(dir, "elsewhere")
	command := loaded.Server
	command.Keys.Root, command.Keys.RootCommand = "", []string{"vault"}
	folder, open, nonsense := loaded.Server, loaded.Server, loaded.Server
	folder.Keys.Root = t.TempDir()
	open.Keys.Root, nonsense.Keys.Root = filepath.Join(t.TempDir(), "root.key"), filepath.Join(t.TempDir(), "root.key")
	text, err := os.ReadFile(loaded.Server.Keys.Root)
	if err == nil {
		err = errors.Join(os.WriteFile(open.Keys.Root, text, 0o600), os.Chmod(open.Keys.Root, 0o644),
			os.WriteFile(nonsense.Keys.Root, []byte("x"), 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	lies := "the root secret still lies at"
	for _, c := range []struct {
		name   string
		server *config.Server
		now    time.Time
		want   []string
	}{
		{"still there", &loaded.Server, made, []string{lies}},
		{"moved away", &gone, made, nil},
		{"a command", &command, made, nil},
		{"a folder", &folder, made,
			[]string{lies, "is no file: the file with the secret is right, as `tagwarden init` writes it: the server will not start"}},
		{"for all to read", &open, made, []string{lies, "can be read by others (mode 0644)"}},
		{"no secret", &nonsense, made, []string{lies, "cannot read root secret: it must be 32 bytes in base64"}},
		{"another root", &foreign, made, []string{lies, "is not the one that the key state"}},
		{"clock behind", &gone, made.AddDate(0, -1, 0), []string{"pseudonyms do not change before 2026-11-25"}},
		{"clock far ahead", &gone, made.AddDate(2, 0, 0),
			[]string{"the key state is of 2026-11-24: the server will forward nothing"}},
	} {
		got := keyWarnings(c.server, c.now)
		_, refused := rootFor(t.Context(), c.server)
		if said := strings.Contains(strings.Join(got, "\n"), "the server will not start"); said != (refused != nil) {
			t.Errorf("%s: check says %q, and serve %v", c.name, got, refused)
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %q", c.name, got)
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(got[i], want) {
				t.Errorf("%s: %q, want %q", c.name, got[i], want)
			}
		}
	}
}

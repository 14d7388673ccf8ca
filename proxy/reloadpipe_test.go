package proxy_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestNoReloadWaitsForAPipe: a pipe in place of a file, which nobody writes to, is refused by a reload, and what was
// there goes on.
func TestNoReloadWaitsForAPipe(t *testing.T) {
	t.Parallel()
	r := start(t, folder(t, startVendor(t).URL))
	dir, before, server := filepath.Dir(r.file), r.Policy(), read(t, r.file)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	hook := "webhooks: [{ url: 'https://hooks.example/x', events: [objection], secret_file: ./pipe }]\n"
	for what, c := range map[string]struct {
		file, text string // text "": the file is a link to the pipe
		want       string
	}{
		"the server file":      {r.file, "", "cannot read the server file: it is a pipe"},
		"a file of the policy": {filepath.Join(dir, "policy", "profiles.yaml"), "", "profiles.yaml: it is a pipe"},
		"a webhook's secret":   {r.file, server + hook, "cannot read the webhook's secret: " + pipe + ": it is a pipe"},
	} {
		was := read(t, c.file)
		if c.text != "" {
			write(t, c.file, c.text)
		} else if err := errors.Join(os.Remove(c.file), os.Symlink(pipe, c.file)); err != nil {
			t.Fatal(err)
		}
		if err := r.Reload(); err == nil || !strings.Contains(err.Error(), c.want) || r.Policy() != before {
			t.Errorf("%s: %v", what, err)
		}
		if err := os.Remove(c.file); err != nil {
			t.Fatal(err)
		}
		write(t, c.file, was)
		if err := r.Reload(); err != nil {
			t.Errorf("%s is a file again: %v", what, err)
		}
	}
}

package proxy_test

import (
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/tagwarden/tagwarden/proxy"
)

// TestAFolderThatCannotBeHeld: what is in the way of a data folder, or of its lock, is an error: without the
// lock two would write over each other.
func TestAFolderThatCannotBeHeld(t *testing.T) {
	t.Parallel()
	for what, make := range map[string]func(dir string) error{
		"a file is where the folder is to be": func(dir string) error { return os.WriteFile(dir, nil, 0o600) },
		"a file is where one above is to be":  func(dir string) error { return os.WriteFile(filepath.Dir(dir), nil, 0o600) },
		"a link to itself":                    func(dir string) error { return os.Symlink(dir, dir) },
		"a folder is where the lock is to be": func(dir string) error {
			return os.MkdirAll(filepath.Join(dir, "lock"), 0o700)
		},
	} {
		dir := filepath.Join(t.TempDir(), "above", "data")
		if what != "a file is where one above is to be" {
			if err := os.Mkdir(filepath.Dir(dir), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if err := make(dir); err != nil {
			t.Fatal(err)
		}
		if lock, err := proxy.LockData(dir); err == nil || lock != nil {
			t.Errorf("%s: %v, %v", what, lock, err)
		}
	}
}

// TestACommandThatIsNotAnswered: whatever a server answers that is not that the command
// was carried out, it is not said to be.
func TestACommandThatIsNotAnswered(t *testing.T) {
	t.Parallel()
	for what, answer := range map[string]http.HandlerFunc{
		"another status": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"text":"rotated: day"}`))
		},
		"no JSON":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("rotated: day")) },
		"cut off":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"text":"rotated: day`)) },
		"no answer": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		dir, err := os.MkdirTemp("", "held") //nolint:usetesting // a socket's path must not be long
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		l, err := net.Listen("unix", filepath.Join(dir, "control"))
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: answer}
		go func() { _ = s.Serve(l) }()
		if text, err := proxy.RotateRunning(t.Context(), dir, everyKey); !errors.Is(err, proxy.ErrUnreachable) || text != "" {
			t.Errorf("%s: %q, %v", what, text, err)
		}
		_ = s.Close()
	}
}

package proxy_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/rules/pseudonym"
)

func TestCommandsAreOfTheFoldersOwner(t *testing.T) {
	r := start(t, folder(t, startVendor(t).URL))
	data := filepath.Join(filepath.Dir(r.file), "data")
	if _, err := proxy.RotateRunning(t.Context(), data, proxy.Rotation{}); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]fs.FileMode{data: 0o700, filepath.Join(data, "control"): 0o600,
		filepath.Join(data, "lock"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
		}
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _,
		_ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(data, "control"))
	}}}
	defer client.CloseIdleConnections()
	for _, body := range []string{"", "{", `{"chains":["hour"]}`, `{"colour":"red"}`, `{"chains":["` + strings.Repeat(
		"day", 40_000) + `"]}`} {
		response, err := client.Post("http://x/keys/rotate", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		if err = errors.Join(err, response.Body.Close()); err != nil || !strings.Contains(string(text),
			"no command that the server knows") {
			t.Errorf("%.20q: %s, %v", body, text, err)
		}
	}
	if err := r.stop(t); err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.RotateRunning(t.Context(), data, proxy.Rotation{}); !errors.Is(err, proxy.ErrUnreachable) {
		t.Errorf("after the end: %v", err)
	}
}

// TestNoSocket: a server whose folder has too long a name for a socket serves all the
// same, and is said to be out of reach.
func TestNoSocket(t *testing.T) {
	file := folder(t, startVendor(t).URL)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(text)+"data: ./"+strings.Repeat("d", 120)+"\n")
	r := start(t, file, func(o *proxy.Options) { o.Root = pseudonym.TestRoot })
	if a := r.send(t, get(pageView, consent)); a.status != 204 {
		t.Errorf("status %d", a.status)
	}
	loaded, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.RotateRunning(t.Context(), loaded.Server.Data, proxy.Rotation{}); !errors.Is(
		err, proxy.ErrUnreachable) || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("out of reach: %v", err)
	}
}

package proxy_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
)

// flipped changes a byte in the middle of the largest file that a pattern finds in a folder.
func flipped(t *testing.T, dir, pattern string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: %v, %v", pattern, found, err)
	}
	largest, most := "", int64(-1)
	for _, name := range found {
		if about, err := os.Stat(name); err == nil && about.Mode().IsRegular() && about.Size() > most {
			largest, most = name, about.Size()
		}
	}
	text := []byte(read(t, largest))
	text[len(text)/2] ^= 0x55
	write(t, largest, string(text))
}

// TestRestoreLooksFirst: what is damaged, incomplete or no copy is not restored, and leaves the data folder empty; nothing is written
// over; a restore that broke off is nobody's folder until it is made anew.
func TestRestoreLooksFirst(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	v.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
	r := start(t, queuedFolder(t, v.URL))
	for n := range 5 {
		r.send(t, get(fmt.Sprintf("/t/g/collect?v=2&tid=G-1&cid=1234567890.1700000000&en=event_%d", n), consent))
	}
	whole := filepath.Join(t.TempDir(), "copy")
	if w := r.operate("POST", "/backup", fmt.Sprintf(`{"dir":%q}`, whole)); w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	loaded, err := config.Load(r.file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		harm func(copied, data string)
		says string // "": it is restored
	}{
		{"whole", nil, ""},
		{"a restore broke off", func(_, data string) {
			write(t, filepath.Join(data, "restoring", "keys", "state"), "half")
			write(t, filepath.Join(data, "objections", "objections.db"), "half")
		}, ""},
		{"not empty", func(_, data string) { write(t, filepath.Join(data, "rarity"), "x") }, "is not empty (rarity lies there)"},
		{"no copy", func(copied, _ string) { remove(t, filepath.Join(copied, "backup.json")) }, "backup.json is missing in it"},
		{"of a newer version", func(copied, _ string) { write(t, filepath.Join(copied, "format"), "by 9.9.9\nledger 99\n") }, "tagwarden 9.9.9 served it last"},
		{"without keys", func(copied, _ string) { remove(t, filepath.Join(copied, "keys", "state")) }, "say where it is by --keys FILE"},
		{"keys that others can read", func(copied, _ string) {
			if err := os.Chmod(filepath.Join(copied, "keys", "state"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "can be read by others"},
		{"the ledger", func(copied, _ string) { flipped(t, copied, "ledger/*.jsonl") }, "Kind:"},
		{"the queue", func(copied, _ string) { flipped(t, copied, "queue/*.frames") }, "the copy's queue is damaged"},
		{"the queue's keys", func(copied, _ string) { flipped(t, copied, "keys/queue/*") }, "the copy's queue"},
		{"objections", func(copied, _ string) {
			write(t, filepath.Join(copied, "objections", "objections.db"), strings.Repeat("x", 4096))
		}, "the copy's objections cannot be used"},
		{"a link", func(copied, _ string) {
			if err := os.Symlink("/etc/passwd", filepath.Join(copied, "policies", "x")); err != nil {
				t.Fatal(err)
			}
		}, "is no file"},
	} {
		copied, data := filepath.Join(t.TempDir(), "copy"), filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(copied, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(copied, "keys", "state"), 0o600); err != nil {
			t.Fatal(err)
		}
		before := 0
		if c.harm != nil {
			c.harm(copied, data)
			before = len(list(t, data))
		}
		loaded.Server.Data = data
		if c.name == "a restore broke off" {
			if _, err := proxy.LockData(data); !errors.Is(err, proxy.ErrRestoring) {
				t.Errorf("half a folder is served: %v", err)
			}
		}
		done, err := proxy.Restore(loaded, copied, "", verified)
		switch {
		case c.says == "" && (err != nil || done.Waiting != 5 || done.Files < 5):
			t.Errorf("%s: %+v, %v", c.name, done, err)
		case c.says == "":
			if _, err := os.Stat(filepath.Join(data, "restoring")); err == nil || read(t, filepath.Join(data, "keys", "state")) == "half" {
				t.Errorf("%s: %v", c.name, list(t, data))
			}
		case err == nil || !strings.Contains(err.Error(), c.says):
			t.Errorf("%s: %v", c.name, err)
		default:
			if left := list(t, data); len(left) > before+1 { // and the lock
				t.Errorf("%s: left %v", c.name, left)
			}
		}
	}
}

// list names what is in a folder.
func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

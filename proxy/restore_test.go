package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/objection"
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

// TestRestoreLooksFirst: what is damaged, incomplete or no copy is not restored, and leaves the data folder empty;
// nothing is written over; a restore that broke off is nobody's folder until it is made anew.
func TestRestoreLooksFirst(t *testing.T) {
	t.Parallel()
	v := startVendor(t)
	v.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
	r := start(t, queuedFolder(t, v.URL))
	for n := range 5 {
		r.send(t, get(fmt.Sprintf("/t/g/collect?v=2&tid=G-1&cid=1234567890.1700000000&en=event_%d", n), consent))
	}
	older, other := filepath.Join(t.TempDir(), "older"), filepath.Join(t.TempDir(), "other")
	store := filepath.Join("data", "objections", "objections.db")
	act := func(on *running, object string) {
		change := objection.Change{Object: []string{object}, Source: objection.API}
		one := objection.Act{IDs: []objection.ID{{Name: "email", Value: "jane@example.com"}}, Change: change}
		if _, err := on.Act(context.Background(), objection.Acts{Acts: []objection.Act{one}}); err != nil {
			t.Fatal(err)
		}
	}
	act(r, "vendor:ga4")
	copyFile(t, filepath.Join(filepath.Dir(r.file), store), older)
	act(r, "all")
	elsewhere := start(t, folder(t, v.URL))
	for range 3 {
		act(elsewhere, "all")
		act(elsewhere, "vendor:ga4")
	}
	if err := elsewhere.stop(t); err != nil {
		t.Fatal(err)
	}
	copyFile(t, filepath.Join(filepath.Dir(elsewhere.file), store), other)
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
		{"not empty", func(_, data string) {
			write(t, filepath.Join(data, "rarity"), "x")
		}, "is not empty (rarity lies there)"},
		{"no copy", func(copied, _ string) {
			remove(t, filepath.Join(copied, "backup.json"))
		}, "backup.json is missing in it"},
		{"of a newer version", func(copied, _ string) {
			write(t, filepath.Join(copied, "format"), "by 9.9.9\nledger 99\n")
		}, "tagwarden 9.9.9 served it last"},
		{"its forms were altered", func(copied, _ string) {
			write(t, filepath.Join(copied, "format"), "nonsense 1\n")
		}, "the copy is not as it was made"},
		{"without its key state", func(copied, _ string) {
			remove(t, filepath.Join(copied, "keys", "state"))
		}, "was there when the copy was made, and was moved away"},
		{"without keys", func(copied, _ string) {
			removeAll(t, filepath.Join(copied, "keys"))
		}, "say where it is by --keys FILE"},
		{"without keys, of before", func(copied, _ string) {
			unlisted(t, copied)
			remove(t, filepath.Join(copied, "keys", "state"))
		}, "it was made --without-keys, or it was moved away since"},
		{"keys that others can read", func(copied, _ string) {
			if err := os.Chmod(filepath.Join(copied, "keys", "state"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "can be read by others"},
		{"of before", func(copied, _ string) { unlisted(t, copied) }, ""},
		{"asked in between", func(copied, _ string) {
			write(t, filepath.Join(copied, "ledger", "00000000000000000000.idx"), "x")
		}, ""},
		{"a file is missing", func(copied, _ string) {
			remove(t, filepath.Join(copied, "format"))
		}, "copy/format is missing"},
		{"a folder in place of a file", func(copied, _ string) {
			remove(t, filepath.Join(copied, "ledger", "log.pub"))
			write(t, filepath.Join(copied, "ledger", "log.pub", "x"), "x")
		}, "copy/ledger/log.pub is no file"},
		{"a folder is missing", func(copied, _ string) { removeAll(t, filepath.Join(copied, "queue")) }, "is missing"},
		{"objections are missing", func(copied, _ string) {
			removeAll(t, filepath.Join(copied, "objections"))
		}, "objections.db is missing"},
		{"objections are missing, of before", func(copied, _ string) {
			unlisted(t, copied)
			removeAll(t, filepath.Join(copied, "objections"))
		}, "objections/objections.db is missing in it, and its ledger remembers 2"},
		{"older objections, of before", func(copied, _ string) {
			unlisted(t, copied)
			copyFile(t, older, filepath.Join(copied, "objections", "objections.db"))
		}, "they hold 1 change, and its ledger remembers 2"},
		{"a node's older objections, of before", func(copied, _ string) {
			unlisted(t, copied)
			copyFile(t, older, filepath.Join(copied, "objections", "objections.db"))
		}, ""},
		{"a node's other objections, of before", func(copied, _ string) {
			unlisted(t, copied)
			copyFile(t, other, filepath.Join(copied, "objections", "objections.db"))
		}, "it has another history"},
		{"other objections, of before", func(copied, _ string) {
			unlisted(t, copied)
			copyFile(t, other, filepath.Join(copied, "objections", "objections.db"))
		}, "it has another history"},
		{"longer", func(copied, _ string) {
			name := filepath.Join(copied, "ledger", "log.pub")
			write(t, name, read(t, name)+"\n")
		}, "copy/ledger/log.pub has "},
		{"other bytes", func(copied, _ string) { flipped(t, copied, "policies/*") }, "has other bytes (SHA-256 "},
		{"more", func(copied, _ string) { write(t, filepath.Join(copied, "acts"), "x") }, "copy/acts was not copied"},
		{"the listed ledger", func(copied, _ string) { flipped(t, copied, "ledger/*.jsonl") }, "has other bytes"},
		{"the ledger", func(copied, _ string) {
			unlisted(t, copied)
			flipped(t, copied, "ledger/*.jsonl")
		}, "Kind:"},
		{"the queue", func(copied, _ string) {
			unlisted(t, copied)
			flipped(t, copied, "queue/*.frames")
		}, "the copy's queue is damaged"},
		{"the queue's keys", func(copied, _ string) {
			unlisted(t, copied)
			flipped(t, copied, "keys/queue/*")
		}, "the copy's queue"},
		{"objections", func(copied, _ string) {
			unlisted(t, copied)
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
		loaded.Server.Data, loaded.Server.Cluster = data, nil
		lacking := uint64(0)
		if strings.HasPrefix(c.name, "a node's") { // it takes from the nodes' log what it lacks
			loaded.Server.Cluster, lacking = new(config.Cluster), 1
		}
		if c.name == "a restore broke off" {
			if _, err := proxy.LockData(data); !errors.Is(err, proxy.ErrRestoring) {
				t.Errorf("half a folder is served: %v", err)
			}
		}
		done, err := proxy.Restore(loaded, copied, "", verified)
		switch {
		case c.says == "" && (err != nil || done.Waiting != 5 || done.Files < 5 || done.Lacking != lacking):
			t.Errorf("%s: %+v, %v", c.name, done, err)
		case c.says == "":
			if strings.Contains(read(t, filepath.Join(data, "backup.json")), "files") {
				t.Errorf("%s: its files are listed still", c.name)
			}
			if _, err := os.Stat(filepath.Join(data, "restoring")); err == nil ||
				read(t, filepath.Join(data, "keys", "state")) == "half" {
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

// unlisted makes a copy one of before its files were listed.
func unlisted(t *testing.T, copied string) {
	t.Helper()
	name := filepath.Join(copied, "backup.json")
	before, _, found := strings.Cut(read(t, name), `,"files":`)
	if !found {
		t.Fatal("no file is listed")
	}
	write(t, name, before+"}\n")
}

func removeAll(t *testing.T, name string) {
	t.Helper()
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
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

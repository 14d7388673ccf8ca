package namedfile_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tagwarden/tagwarden/config/namedfile"
)

// lying is a folder in which each kind of what may be named as a file lies, by what it is.
func lying(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	grown, err := os.Create(at("huge"))
	if err != nil {
		t.Fatal(err)
	}
	socket, err := net.ListenUnix("unix", &net.UnixAddr{Name: at("socket"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	if err := errors.Join(
		grown.Truncate(1<<40), grown.Close(), os.WriteFile(at("ten"), []byte("0123456789"), 0o600),
		os.WriteFile(at("empty"), nil, 0o600), os.Mkdir(at("folder"), 0o700), syscall.Mkfifo(at("pipe"), 0o600),
		os.Symlink("ten", at("link")), os.Symlink("pipe", at("to a pipe")), os.Symlink("circle", at("circle")),
		os.Symlink("nowhere", at("to nothing")), os.Symlink("/dev/zero", at("to a device")),
	); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestWhatIsNoFile reads each kind of what may be named: what is no file is refused in words, at once, and nothing is
// read of it.
func TestWhatIsNoFile(t *testing.T) {
	t.Parallel()
	dir := lying(t)
	for name, want := range map[string]string{
		"ten": "", "link": "", "empty": "",
		"huge":        "it has more than 10 bytes",
		"folder":      "it is a folder",
		"pipe":        "it is a pipe",
		"to a pipe":   "it is a pipe",
		"socket":      "it is a socket",
		"/dev/zero":   "it is a device",
		"/dev/null":   "it is a device",
		"to a device": "it is a device",
		"circle":      "its links lead in a circle",
		"to nothing":  "it is a link to nowhere, which is not there",
		"none":        "there is no such file",
		"ten/below":   "a part of its path is no folder",
	} {
		path := name
		if !filepath.IsAbs(name) {
			path = filepath.Join(dir, name)
		}
		text, err := namedfile.Read(path, 10)
		if want == "" {
			if err != nil || len(text) != 0 && string(text) != "0123456789" {
				t.Errorf("%s: %q, %v", name, text, err)
			}
			continue
		}
		of, is := errors.AsType[*fs.PathError](err)
		if text != nil || !is || of.Path != path || !strings.Contains(namedfile.WhyUnread(path, err), want) {
			t.Errorf("%s: %q, %v, want %s", name, text, err, want)
		}
		_, err = namedfile.Head(path, 10)
		if (err == nil) != (name == "huge") {
			t.Errorf("the head of %s: %v", name, err)
		}
		kind := !strings.Contains("circle to nothing none ten/below", name)
		if err := namedfile.Look(path, 10); (err != nil) != kind || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("looked at %s: %v", name, err)
		}
	}
}

// TestBounds reads files that are as long as may be, and longer.
func TestBounds(t *testing.T) {
	t.Parallel()
	ten := filepath.Join(lying(t), "ten")
	for most, want := range map[int64]string{11: "", 10: "", 9: "it has more than 9 bytes, which are not read",
		0: "it has more than 0 bytes"} {
		text, err := namedfile.Read(ten, most)
		said := err != nil && strings.Contains(err.Error(), want)
		if want == "" && (err != nil || len(text) != 10) || want != "" && (text != nil || !said) {
			t.Errorf("%d: %q, %v", most, text, err)
		}
		if head, err := namedfile.Head(ten, most); err != nil || string(head) != "0123456789"[:min(most, 10)] {
			t.Errorf("the first %d: %q, %v", most, head, err)
		}
	}
	if got := (&namedfile.TooLong{Most: namedfile.Secret}).Error(); got != "it has more than 64 KiB, which are not read" {
		t.Error(got)
	}
}

// TestUnreadSaysAll: what it is, which file, why not, and what would be right; and what the system said is still told.
func TestUnreadSaysAll(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none")
	_, err := namedfile.Read(path, 10)
	err = namedfile.Unread("the secret", path, "a file", err)
	want := "cannot read the secret: " + path + ": there is no such file or folder; right is a file"
	if err.Error() != want || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v\nwant %s", err, want)
	}
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFixedFilesStayWhatTheyAre: a link stays one, and what it names is written; mode, owner and group stay; and the
// file as it was, beside, has them as well.
func TestFixedFilesStayWhatTheyAre(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	says := func(words ...string) int {
		out.Reset()
		return run(t.Context(), &terminal{out: &out, err: &out, now: time.Now}, words)
	}
	shop, etc := filepath.Join(dir, "shop"), filepath.Join(dir, "etc")
	if code := says("init", shop); code != fine {
		t.Fatal(out.String())
	}
	link, file := filepath.Join(shop, "tagwarden.yaml"), filepath.Join(etc, "server.yaml")
	text, err := os.ReadFile(link)
	if err != nil {
		t.Fatal(err)
	}
	const right = `"https://shop.example"`
	before := strings.Replace(string(text), right, `"https://shop.example:443"`, 1)
	if before == string(text) {
		t.Fatalf("no %s in it", right)
	}
	for _, err := range []error{
		os.Mkdir(etc, 0o700), os.WriteFile(file, []byte(before), 0o600), os.Chmod(file, 0o640), os.Remove(link),
		os.Symlink(file, link),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const nobody = 65534
	if os.Geteuid() == 0 { // nobody else gives files away
		if err := os.Chown(file, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	was, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	says("check", "--fix", "--config", link)
	if to, err := os.Readlink(link); err != nil || to != file {
		t.Errorf("the link is %q, %v\n%s", to, err, &out)
	}
	for path, want := range map[string]string{file: string(text), filepath.Join(etc, ".server.yaml.before"): before} {
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\n%s", path, err, got, &out)
		}
		is, err := os.Stat(path)
		if err != nil || is.Mode() != was.Mode() || ownerOf(is) != ownerOf(was) {
			t.Errorf("%s: %v %v, want %v", path, is, err, was)
		}
	}
}

// ownerOf is whose a file is: user and group.
func ownerOf(about os.FileInfo) [2]uint32 {
	of := about.Sys().(*syscall.Stat_t)
	return [2]uint32{of.Uid, of.Gid}
}

package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPackage goes the way of somebody who installs the package: what is in it is put into a root of its own,
// configured by `init --for systemd`, checked, and started as the unit says, until a vendor has a hit; what is
// removed then leaves configuration and data.
//
// TAGWARDEN_PACKAGES names the folder of a .deb and an .rpm (make packages-tried): the .deb is installed into a
// clean Debian where debootstrap is and this is root, and unpacked otherwise. Without it what
// docker/package.yaml names is laid out as it would be.
func TestPackage(t *testing.T) {
	t.Parallel()
	r := install(t, os.Getenv("TAGWARDEN_PACKAGES"))
	unit := readUnit(t, r.path("/usr/lib/systemd/system/tagwarden.service"))
	analyze(t, r)
	r.run("/usr/bin/tagwarden", "init", "--for", "systemd", "/etc/tagwarden")

	arrived := make(chan *http.Request, 1)
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		select {
		case arrived <- q:
		default:
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer vendor.Close()
	configurePackaged(t, r, vendor.URL)
	r.own("/etc/tagwarden", unit.one("Group"))

	began, output := r.begin(unit)
	hits := readyHits(t, began, output)
	sendPackaged(t, hits)
	select {
	case q := <-arrived:
		if q.URL.Path != "/g/collect" || q.URL.Query().Get("en") != "page_view" || q.URL.Query().Has("email") {
			t.Errorf("the vendor was asked for %s", q.URL)
		}
	case <-time.After(30 * time.Second):
		t.Error("the vendor has nothing after 30 seconds")
	}
	r.reload(unit, began)
	from := time.Now()
	if err := began.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := began.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if took, most := time.Since(from), unit.one("TimeoutStopSec"); took > 10*time.Second || most != "10" {
		t.Errorf("it ended after %v: systemd kills it after %s seconds", took, most)
	}
	r.run("/usr/bin/tagwarden", "logs", "verify", "--dir", "/var/lib/tagwarden/ledger")
	checkOwned(t, r, unit)

	before := kept(t, r)
	r.again()
	if after := kept(t, r); after != before {
		t.Errorf("an upgrade changed what it has to leave alone:\n%s\nwas:\n%s", after, before)
	}
	r.remove()
	if after := kept(t, r); after != before {
		t.Errorf("removing it changed configuration or data:\n%s\nwas:\n%s", after, before)
	}
}

// configurePackaged has the server file that init wrote name ports that are free, and a vendor that is there.
func configurePackaged(t *testing.T, r *packaged, vendor string) {
	t.Helper()
	file := r.path("/etc/tagwarden/tagwarden.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"listen: 127.0.0.1:8080", "listen: 127.0.0.1:0"},
		{"{ listen: 127.0.0.1:8081 }", "{ listen: 127.0.0.1:0 }"},
		{"    catalog: ga4  ", "    upstream: \"" + vendor + "\"\n    private: true\n    catalog: ga4  "},
		{"data: /var/lib/tagwarden", "data: " + r.inside("/var/lib/tagwarden")},
	} {
		if bytes.Count(text, []byte(c[0])) != 1 {
			t.Fatalf("the server file does not have %q once:\n%s", c[0], text)
		}
		text = bytes.Replace(text, []byte(c[0]), []byte(c[1]), 1)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil { // its mode stays
		t.Fatal(err)
	}
}

// readyHits waits until a server says that it takes hits, and returns where.
func readyHits(t *testing.T, began *exec.Cmd, output io.Reader) string {
	t.Helper()
	line, err := bufio.NewReader(output).ReadString('\n')
	_, rest, found := strings.Cut(line, "hits=")
	if err != nil || !found {
		_ = began.Process.Kill()
		_ = began.Wait()
		t.Fatalf("it does not start: %q, %v\n%s", line, err, began.Stderr)
	}
	hits, _, _ := strings.Cut(rest, " ")
	return hits
}

// sendPackaged sends the hit that the example's own tests are about, from somebody who said yes.
func sendPackaged(t *testing.T, hits string) {
	t.Helper()
	recorded, err := os.ReadFile("../../config/example/policy/tests/hits/ga4-page-view.http")
	if err != nil {
		t.Fatal(err)
	}
	hit, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(recorded)))
	if err != nil {
		t.Fatal(err)
	}
	hit.URL.Scheme, hit.URL.Host, hit.RequestURI = "http", hits, ""
	hit.URL.Path = "/t" + hit.URL.Path
	hit.Header.Set("Cookie", `site_consent={"analytics":"yes"}`)
	answer, err := http.DefaultClient.Do(hit)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		t.Errorf("the hit is answered with %s", answer.Status)
	}
}

// checkOwned: the data folder is the unit's user's alone, and that user reads the configuration and no key.
func checkOwned(t *testing.T, r *packaged, unit unitFile) {
	t.Helper()
	about, err := os.Stat(r.path("/var/lib/tagwarden"))
	if err != nil || about.Mode().Perm() != 0o700 {
		t.Errorf("the data folder is %v, %v", about, err)
	}
	if !r.chroot {
		t.Log("left out: whose files they are, and what the unit's user cannot read: that is seen in a clean Debian alone")
		return
	}
	for name, want := range map[string]bool{"tagwarden.yaml": true, "policy/purposes.yaml": true, "root.key": false,
		"approver.key": false} {
		c := r.command("/bin/cat", "/etc/tagwarden/"+name)
		r.as(c, unit.one("User"))
		if err := c.Run(); (err == nil) != want {
			t.Errorf("the unit's user reading %s: %v", name, err)
		}
	}
}

// kept is what of a root no package may change: a line for each file of configuration, and for the ledger and keys.
func kept(t *testing.T, r *packaged) string {
	t.Helper()
	var all []string
	for _, folder := range []string{"/etc/tagwarden", "/var/lib/tagwarden/keys", "/var/lib/tagwarden/ledger"} {
		err := filepath.WalkDir(r.path(folder), func(path string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			about, err := d.Info()
			if err != nil {
				return err
			}
			owner := about.Sys().(*syscall.Stat_t)
			all = append(all, sprintf("%s %v %d:%d %d %v", strings.TrimPrefix(path, r.root), about.Mode(), owner.Uid, owner.Gid,
				about.Size(), about.ModTime()))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 10 {
		t.Fatalf("there are only %q", all)
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// unitFile is what a unit says, by key, in order.
type unitFile map[string][]string

func readUnit(t *testing.T, name string) unitFile {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	u := unitFile{}
	for line := range strings.SplitSeq(string(text), "\n") {
		if key, value, found := strings.Cut(line, "="); found && !strings.HasPrefix(line, "#") {
			u[key] = append(u[key], value)
		}
	}
	return u
}

// one is what the unit says once, "" where it does not.
func (u unitFile) one(key string) string {
	if len(u[key]) != 1 {
		return ""
	}
	return u[key][0]
}

// mostExposed is how exposed a service may be by systemd's own reckoning, of 100; it says 15 of ours.
const mostExposed = "15"

// analyze has systemd look the unit over, and make the user that the package brings.
func analyze(t *testing.T, r *packaged) {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Log("left out: systemd is not installed here: nothing looks the unit over")
		return
	}
	text, err := os.ReadFile(r.path("/usr/lib/systemd/system/tagwarden.service"))
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "tagwarden.service")
	text = bytes.ReplaceAll(text, []byte("=/usr/bin/tagwarden "), []byte("="+r.path("/usr/bin/tagwarden")+" "))
	if err := os.WriteFile(unit, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", unit}, {"security", "--offline=true", "--threshold=" + mostExposed, unit}} {
		out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput()
		if err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
	if _, err := exec.LookPath("systemd-sysusers"); err != nil {
		t.Log("left out: systemd-sysusers is not installed here")
		return
	}
	empty := t.TempDir()
	if err := os.Mkdir(filepath.Join(empty, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "systemd-sysusers", "--root="+empty,
		r.path("/usr/lib/sysusers.d/tagwarden.conf")).CombinedOutput()
	users, _ := os.ReadFile(filepath.Join(empty, "etc/passwd"))
	if err != nil || !strings.Contains(string(users), "\ntagwarden:") && !strings.HasPrefix(string(users), "tagwarden:") {
		t.Errorf("systemd-sysusers: %v\n%s%s", err, out, users)
	}
}

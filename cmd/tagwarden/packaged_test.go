package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// packaged is a package as it lies in a root of its own, and how its programs run there.
type packaged struct {
	t      *testing.T
	root   string
	chroot bool   // it is a whole Debian: programs run within, by its users
	deb    string // the package's file; "": what it would hold was laid out
	saw    string // where stand-ins for the system's programs write down how they were called
}

// install puts the package into a root: the best way that this machine has. What is left out is said.
func install(t *testing.T, packages string) *packaged {
	t.Helper()
	if packages == "" {
		t.Log("left out: the .deb and the .rpm themselves: `make packages-tried` makes and tries them")
		r := &packaged{t: t, root: t.TempDir()}
		r.script("before.sh", "install")
		r.layOut()
		r.script("after.sh", "configure")
		r.checkUser()
		return r
	}
	r := &packaged{t: t, deb: oneFile(t, packages, "*.deb")}
	listPackages(t, r.deb, oneFile(t, packages, "*.rpm"))
	if r.bootstrap() {
		r.chroot = true
		r.again()
		return r
	}
	r.root = t.TempDir()
	r.script("before.sh", "install")
	r.again()
	r.script("after.sh", "configure")
	r.checkUser()
	return r
}

// bootstrap makes a clean Debian; false: it cannot be had here.
func (r *packaged) bootstrap() bool {
	r.t.Helper()
	debootstrap, err := exec.LookPath("debootstrap")
	switch {
	case err != nil:
		r.t.Log("left out: debootstrap is not installed here: the package is unpacked into an empty folder, its scripts meet stand-ins")
		return false
	case os.Geteuid() != 0:
		r.t.Log("left out: this is not root: the package is unpacked into an empty folder, its scripts meet stand-ins")
		return false
	}
	root, err := os.MkdirTemp("", "tagwarden-debian-")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { removeRoot(r.t, root) })
	within, cancel := context.WithTimeout(r.t.Context(), 5*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(within, debootstrap, "--variant=minbase", "stable",
		root).CombinedOutput(); err != nil {
		r.t.Logf("left out: debootstrap says %v, so the package is unpacked into an empty folder: %s", err, last(out, 300))
		return false
	}
	if err := os.Chmod(root, 0o755); err != nil { // the unit's user goes through it
		r.t.Fatal(err)
	}
	r.root = root
	return true
}

// removeRoot removes a root, unless something of this machine is still mounted in it.
func removeRoot(t *testing.T, root string) {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	for line := range strings.SplitSeq(string(mounts), "\n") {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1], root+"/") {
			if err := syscall.Unmount(fields[1], syscall.MNT_DETACH); err != nil {
				t.Errorf("%s stays: %s is mounted there, %v", root, fields[1], err)
				return
			}
		}
	}
	if err != nil {
		t.Errorf("%s stays: %v", root, err)
		return
	}
	if err := os.RemoveAll(root); err != nil {
		t.Error(err)
	}
}

func last(text []byte, n int) []byte { return text[max(0, len(text)-n):] }

func oneFile(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v: one is right", filepath.Join(dir, pattern), found, err)
	}
	return found[0]
}

// path is where something of the root lies on this machine.
func (r *packaged) path(inside string) string {
	return filepath.Join(r.root, filepath.FromSlash(inside))
}

// inside is what a program of the root calls something there.
func (r *packaged) inside(name string) string {
	if r.chroot {
		return name
	}
	return r.path(name)
}

// ours are the paths that a program of the root is told, in arguments and environment.
var ours = regexp.MustCompile(`(^|[=:])(/(?:usr/bin/tagwarden|etc/tagwarden|var/lib/tagwarden|run/credentials)\b)`)

// command makes a command of the root; its paths are those within.
func (r *packaged) command(args ...string) *exec.Cmd {
	if !r.chroot {
		args = slices.Clone(args)
		for i := range args {
			args[i] = ours.ReplaceAllString(args[i], "${1}"+r.root+"${2}")
		}
	}
	c := exec.CommandContext(r.t.Context(), args[0], args[1:]...)
	c.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}
	if r.chroot {
		c.Dir, c.SysProcAttr = "/", &syscall.SysProcAttr{Chroot: r.root}
	}
	return c
}

// run runs a command of the root, which has to go well.
func (r *packaged) run(args ...string) string {
	r.t.Helper()
	out, err := r.command(args...).CombinedOutput()
	if err != nil {
		r.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// ids are the numbers of a user of a whole root.
func (r *packaged) ids(user string) (uid, gid int) {
	r.t.Helper()
	fields := strings.Split(strings.TrimSpace(r.run("/usr/bin/getent", "passwd", user)), ":")
	uid, err := strconv.Atoi(fields[2])
	if err != nil {
		r.t.Fatal(err)
	}
	if gid, err = strconv.Atoi(fields[3]); err != nil {
		r.t.Fatal(err)
	}
	return uid, gid
}

// as has a command run as a user, where the root has users.
func (r *packaged) as(c *exec.Cmd, user string) {
	r.t.Helper()
	if r.chroot {
		uid, gid := r.ids(user)
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
}

// own gives files to root and a group, as the page on installing says.
func (r *packaged) own(folder, group string) {
	r.t.Helper()
	if r.chroot {
		r.run("/bin/chown", "-R", "root:"+group, folder)
	}
}

// begin starts what the unit starts, as systemd does: its folders, credentials, environment, user
// and mask are made of what the unit says.
func (r *packaged) begin(unit unitFile) (began *exec.Cmd, output io.Reader) {
	r.t.Helper()
	state, credentials := "/var/lib/"+unit.one("StateDirectory"), "/run/credentials/tagwarden.service"
	mode, err := strconv.ParseUint(unit.one("StateDirectoryMode"), 8, 32)
	if err != nil {
		r.t.Fatal(err)
	}
	folder := func(name string, mode os.FileMode) {
		if err := os.MkdirAll(filepath.Dir(r.path(name)), 0o755); err != nil {
			r.t.Fatal(err)
		}
		if err := os.MkdirAll(r.path(name), mode); err != nil {
			r.t.Fatal(err)
		}
		r.give(name, unit)
	}
	folder(state, os.FileMode(mode))
	folder(credentials, 0o700)
	for _, credential := range unit["LoadCredential"] {
		name, from, _ := strings.Cut(credential, ":")
		secret, err := os.ReadFile(r.path(from))
		if err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(r.path(credentials+"/"+name), secret, 0o400); err != nil {
			r.t.Fatal(err)
		}
		r.give(credentials+"/"+name, unit)
	}
	environment := []string{"STATE_DIRECTORY=" + r.inside(state), "CREDENTIALS_DIRECTORY=" + r.inside(credentials),
		"HOME=" + r.inside(state), "USER=" + unit.one("User")}
	environment = append(environment, unit["Environment"]...)
	masked := func(line string) *exec.Cmd {
		c := r.command(append([]string{"/bin/sh", "-c", "umask " + unit.one("UMask") + ` && exec "$0" "$@"`},
			strings.Fields(line)...)...)
		c.Env = append(c.Env, environment...)
		r.as(c, unit.one("User"))
		return c
	}
	for _, line := range unit["ExecStartPre"] {
		if out, err := masked(line).CombinedOutput(); err != nil {
			r.t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	began = masked(unit.one("ExecStart"))
	began.Stderr = &bytes.Buffer{}
	if output, err = began.StdoutPipe(); err != nil {
		r.t.Fatal(err)
	}
	if err := began.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = began.Process.Kill() // it has ended, unless something failed
		if r.t.Failed() {
			r.t.Logf("the server said:\n%s", began.Stderr)
		}
	})
	return began, output
}

// give makes something of the root the unit's user's.
func (r *packaged) give(name string, unit unitFile) {
	r.t.Helper()
	if !r.chroot {
		return
	}
	uid, gid := r.ids(unit.one("User"))
	if err := os.Chown(r.path(name), uid, gid); err != nil {
		r.t.Fatal(err)
	}
}

// reload does what the unit says of a reload: it goes well, and the server is still there.
func (r *packaged) reload(unit unitFile, began *exec.Cmd) {
	r.t.Helper()
	program, rest, _ := strings.Cut(unit.one("ExecReload"), " -c ")
	c := r.command(program, "-c", strings.Trim(rest, "'"))
	c.Env = append(c.Env, "MAINPID="+strconv.Itoa(began.Process.Pid))
	r.as(c, unit.one("User"))
	if out, err := c.CombinedOutput(); err != nil {
		r.t.Errorf("ExecReload: %v\n%s", err, out)
	}
}

// again installs the package over whatever is there, as an upgrade does.
func (r *packaged) again() {
	r.t.Helper()
	switch {
	case r.deb == "":
		r.script("before.sh", "upgrade")
		r.layOut()
		r.script("after.sh", "configure")
	case r.chroot:
		copyFile(r.t, r.deb, r.path("/tmp/tagwarden.deb"), 0o644)
		r.run("/usr/bin/dpkg", "-i", "/tmp/tagwarden.deb")
	default:
		if out, err := exec.CommandContext(r.t.Context(), "dpkg-deb", "-x", r.deb, r.root).CombinedOutput(); err != nil {
			r.t.Fatalf("dpkg-deb: %v\n%s", err, out)
		}
	}
}

// remove removes the package, and then what it keeps for another installation: of a whole
// root alone, elsewhere its script is run.
func (r *packaged) remove() {
	r.t.Helper()
	if !r.chroot {
		r.script("remove.sh", "remove")
		r.script("remove.sh", "upgrade")
		return
	}
	for _, how := range []string{"--remove", "--purge"} {
		r.run("/usr/bin/dpkg", how, "tagwarden")
		for _, c := range readContents(r.t) {
			if c.Type == "dir" {
				continue
			}
			if _, err := os.Lstat(r.path(c.To)); !os.IsNotExist(err) {
				r.t.Errorf("%s is there after dpkg %s (%v)", c.To, how, err)
			}
		}
	}
	if uid, _ := r.ids("tagwarden"); uid == 0 {
		r.t.Error("the user of the files that stay is gone")
	}
}

// content is a line of what a package holds.
type content struct {
	From string `yaml:"src"`
	To   string `yaml:"dst"`
	Type string `yaml:"type"`
	Is   struct {
		Mode         os.FileMode
		Owner, Group string
	} `yaml:"file_info"`
}

// readContents is what docker/package.yaml says that a package holds.
func readContents(t *testing.T) []content {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docker/package.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var of struct{ Contents []content }
	if err := yaml.Unmarshal(text, &of); err != nil || len(of.Contents) < 5 {
		t.Fatalf("docker/package.yaml: %d contents, %v", len(of.Contents), err)
	}
	return of.Contents
}

// layOut puts what the package names where it would be. The program is that of these tests.
func (r *packaged) layOut() {
	r.t.Helper()
	for _, c := range readContents(r.t) {
		to := r.path(c.To)
		if c.Type == "dir" {
			if err := os.MkdirAll(to, c.Is.Mode); err != nil {
				r.t.Fatal(err)
			}
			continue
		}
		from := filepath.Join("../..", c.From)
		if c.To == "/usr/bin/tagwarden" {
			var err error
			if from, err = exec.LookPath("tagwarden"); err != nil {
				r.t.Fatal(err)
			}
		}
		copyFile(r.t, from, to, c.Is.Mode)
	}
}

func copyFile(t *testing.T, from, to string, mode os.FileMode) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(to) // what runs is not written over
	if err := os.WriteFile(to, text, mode); err != nil {
		t.Fatal(err)
	}
}

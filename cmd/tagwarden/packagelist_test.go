package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// scriptsOf are the package's scripts, by what dpkg calls them.
var scriptsOf = map[string]string{"preinst": "before.sh", "postinst": "after.sh", "prerm": "remove.sh"}

// stoodIn are the programs of a system that the scripts call, each as it answers where nobody has installed anything.
var stoodIn = map[string]string{"getent": "exit 2", "groupadd": "exit 0", "useradd": "exit 0", "systemctl": "exit 0"}

// script runs a script of the package with stand-ins for the programs that it calls, and keeps how those were called.
func (r *packaged) script(name, how string) {
	r.t.Helper()
	if r.chroot {
		return // dpkg runs them
	}
	programs := r.t.TempDir()
	called := filepath.Join(programs, "called")
	for program, does := range stoodIn {
		text := "#!/bin/sh\necho " + program + ` "$@" >>"` + called + "\"\n" + does + "\n"
		if err := os.WriteFile(filepath.Join(programs, program), []byte(text), 0o700); err != nil {
			r.t.Fatal(err)
		}
	}
	c := exec.CommandContext(r.t.Context(), "/bin/sh", "../../docker/systemd/"+name, how)
	c.Env = []string{"PATH=" + programs}
	if out, err := c.CombinedOutput(); err != nil {
		r.t.Errorf("%s %s: %v\n%s", name, how, err, out)
	}
	text, err := os.ReadFile(called)
	if err != nil && !os.IsNotExist(err) {
		r.t.Fatal(err)
	}
	r.saw += string(text)
}

// checkUser: the user and the group were made that the unit names, without a shell, and nothing was started.
func (r *packaged) checkUser() {
	r.t.Helper()
	unit := readUnit(r.t, r.path("/usr/lib/systemd/system/tagwarden.service"))
	for _, want := range []string{
		"groupadd --system " + unit.one("Group") + "\n",
		"useradd --system --gid " + unit.one("Group") + " --home-dir /var/lib/" + unit.one("StateDirectory") +
			" --no-create-home --shell /usr/sbin/nologin",
		" " + unit.one("User") + "\n",
	} {
		if !strings.Contains(r.saw, want) {
			r.t.Errorf("the scripts do not call %q:\n%s", want, r.saw)
		}
	}
	for _, never := range []string{"systemctl start", "systemctl restart", "systemctl enable"} {
		if strings.Contains(r.saw, never) {
			r.t.Errorf("the scripts call %s, and nobody has set anything up:\n%s", never, r.saw)
		}
	}
}

// listPackages holds what dpkg and rpm say of the packages against docker/package.yaml.
func listPackages(t *testing.T, deb, rpm string) {
	t.Helper()
	listed := func(program string, args ...string) (string, bool) {
		if _, err := exec.LookPath(program); err != nil {
			t.Logf("left out: %s is not installed here", program)
			return "", false
		}
		out, err := exec.CommandContext(t.Context(), program, args...).Output()
		if err != nil {
			t.Fatalf("%s: %v", program, err)
		}
		return string(out), true
	}
	var files, modes []string
	for _, c := range readContents(t) {
		files = append(files, c.To)
		mode := c.Is.Mode
		if c.Type == "dir" {
			mode |= os.ModeDir
		}
		owner, group := c.Is.Owner, c.Is.Group
		if owner == "" {
			owner, group = "root", "root"
		}
		modes = append(modes, mode.String()+" "+owner+"/"+group+" "+c.To)
	}
	slices.Sort(files)
	slices.Sort(modes)
	if out, asked := listed("dpkg-deb", "--contents", deb); asked {
		var got []string
		for line := range strings.Lines(out) {
			fields := strings.Fields(line) // mode, owner, size, day, time, name
			name := strings.TrimSuffix(strings.TrimPrefix(fields[5], "."), "/")
			if slices.Contains(files, name) {
				got = append(got, strings.Join([]string{fields[0], fields[1], name}, " "))
			} else if !strings.HasPrefix(fields[0], "drwxr-xr-x") {
				t.Errorf("the .deb holds %s besides", line)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, modes) {
			t.Errorf("the .deb holds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(modes, "\n"))
		}
	}
	if _, asked := listed("dpkg-deb", "--version"); asked {
		control := t.TempDir()
		listed("dpkg-deb", "--control", deb, control)
		for is, from := range scriptsOf {
			got, err := os.ReadFile(filepath.Join(control, is))
			want, wanted := os.ReadFile("../../docker/systemd/" + from)
			if err != nil || wanted != nil || string(got) != string(want) {
				t.Errorf("%s of the .deb is not docker/systemd/%s: %v, %v", is, from, err, wanted)
			}
		}
	}
	if out, asked := listed("rpm", "-qlp", rpm); asked {
		if got := strings.Fields(out); !slices.Equal(slices.Sorted(slices.Values(got)), files) {
			t.Errorf("the .rpm holds %q, want %q", got, files)
		}
	}
}

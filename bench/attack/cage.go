package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// caged is how much memory a process in a cage has, in bytes.
const caged = 512 << 20

// cage bounds a process: its memory, by a cgroup of either version or by ulimit -d, and its open files.
type cage struct {
	how    string // "cgroup v1", "cgroup v2", "ulimit -d", or "" where memory is not bounded
	folder string // of the cgroup
	data   int    // KiB of ulimit -d, 0 for none
	files  int    // of ulimit -n, 0 for none
}

// cage makes the cage that a set-up asks for.
func (b *bout) cage(s setup) (*cage, error) {
	c := &cage{files: s.files}
	if !s.caged {
		return c, nil
	}
	how := b.o.confine
	if how == "auto" || how == "cgroup" {
		err := c.cgroup(strconv.Itoa(os.Getpid()) + "-" + filepath.Base(b.dir) + "-" + strconv.Itoa(len(b.started.all)))
		if err != nil && how == "cgroup" {
			return nil, errImpossible("no memory cgroup can be made: " + err.Error())
		}
	}
	if c.how == "" && how != "none" {
		c.how, c.data = "ulimit -d", caged>>10
	}
	b.result.Confined = c.how
	return c, nil
}

// cgroup makes a cgroup below the one that this process is in.
func (c *cage) cgroup(name string) error {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return err
	}
	var failed error
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		folder, limit, how := "", "", ""
		switch parts[1] {
		case "memory":
			folder, limit, how = filepath.Join("/sys/fs/cgroup/memory", parts[2]), "memory.limit_in_bytes", "cgroup v1"
		case "":
			folder, limit, how = filepath.Join("/sys/fs/cgroup", parts[2]), "memory.max", "cgroup v2"
			if _, err := os.Stat(filepath.Join(folder, "cgroup.procs")); err != nil {
				continue // beside version 1: it does not bound memory
			}
			// It fails where this process is in it, unless it is the root; where memory is on already that does not matter.
			_ = os.WriteFile(filepath.Join(folder, "cgroup.subtree_control"), []byte("+memory"), 0o600)
		default:
			continue
		}
		folder = filepath.Join(folder, "tagwarden-attack-"+name)
		err := os.Mkdir(folder, 0o755)
		if err == nil {
			if err = os.WriteFile(filepath.Join(folder, limit), []byte(strconv.Itoa(caged)), 0o600); err == nil {
				c.how, c.folder = how, folder
				return nil
			}
			err = errors.Join(err, os.Remove(folder))
		}
		failed = errors.Join(failed, err)
	}
	return errors.Join(errors.New("there is none for memory that takes another below it"), failed)
}

// wrap is how a command is started in the cage. The process that moves into it is the one that becomes the command.
func (c *cage) wrap(command ...string) []string {
	var script []string
	if c.folder != "" {
		script = append(script, fmt.Sprintf("echo $$ >%q", filepath.Join(c.folder, "cgroup.procs")))
	}
	if c.data > 0 {
		script = append(script, fmt.Sprintf("ulimit -d %d", c.data))
	}
	if c.files > 0 {
		script = append(script, fmt.Sprintf("ulimit -n %d", c.files))
	}
	if script == nil {
		return command
	}
	script = append(script, `exec "$@"`)
	return append([]string{"sh", "-c", strings.Join(script, " && "), "sh"}, command...)
}

// killed tells whether the kernel ended a process in the cage because its memory was full.
func (c *cage) killed() bool {
	for _, name := range []string{"memory.oom_control", "memory.events"} {
		text, err := os.ReadFile(filepath.Join(c.folder, name))
		if c.folder == "" || err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if count, found := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); found && count != "0" {
				return true
			}
		}
	}
	return false
}

// remove takes a cgroup away once its processes have ended. The kernel may need a moment.
func (c *cage) remove() error {
	if c.folder == "" {
		return nil
	}
	var err error
	for range 100 {
		if err = os.Remove(c.folder); err == nil || errors.Is(err, os.ErrNotExist) {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

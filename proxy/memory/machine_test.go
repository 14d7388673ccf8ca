package memory_test

import (
	"testing"
	"testing/fstest"

	"github.com/tagwarden/tagwarden/proxy/memory"
)

// TestAvailable over what is found in the wild: both versions of cgroups, inside and
// outside of containers, hybrid, and none.
func TestAvailable(t *testing.T) {
	const (
		gib     = 1 << 30
		meminfo = "MemTotal:       25165824 kB\nMemFree:         1000 kB\n"
		none    = "9223372036854771712\n" // how version 1 writes that there is no limit
	)
	for name, c := range map[string]struct {
		files map[string]string
		want  int
	}{
		"nothing":            {nil, 0},
		"no groups":          {map[string]string{"proc/meminfo": meminfo}, 24 * gib},
		"junk":               {map[string]string{"proc/meminfo": "MemTotal: many kB", "proc/self/cgroup": "x\n0:\n:::\n"}, 0},
		"version 2, no file": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n"}, 24 * gib},
		"version 2, a container": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "536870912\n",
		}, gib / 2},
		"version 2, a container with the host's path": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/system.slice/docker-1.scope\n",
			"sys/fs/cgroup/memory.max": "536870912\n",
		}, gib / 2},
		"version 2, a service": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/system.slice/tagwarden.service\n",
			"sys/fs/cgroup/system.slice/tagwarden.service/memory.max": "max\n",
			"sys/fs/cgroup/system.slice/memory.max":                   "2147483648\n",
		}, 2 * gib},
		"version 1": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "5:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n",
			"sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": "1073741824\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":          none,
		}, gib},
		"version 1, a container": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/docker/1\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n",
		}, gib},
		"both, with the controller in version 1": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/a\n0::/a\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1073741824\n",
		}, gib},
		"a limit beyond the machine": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1099511627776\n",
		}, 24 * gib},
		"a limit that is none": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": none,
		}, 24 * gib},
	} {
		files := fstest.MapFS{}
		for file, text := range c.files {
			files[file] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := memory.Available(files); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// FuzzAvailable: whatever stands in these files, there is an answer, and never less than nothing.
func FuzzAvailable(f *testing.F) {
	f.Add("MemTotal:       25165824 kB\n", "0::/a/b\n4:memory:/..\n", "max\n")
	f.Add("MemTotal: -1 kB", "0::\n4:memory\n", "-1")
	f.Fuzz(func(t *testing.T, meminfo, groups, limit string) {
		files := fstest.MapFS{}
		for file, text := range map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": groups,
			"sys/fs/cgroup/memory.max": limit} {
			files[file] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := memory.Available(files); got < 0 {
			t.Errorf("%d bytes", got)
		}
	})
}

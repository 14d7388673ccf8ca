package memory

import (
	"bufio"
	"bytes"
	"io/fs"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Available is how much memory the process may have, in bytes: what its cgroup allows (both versions
// are read, and of a hierarchy the smallest), else what the machine has. The file system is that of
// the root, "/"; 0 where it tells nothing.
func Available(root fs.FS) int {
	least := math.MaxInt
	for _, limit := range cgroupLimits(root) {
		least = min(least, limit)
	}
	if total := machine(root); total > 0 {
		least = min(least, total)
	}
	if least == math.MaxInt {
		return 0
	}
	return least
}

// machine is the machine's memory, as proc(5) has it.
func machine(root fs.FS) int {
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return 0
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) >= 2 && fields[0] == "MemTotal:" {
			kib, err := strconv.Atoi(fields[1])
			if err == nil && kib <= math.MaxInt>>10 {
				return kib << 10
			}
		}
	}
	return 0
}

// cgroupLimits lists what the groups of the process allow (cgroups(7)): in version 2 every group from its own
// up to the root, in version 1 those of the memory controller. In a container the group's own path is often
// not there, and the root is the group.
func cgroupLimits(root fs.FS) []int {
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	var limits []int
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		parts := strings.SplitN(lines.Text(), ":", 3)
		if len(parts) != 3 {
			continue
		}
		folder, file := "", ""
		switch {
		case parts[0] == "0" && parts[1] == "":
			folder, file = "sys/fs/cgroup", "memory.max"
		case slices.Contains(strings.Split(parts[1], ","), "memory"):
			folder, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		for at := path.Clean("/" + parts[2]); ; at = path.Dir(at) {
			if limit, ok := number(root, path.Join(folder, at, file)); ok {
				limits = append(limits, limit)
			}
			if at == "/" {
				break
			}
		}
	}
	return limits
}

// number reads a limit; "max", and version 1's largest number, are none.
func number(root fs.FS, name string) (int, bool) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return int(n), err == nil && n > 0 && n < 1<<60
}

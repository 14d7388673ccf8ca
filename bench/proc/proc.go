// Package proc reads what Linux says of a process: the CPU time that it spent and the memory that it holds. It promises
// that an error is returned where a process has ended, and never a figure of another.
package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc: USER_HZ, which Linux fixes at 100 on every architecture that Go runs on.
const tick = time.Second / 100

// Times is what a process has spent.
type Times struct{ User, System time.Duration }

// Stat is a part of what /proc/PID/stat says.
type Stat struct {
	PID, Parent int
	Times
}

// ParseStat reads a line of proc(5): pid (name) state ppid ... utime(14) stime(15). The
// name may hold anything, brackets too.
func ParseStat(text string) (s Stat, err error) {
	end := strings.LastIndexByte(text, ')')
	pid, _, found := strings.Cut(text, " (")
	if !found || end < 0 {
		return s, fmt.Errorf("%q is no line of proc(5)", text)
	}
	fields := strings.Fields(text[end+1:])
	if len(fields) < 13 {
		return s, fmt.Errorf("%q is no line of proc(5)", text)
	}
	numbers := make([]int, 0, 4)
	for _, word := range []string{pid, fields[1], fields[11], fields[12]} {
		n, err := strconv.Atoi(word)
		if err != nil {
			return s, fmt.Errorf("%q is no line of proc(5): %w", text, err)
		}
		numbers = append(numbers, n)
	}
	return Stat{numbers[0], numbers[1], Times{time.Duration(numbers[2]) * tick, time.Duration(numbers[3]) * tick}}, nil
}

// All is what every process spent that runs.
func All() ([]Stat, error) {
	names, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var all []Stat
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // ended meanwhile
		}
		s, err := ParseStat(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// Spent is what a process has spent, all its threads, in steps of 10 ms.
func Spent(pid int) (Times, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return Times{}, err
	}
	s, err := ParseStat(string(text))
	return s.Times, err
}

// Memory is how many bytes a process holds resident, and held at most.
func Memory(pid int) (now, most int64, err error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, 0, err
	}
	return ParseMemory(string(text))
}

// ParseMemory reads VmRSS and VmHWM of /proc/PID/status. A process that is ending has neither.
func ParseMemory(text string) (now, most int64, err error) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		var into *int64
		switch name {
		case "VmRSS":
			into = &now
		case "VmHWM":
			into = &most
		default:
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("%q is no line of proc(5): %w", line, err)
		}
		*into = kib << 10
	}
	if now == 0 || most == 0 {
		return 0, 0, errors.New("it says nothing of VmRSS or VmHWM")
	}
	return now, most, nil
}

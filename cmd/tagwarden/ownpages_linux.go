package main

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// letGoOfOwnPages takes out of the process what a start touched of the program's own file, code and tables, which is
// twice what a server at rest uses. It lies in the system's cache, and what is used again is there again at its first
// use.
func letGoOfOwnPages() {
	program, err := os.Executable()
	if err != nil {
		return
	}
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer func() { _ = smaps.Close() }()
	for _, p := range ownPages(smaps, program) {
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, p.from, p.to-p.from, syscall.MADV_DONTNEED)
	}
}

// pageRange is a part of the process's memory.
type pageRange struct{ from, to uintptr }

// ownPages reads in /proc/PID/smaps which pages are a file's, as they stand in it: nobody can write there, and nobody
// has, as the loader does where it moves a program. Where that is not said they are not taken.
func ownPages(smaps io.Reader, file string) (all []pageRange) {
	var of pageRange // the last that is the file's; none: zero
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		from, to, isRange := strings.Cut(fields[0], "-")
		switch {
		case isRange:
			of = pageRange{}
			if len(fields) == 6 && fields[5] == file && (fields[1] == "r--p" || fields[1] == "r-xp") {
				of = pageRange{address(from), address(to)}
			}
		case fields[0] == "Anonymous:" && fields[1] == "0" && of.from < of.to:
			all = append(all, of)
		}
	}
	return all
}

// address reads an address; 0 where it is none.
func address(text string) uintptr {
	n, err := strconv.ParseUint(text, 16, strconv.IntSize)
	if err != nil {
		return 0
	}
	return uintptr(n)
}

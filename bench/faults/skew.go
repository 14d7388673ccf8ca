package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A NATS server takes the time from Go's package time, and nobody outside can shift it for a static program. So the
// program is built with that package changed in one line (go build -overlay): its wall clock is wrong by
// FAULTS_CLOCK_SECONDS, and its monotonic clock is not, as on a machine whose clock was set wrong.
const (
	nowIs   = "\tsec, nsec, mono := runtimeNow()\n\tif mono == 0 {\n"
	nowSays = "\tsec, nsec, mono := runtimeNow()\n\tsec += wrongBy\n\tif mono == 0 {\n"
	wrongBy = `package time

import "syscall"

var wrongBy = func() (n int64) {
	text, _ := syscall.Getenv("FAULTS_CLOCK_SECONDS")
	sign := int64(1)
	for _, c := range []byte(text) {
		if c == '-' {
			sign = -1
		} else {
			n = 10*n + int64(c-'0')
		}
	}
	return sign * n
}()
`
)

// writeOverlay writes what `go build -overlay` is given, into a folder, and returns the file that says it.
func writeOverlay(dir string) (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	of := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	text, err := os.ReadFile(filepath.Join(of, "time.go"))
	if err != nil {
		return "", err
	}
	if strings.Count(string(text), nowIs) != 1 {
		return "", errors.New("this version of Go reads the clock otherwise: nowIs has to say how")
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, content := range map[string]string{
		"time.go": strings.Replace(string(text), nowIs, nowSays, 1), "wrongby.go": wrongBy,
	} {
		here := filepath.Join(dir, "overlay-"+name+".txt")
		if err := os.WriteFile(here, []byte(content), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(of, name)] = here
	}
	text, err = json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, text, 0o600)
}

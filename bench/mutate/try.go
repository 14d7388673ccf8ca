package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// fate is what became of a mutant.
type fate int

const (
	survived   fate = iota // no test noticed
	noticed                // a test failed
	late                   // the tests did not end in time
	uncompiled             // the compiler refused it: it is no mutant
)

func (f fate) String() string { return [...]string{"SURVIVED", "noticed", "late", "uncompiled"}[f] }

// tried is a mutant and what became of it.
type tried struct {
	mutant
	fate fate
	by   string // the test that noticed
}

// try runs the tests against a mutant: its own package's, then the others'.
func try(ctx context.Context, o *options, m *mutant) (fate, string, error) {
	folder, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	overlay, err := writeOverlay(folder, m)
	if err != nil {
		return 0, "", err
	}
	own := "./" + filepath.ToSlash(filepath.Dir(m.file))
	for _, packages := range [][]string{{own}, strings.Fields(o.tests), strings.Fields(o.also)} {
		if len(packages) == 0 {
			continue
		}
		fate, by, err := runTests(ctx, overlay, folder, o.patience, packages)
		if err != nil || fate != survived {
			return fate, by, err
		}
	}
	return survived, "", nil
}

// writeOverlay writes a mutant's file, and what tells the compiler to take it in place of the one that stands there.
func writeOverlay(folder string, m *mutant) (string, error) {
	original, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	changed, overlay := filepath.Join(folder, "changed.go"), filepath.Join(folder, "overlay.json")
	text, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	return overlay, errors.Join(os.WriteFile(changed, m.source(), 0o600), os.WriteFile(overlay, text, 0o600))
}

// mostMemory bounds a process that a mutant makes eat memory without end, in KiB of address space.
const mostMemory = "12582912"

var (
	failedTest = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)
	notBuilt   = regexp.MustCompile(`(?m)^FAIL\s+\S+ \[(build|setup) failed\]`)
	timedOut   = regexp.MustCompile(`(?m)^panic: test timed out`)
)

func runTests(
	ctx context.Context, overlay, temporary string, patience time.Duration, packages []string,
) (fate, string, error) {
	bounded, cancel := context.WithTimeout(ctx, time.Duration(len(packages)+1)*patience)
	defer cancel()
	args := append([]string{
		"-c", `ulimit -v ` + mostMemory + `; exec go test "$@"`, "mutate",
		"-vet=off", "-failfast", "-overlay", overlay, "-timeout", patience.String(),
	}, packages...)
	command := exec.CommandContext(bounded, "sh", args...)
	// What a test leaves behind when it is ended goes with the mutant.
	command.Env = append(os.Environ(), "TMPDIR="+temporary)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = time.Second
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	return judged(ctx, bounded, err, out.Bytes())
}

// judged reads what go test said.
func judged(ctx, bounded context.Context, err error, out []byte) (fate, string, error) {
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 0, "", ctx.Err()
	case err == nil:
		return survived, "", nil
	case bounded.Err() != nil || timedOut.Match(out):
		return late, "", nil
	case !errors.As(err, &exit):
		return 0, "", err
	case notBuilt.Match(out):
		return uncompiled, "", nil
	}
	if found := failedTest.FindSubmatch(out); found != nil {
		return noticed, string(found[1]), nil
	}
	if bytes.Contains(out, []byte("\nFAIL")) || bytes.HasPrefix(out, []byte("FAIL")) {
		return noticed, "the process ended", nil // a fatal error, or memory that ran out
	}
	return 0, "", fmt.Errorf("go test: %w: %s", err, bytes.TrimSpace(out))
}

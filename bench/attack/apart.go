package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
)

// goApart carries a scenario out in a network namespace of its own, by starting this program anew in one. The
// namespace is gone when that has ended.
func (b *bout) goApart(ctx context.Context, s scenario) error {
	var failed error
	for _, apart := range [][]string{{"--net"}, {"--user", "--map-root-user", "--net"}} {
		err := exec.CommandContext(ctx, "unshare", append(slices.Clip(apart), "true")...).Run()
		if err == nil {
			return b.runApart(ctx, s, apart)
		}
		failed = errors.Join(failed, err)
	}
	return errImpossible(fmt.Sprintf("no network namespace can be made: %v", failed))
}

// runApart starts this program anew, and takes what it found.
func (b *bout) runApart(ctx context.Context, s scenario, apart []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := append(slices.Clip(apart), self, "-inside", "-format", "json", "-scenario", s.ID, "-binary", b.o.binary,
		"-confine", b.o.confine,
		"-memory-limit", b.o.memory, "-size", strconv.FormatFloat(b.o.size, 'g', -1, 64), "-settle", b.o.settle.String(),
		"-within", b.o.patience.String())
	command := exec.CommandContext(ctx, "unshare", args...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 2 * readiness
	var out, failed bytes.Buffer
	command.Stdout, command.Stderr = &out, &failed
	err = command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("in a network namespace: %w\n%s", err, failed.Bytes())
	}
	var results []*Result
	if err := json.Unmarshal(out.Bytes(), &results); err != nil || len(results) != 1 {
		return fmt.Errorf("in a network namespace no result was found, %w\n%s", err, failed.Bytes())
	}
	if !results[0].Possible {
		return errImpossible(results[0].Why)
	}
	b.result = results[0]
	return nil
}

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tagwarden/tagwarden/bench/proc"
)

// byTerm is how a program ends of itself that says that it was told to by SIGTERM: HAProxy does.
const byTerm = 128 + int(syscall.SIGTERM)

// patience is how long a process may take to start or to end.
const patience = 10 * time.Second

// processes are those that this run started.
type processes struct{ all []*process }

// process is a contender's.
type process struct {
	cmd    *exec.Cmd
	out    *bufio.Reader
	errors *tail
	ended  chan error
}

// start starts a program on the first core, alone there. Its Go runtime, if it has one, uses one thread at a time.
func (all *processes) start(ctx context.Context, program string, args ...string) (*process, error) {
	command := append([]string{program}, args...)
	if runtime.NumCPU() > 1 || os.Getenv("GOMAXPROCS") == "1" {
		command = append([]string{"taskset", "-c", "0"}, command...)
	}
	p := &process{cmd: exec.CommandContext(ctx, command[0], command[1:]...), errors: &tail{}, ended: make(chan error, 1)}
	p.cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	p.cmd.Stderr = p.errors
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = patience
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.out, p.cmd.Stdout = bufio.NewReader(r), w
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start %s: %w", program, err), r.Close(), w.Close())
	}
	_ = w.Close() // the process has its own
	go func() {
		p.ended <- p.cmd.Wait()
		_ = r.Close()
	}()
	all.all = append(all.all, p)
	return p, nil
}

// end ends every process that was started, the newest first.
func (all *processes) end() error {
	var failed error
	for _, p := range slices.Backward(all.all) {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-p.ended:
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM &&
				exit.ExitCode() != byTerm {
				failed = errors.Join(failed, fmt.Errorf("%s ended badly: %w\n%s", filepath.Base(p.cmd.Path), err, p.errors.text()))
			}
		case <-time.After(patience):
			_ = p.cmd.Process.Kill()
			failed = errors.Join(failed, fmt.Errorf("%v did not end when told to: %w", p.cmd.Args, <-p.ended))
		}
	}
	return failed
}

// ready reads the line "ready hits=ADDRESS ..." and returns the address.
func (p *process) ready() (string, error) {
	type read struct {
		line string
		err  error
	}
	got := make(chan read, 1)
	go func() {
		line, err := p.out.ReadString('\n')
		got <- read{line, err}
		_, _ = io.Copy(io.Discard, p.out)
	}()
	select {
	case r := <-got:
		for word := range strings.FieldsSeq(r.line) {
			if address, found := strings.CutPrefix(word, "hits="); found {
				return address, nil
			}
		}
		return "", fmt.Errorf("%v did not say that it is ready but %q: %w\n%s", p.cmd.Args, r.line, r.err, p.errors.text())
	case <-time.After(patience):
		return "", fmt.Errorf("%v is not ready after %v\n%s", p.cmd.Args, patience, p.errors.text())
	}
}

// spent is what the process and its children have spent, all threads of each.
func (p *process) spent() (sum proc.Times, err error) {
	err = p.each(func(s proc.Stat) error {
		sum.User += s.User
		sum.System += s.System
		return nil
	})
	return sum, err
}

// memory is what the process and its children hold resident, and held at most; what they share is counted for each.
func (p *process) memory() (now, most int64, err error) {
	err = p.each(func(s proc.Stat) error {
		n, m, err := proc.Memory(s.PID)
		now, most = now+n, most+m
		return err
	})
	return now, most, err
}

// each goes over the process and its children.
func (p *process) each(of func(proc.Stat) error) error {
	all, err := proc.All()
	if err != nil {
		return err
	}
	found := false
	for _, s := range all {
		if s.PID != p.cmd.Process.Pid && s.Parent != p.cmd.Process.Pid {
			continue
		}
		if err := of(s); err != nil {
			return err
		}
		found = found || s.PID == p.cmd.Process.Pid
	}
	if !found {
		return fmt.Errorf("%v has ended\n%s", p.cmd.Args, p.errors.text())
	}
	return nil
}

// tail keeps the last of what a process wrote as errors. Only exec's copying goroutine writes; it is
// read once that has ended, or in despair.
type tail struct{ kept []byte }

// Write keeps the last 4 KiB.
func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - 4096; over > 0 {
		t.kept = t.kept[over:]
	}
	return len(b), nil
}

func (t *tail) text() string { return string(t.kept) }

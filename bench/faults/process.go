package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// starter starts processes that end with this one, however it ends: they are told when the thread ends that started
// them, so that one thread starts all of them and stays.
type starter struct{ work chan func() }

func newStarter(ctx context.Context) *starter {
	s := &starter{work: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for {
			select {
			case do := <-s.work:
				do()
			case <-ctx.Done():
				return
			}
		}
	}()
	return s
}

// process is one that this run started, and may start again.
type process struct {
	starter *starter
	name    string
	command []string
	env     []string
	log     string // file that it writes to

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended; nil: never started
	err   error         // of that end
}

// start starts it.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	cmd := exec.Command(p.command[0], p.command[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Env = out, out, append(os.Environ(), p.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	done := make(chan error, 1)
	p.starter.work <- func() { done <- cmd.Start() }
	if err := <-done; err != nil {
		return fmt.Errorf("cannot start %s: %w", p.name, err)
	}
	ended := make(chan struct{})
	p.cmd, p.ended, p.err = cmd, ended, nil
	go func() {
		err := cmd.Wait()
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		close(ended)
	}()
	return nil
}

// signal sends it a signal, by its own id.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(s) // it may have ended
	}
}

// kill ends it at once, and waits until it has.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	p.wait(10 * time.Second)
}

// wait waits until it has ended; false: it has not.
func (p *process) wait(most time.Duration) bool {
	p.mu.Lock()
	ended := p.ended
	p.mu.Unlock()
	if ended == nil {
		return true
	}
	select {
	case <-ended:
		return true
	case <-time.After(most):
		return false
	}
}

// stop has it end in good order.
func (p *process) stop() error {
	p.signal(syscall.SIGCONT)
	p.signal(syscall.SIGTERM)
	if !p.wait(20 * time.Second) {
		p.kill()
		return fmt.Errorf("%s did not end when told to", p.name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var exit *exec.ExitError
	if errors.As(p.err, &exit) && exit.ExitCode() > 0 {
		return fmt.Errorf("%s ended with %d: %s", p.name, exit.ExitCode(), p.said())
	}
	return nil
}

// said is the end of what it wrote.
func (p *process) said() string {
	b, err := os.ReadFile(filepath.Clean(p.log))
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(b[max(0, len(b)-1500):]))
}

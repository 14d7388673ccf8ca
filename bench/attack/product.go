package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/tagwarden/tagwarden/bench/proc"
)

// readiness is how long a process may take to start or to end.
const readiness = 10 * time.Second

// tick is how often memory is looked at.
const tick = 20 * time.Millisecond

// products are the processes that a scenario started.
type products struct{ all []*product }

// product is a running tagwarden.
type product struct {
	hits, admin string // where it listens
	file        string // its configuration
	cmd         *exec.Cmd
	said        *tail
	ended       chan struct{} // closed when it has ended
	err         error         // how, once it has
	cage        *cage

	mu        sync.Mutex // guards what follows
	peak, now int64
	cpu       time.Duration
}

// start starts a tagwarden with a configuration, in its cage, and waits until it is ready.
func (b *bout) start(ctx context.Context, s setup) (*product, error) {
	file, err := b.write(ctx, s)
	if err != nil {
		return nil, err
	}
	c, err := b.cage(s)
	if err != nil {
		return nil, err
	}
	args := c.wrap(b.o.binary, "serve", "--config", file)
	p := &product{file: file, said: &tail{}, ended: make(chan struct{}), cage: c}
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), args[0], args[1:]...)
	p.cmd.Stderr = p.said
	p.cmd.WaitDelay = readiness
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stdout = w
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start %v: %w", args, err), r.Close(), w.Close(), c.remove())
	}
	_ = w.Close() // the process has its own
	b.started.all = append(b.started.all, p)
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
		_ = r.Close()
	}()
	if err := p.ready(bufio.NewReader(r)); err != nil {
		return nil, err
	}
	go p.look()
	p.quiet(ctx, b.over(time.Second))
	return p, nil
}

// quiet waits until the process has nothing to do any more: it may look at its files again after the start.
func (p *product) quiet(ctx context.Context, while time.Duration) {
	for from := p.spent(); ctx.Err() == nil; {
		pause(ctx, while)
		now := p.spent()
		if now-from <= 10*time.Millisecond {
			return
		}
		from = now
	}
}

// ready reads the line "ready hits=ADDRESS admin=ADDRESS ...".
func (p *product) ready(out *bufio.Reader) error {
	got := make(chan string, 1)
	go func() {
		line, _ := out.ReadString('\n') // cut short, it names no addresses
		got <- line
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case line := <-got:
		for word := range strings.FieldsSeq(line) {
			name, value, _ := strings.Cut(word, "=")
			switch name {
			case "hits":
				p.hits = value
			case "admin":
				p.admin = value
			}
		}
		if p.hits == "" || p.admin == "" {
			return fmt.Errorf("tagwarden did not say that it is ready but %q\n%s", line, p.said.text())
		}
		return nil
	case <-time.After(readiness):
		return fmt.Errorf("tagwarden is not ready after %v\n%s", readiness, p.said.text())
	}
}

// look follows the memory and the CPU time of the process until it ends.
func (p *product) look() {
	every := time.NewTicker(tick)
	defer every.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-every.C:
			p.measure()
		}
	}
}

func (p *product) measure() {
	now, peak, err := proc.Memory(p.cmd.Process.Pid)
	if err != nil {
		return // it has ended, or is about to
	}
	cpu, err := proc.Spent(p.cmd.Process.Pid)
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now, p.peak, p.cpu = now, max(p.peak, peak), cpu.User+cpu.System
}

// memory is how much the process held at most, and holds: resident bytes. Of one that has ended the latter is 0.
func (p *product) memory() (peak, now int64) {
	if alive, _ := p.alive(); !alive {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.peak, 0
	}
	p.measure()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peak, p.now
}

// spent is the CPU time of the process so far.
func (p *product) spent() time.Duration {
	if alive, _ := p.alive(); alive {
		p.measure()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cpu
}

// alive tells whether the process runs, and how it ended where it does not.
func (p *product) alive() (bool, string) {
	select {
	case <-p.ended:
	default:
		return true, ""
	}
	how := fmt.Sprint(p.err)
	var exit *exec.ExitError
	switch text := strings.TrimSpace(p.said.text()); {
	case p.cage.killed():
		how += " (out of memory)"
	case errors.As(p.err, &exit) && exit.Exited():
		// The runtime's last words come first, and then every goroutine's.
		if at := strings.Index(text, "fatal error: "); at >= 0 {
			text, _, _ = strings.Cut(text[at:], "\n")
		}
		how += ": " + text[strings.LastIndexByte(text, '\n')+1:]
	}
	return false, how
}

// tool runs a command of the same binary beside the process, and returns what it printed.
func (b *bout) tool(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, b.o.binary, args...).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%v: %w\n%s", args, err, exit.Stderr)
	}
	return string(out), err
}

// end ends every process that was started, the newest first.
func (all *products) end() error {
	var failed error
	for _, p := range slices.Backward(all.all) {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
		case <-time.After(readiness):
			_ = p.cmd.Process.Kill() // under attack it may be too busy to end in time
			<-p.ended
		}
		failed = errors.Join(failed, p.cage.remove())
	}
	all.all = nil
	return failed
}

// port is the port of an address.
func port(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "0"
	}
	return port
}

// on is the address of a listener for clients that speak IPv4, or IPv6.
func on(host, address string) string { return net.JoinHostPort(host, port(address)) }

// tail keeps what a process wrote first, and last.
type tail struct {
	mu          sync.Mutex
	first, last []byte // guarded by mu
}

// Write keeps the first 8 KiB, and the last.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := min(len(b), 8192-len(t.first))
	t.first = append(t.first, b[:n]...)
	t.last = append(t.last, b[n:]...)
	if over := len(t.last) - 8192; over > 0 {
		t.last = t.last[over:]
	}
	return len(b), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.first) + string(t.last)
}

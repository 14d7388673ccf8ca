package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// interruptible runs a verb that SIGINT (Ctrl-C) and SIGTERM end, whatever it is waiting for. Where a verb has called
// [terminal.endsTidily] the first of them ends its context instead, and it is left to end by itself, and so does one of
// those that it named; a second SIGINT ends that one too.
func interruptible(t *terminal, args []string) int {
	collectLater(args)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	var tidy atomic.Bool
	within := *t
	within.tidy = func(also ...os.Signal) {
		tidy.Store(true)
		for _, s := range also {
			if !signal.Ignored(s) { // as nohup has SIGHUP
				signal.Notify(signals, s)
			}
		}
	}
	go func() {
		for s := range signals {
			if !tidy.Load() || s == os.Interrupt && ctx.Err() != nil {
				endBy(s.(syscall.Signal))
			}
			cancel()
		}
	}()
	return run(ctx, &within, args)
}

// endBy ends the process as a signal does that nobody catches: who started it can tell. Where signals do not end a
// process that way, the first one of a container and one that was started to ignore them, it exits with the code that a
// shell would make of it.
func endBy(s syscall.Signal) {
	signal.Reset(s)
	if pid := os.Getpid(); pid != 1 && syscall.Kill(pid, s) == nil {
		<-time.After(time.Second)
	}
	os.Exit(128 + int(s))
}

// endsTidily is called by a verb that watches its context and ends by itself, with something left to do at its end, or
// to say. Every other verb is ended where it stands: what it writes is whole or not there. Whoever would leave
// something behind ends so by other signals as well.
func (t *terminal) endsTidily(also ...os.Signal) {
	if t.tidy != nil {
		t.tidy(also...)
	}
}

// leftAlone are the signals of a terminal that was closed, and of a reader that reads no more.
var leftAlone = []os.Signal{syscall.SIGHUP, syscall.SIGPIPE}

package proxy

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// Serve takes hits on one listener and staff on the other until Shutdown. It returns when the last hit
// is answered and the ledger is closed.
func (s *Server) Serve(hits, admin net.Listener) error {
	hits, admin = s.listeners.begin(hits, admin)
	ended := make(chan error, 2)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var running sync.WaitGroup
	for _, p := range s.opened {
		if p.run != nil {
			running.Go(func() { p.run(ctx, s) })
		}
	}
	running.Go(func() { s.eachMinute(ctx) })
	go func() { ended <- unlessClosed(s.public.Serve(hits)) }()
	go func() { ended <- unlessClosed(s.admin.Serve(admin)) }()
	err := <-ended
	if !s.listeners.ending.Load() {
		within, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err = errors.Join(err, s.Shutdown(within))
	}
	err = errors.Join(err, <-ended)
	<-s.stopped // hits under way still need ledger and connections
	stop()
	running.Wait()
	return errors.Join(err, s.Release())
}

// patience is how long hits under way are waited for where a listener broke.
const patience = 4 * time.Second

// Shutdown takes no more hits, ends those under way and returns when they have ended, or when the context is done.
func (s *Server) Shutdown(ctx context.Context) error {
	s.listeners.end()
	s.dispatch.end()
	s.stopping.Do(func() {
		s.stopErr = errors.Join(unlessClosed(s.public.ShutdownWithContext(ctx)),
			unlessClosed(s.admin.ShutdownWithContext(ctx)))
		s.listeners.close()
		close(s.stopped)
	})
	return s.stopErr
}

// unlessClosed leaves out that a listener was closed already: where the end comes right after
// the beginning, two of us may close it.
func unlessClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// eachMinute does what parts do each minute, until the context ends.
func (s *Server) eachMinute(ctx context.Context) {
	tick, end := s.opts.Every(time.Minute)
	defer end()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			for _, p := range s.opened {
				if p.minute != nil {
					p.minute(s)
				}
			}
		}
	}
}

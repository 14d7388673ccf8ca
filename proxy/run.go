package proxy

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/config"
)

// Serve takes hits on one listener and staff on the other until Shutdown. It returns when the last hit is answered and the ledger is
// closed.
func (s *Server) Serve(hits, admin net.Listener) error {
	hits, admin = s.boundHits(hits), s.bound(ofStaff, admin, s.share.staff, s.share.staffBeside)
	s.listeners.Lock()
	s.open = []net.Listener{hits, admin}
	early := s.ending.Load()
	s.listeners.Unlock()
	if early {
		s.closeListeners()
	}
	ended := make(chan error, 2)
	stop := make(chan struct{})
	var minute sync.WaitGroup
	minute.Go(func() { s.eachMinute(stop) })
	minute.Go(func() { s.watchData(stop) })
	minute.Go(func() { s.giveBack(stop) })
	endControl := s.takeCommands()
	telling, hush := context.WithCancel(context.Background())
	defer hush()
	minute.Go(func() { s.reviews.watch(telling) })
	minute.Go(func() { s.outbox.Deliver(telling) })
	go func() { ended <- unlessClosed(s.public.Serve(hits)) }()
	go func() { ended <- unlessClosed(s.admin.Serve(admin)) }()
	err := <-ended
	if !s.ending.Load() {
		within, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err = errors.Join(err, s.Shutdown(within))
	}
	err = errors.Join(err, <-ended)
	<-s.stopped // hits under way still need ledger and connections
	endControl()
	close(stop)
	hush()
	minute.Wait()
	return errors.Join(err, s.ledger.Refusals(s.refusals.take(s.opts.Now())), s.Release())
}

// Release closes what New opened. Serve does it at its end; it is for a server that does not serve.
func (s *Server) Release() error {
	s.snapshot.Load().Delivery.Close()
	if s.control != nil {
		_ = s.control.Close() // where it served, that is done
	}
	return errors.Join(s.objections.Close(), s.ledger.Close(), s.rarity.Close(), s.keyring.close(), s.lock.Release())
}

// takeCommands takes commands until the function that it returns is called. A server that cannot be given any goes on without.
func (s *Server) takeCommands() (end func()) {
	if s.control == nil {
		return func() {}
	}
	server := s.controller()
	var serving sync.WaitGroup
	from := s.bound(ofCommands, s.control, commandPlaces, 1)
	serving.Go(func() { _ = server.Serve(from) })
	return func() {
		within, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(within) != nil {
			_ = server.Close()
		}
		serving.Wait()
	}
}

// patience is how long hits under way are waited for where a listener broke.
const patience = 4 * time.Second

// Shutdown takes no more hits, ends those under way and returns when they have ended, or when the context is done.
func (s *Server) Shutdown(ctx context.Context) error {
	s.listeners.Lock()
	s.ending.Store(true)
	s.listeners.Unlock()
	s.stopping.Do(func() {
		s.stopErr = errors.Join(unlessClosed(s.public.ShutdownWithContext(ctx)), unlessClosed(s.admin.ShutdownWithContext(ctx)))
		s.closeListeners()
		close(s.stopped)
	})
	return s.stopErr
}

// unlessClosed leaves out that a listener was closed already: where the end comes right after the beginning, two of us may close it.
func unlessClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// closeListeners closes what fasthttp did not know of yet, where the end came right after the beginning.
func (s *Server) closeListeners() {
	s.listeners.Lock()
	defer s.listeners.Unlock()
	for _, l := range s.open {
		_ = l.Close() // most are closed already
	}
}

// eachMinute writes aggregates down, looks at which assessments are due, replaces keys whose period is over though no hit came, looks
// for a renewed certificate that no notice came of, and keeps counts of values.
func (s *Server) eachMinute(stop <-chan struct{}) {
	tick, end := s.opts.Every(time.Minute)
	defer end()
	for {
		select {
		case <-stop:
			return
		case <-tick:
			if err := s.ledger.Refusals(s.refusals.take(s.opts.Now())); err != nil {
				s.fault("refused hits cannot be recorded", err)
			}
			s.warnDue(s.snapshot.Load().Loaded)
			s.keyring.turn(s.opts.Now())
			s.renewCertificate()
			s.keepCounts()
			s.objections.LookForRoom()
		}
	}
}

// warnDue says in figures how long assessments hold. See reviews.go for log and webhooks.
func (s *Server) warnDue(loaded *config.Loaded) {
	s.metrics.Due.Reset()
	for _, id := range loaded.Policy.Assessments().IDs() {
		if days, ok := loaded.Policy.Assessments().DaysLeft(id, s.opts.Now()); ok {
			s.metrics.Due.WithLabelValues(id).Set(float64(days))
		}
	}
}

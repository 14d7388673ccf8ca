package places

import (
	"errors"
	"syscall"
	"time"
)

// Pauses after something could not be accepted: they double.
const (
	firstPause   = 5 * time.Millisecond
	longestPause = time.Second
)

// calm is how long nothing has to fail until a shortage is over.
const calm = time.Minute

// shortage is a time in which there are too few descriptors, or too little memory, to accept connections.
type shortage struct {
	pause time.Duration // the next one
	tried int           // in vain, in this shortage; 0: there is none
	last  time.Time     // when
}

// short are the errors of accept that say that the process, or the machine, has no more of something (accept(2)).
var short = []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM}

// passing are those that are of one connection, which is gone, or of a network that is not there at the moment.
var passing = []error{
	syscall.ECONNABORTED, syscall.ECONNRESET, syscall.EPROTO, syscall.EPERM, syscall.EINTR,
	syscall.EAGAIN, syscall.ETIMEDOUT,
	syscall.ENETDOWN, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.EHOSTUNREACH, syscall.ENOPROTOOPT,
}

func isOne(err error, of []error) bool {
	for _, one := range of {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

// passes tells whether it makes sense to accept again after an error.
func passes(err error) bool { return isOne(err, short) || isOne(err, passing) }

// failed notes that nothing could be accepted, and returns how long to wait. Where descriptors are
// missing, whoever rests longest makes room.
func (l *Listener) failed(err error) time.Duration {
	s := &l.shortage
	if isOne(err, short) {
		if s.tried == 0 {
			l.opts.Short(err)
		}
		s.tried++
		s.last = l.opts.Now()
		l.free()
	}
	s.pause = min(max(2*s.pause, firstPause), longestPause)
	return s.pause
}

// over notes that something was accepted.
func (l *Listener) over() {
	s := &l.shortage
	s.pause = 0
	if s.tried > 0 && l.opts.Now().Sub(s.last) >= calm {
		l.opts.Enough(s.tried)
		s.tried = 0
	}
}

// free closes the connection that rests longest, of the network that has most; but none that came just now. Linux says
// that there are no descriptors whether or not somebody waits to be accepted: those who were must not go for nobody.
func (l *Listener) free() {
	l.mu.Lock()
	var goes *Conn
	if of := l.main.leaving; len(of) > 0 && !time.Now().Before(of[0].first.by) {
		goes = of[0].first
		l.main.displace(goes)
	}
	l.mu.Unlock()
	l.close(goes)
}

package cluster

import "time"

// How acts are applied.
const (
	maxQueued    = 16   // readings between who reads and who applies
	applyActs    = 4096 // about how many acts Apply is handed at most
	applyBytes   = 4 << 20
	leastReapply = 50 * time.Millisecond
	mostReapply  = time.Second
)

// applyAlways hands what was read to Apply, until the log is closed. Whatever fails is tried again, and nothing is left
// out.
func (l *Log) applyAlways() {
	for {
		select {
		case r := <-l.queue:
			if !l.apply(l.gather(r)) {
				return
			}
		case <-l.ctx.Done():
			return
		}
	}
}

// gather adds what else was read by now.
func (l *Log) gather(r reading) reading {
	bytes := 0
	for _, a := range r.acts {
		bytes += len(a.Body)
	}
	for len(r.acts) < applyActs && bytes < applyBytes {
		select {
		case next := <-l.queue:
			if len(next.acts) > 0 {
				r.acts, r.to = append(r.acts, next.acts...), next.to
			}
			if next.fresh.After(r.fresh) {
				r.fresh = next.fresh
			}
			for _, a := range next.acts {
				bytes += len(a.Body)
			}
		default:
			return r
		}
	}
	return r
}

// apply hands acts to Apply until it takes them; false: the log was closed before.
func (l *Log) apply(r reading) bool {
	for failed := 0; len(r.acts) > 0; failed++ {
		err := l.o.Apply(r.acts, r.to)
		if err == nil {
			l.applied.Store(&r.to)
			break
		}
		l.o.Note(Event{What: ApplyFailed, Err: err})
		if !l.pause(l.backoff(failed, leastReapply, mostReapply), nil) {
			return false
		}
	}
	if !r.fresh.IsZero() && l.pulse.set(r.fresh, l.o.Now(), l.o.Stale) {
		l.o.Note(Event{What: CaughtUp, Server: l.server()})
	}
	return true
}

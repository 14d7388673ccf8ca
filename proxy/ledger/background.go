package ledger

import (
	"errors"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// refusal is why nothing is taken though the writer would.
type refusal struct {
	err  error
	hits bool // of hits alone: there is little room left
}

// refused tells why records of hits, or others, are not taken; nil: they are.
func (l *Ledger) refused(hits bool) error {
	r := l.refusal.Load()
	if r == nil || r.hits && !hits {
		return nil
	}
	return r.err
}

// Refuse has the ledger take nothing any more, for good: somebody else saw that it is not what it was.
func (l *Ledger) Refuse(why error) {
	l.refusal.Store(&refusal{err: fmt.Errorf("%w: %w", segment.ErrRefused, why)})
	l.forGood.Store(true)
}

// everySecond is how often the ledger looks after itself.
const everySecond = time.Second

// background looks each second whether the files are there, and whether there is room; it signs checkpoints, and seals and
// packs segments.
func (l *Ledger) background() {
	defer l.idle.Done()
	t := time.NewTicker(everySecond)
	defer t.Stop()
	said := map[string]bool{}
	do := func(what string, err error) {
		if err == nil || errors.Is(err, ErrClosed) {
			delete(said, what)
			return
		}
		if !said[what] {
			said[what] = true
			l.opts.Report(what, err)
		}
	}
	for {
		select {
		case <-l.stop:
			return
		case <-t.C:
			l.look(do)
			l.work(do)
		}
	}
}

// look looks after the files and the room.
func (l *Ledger) look(do func(what string, err error)) {
	if l.forGood.Load() {
		return
	}
	err := l.watch()
	do("the ledger's files are not those that it wrote: nothing is forwarded", err)
	if err != nil {
		l.refusal.Store(&refusal{err: fmt.Errorf("%w: %w", segment.ErrRefused, err)})
		return
	}
	err = l.room()
	do("there is too little room left for the ledger: nothing is forwarded", err)
	if err != nil {
		l.refusal.Store(&refusal{err: fmt.Errorf("%w: %w", segment.ErrRefused, err), hits: true})
		return
	}
	l.refusal.Store(nil)
}

// room tells whether as much is free as is to stay so.
func (l *Ledger) room() error {
	if l.opts.Free == nil || l.opts.Reserve == 0 {
		return nil
	}
	free, err := l.opts.Free()
	if err == nil && free < l.opts.Reserve {
		err = fmt.Errorf("%d bytes are free, and %d are to stay so (ledger.reserve)", free, l.opts.Reserve)
	}
	return err
}

// work signs, seals and packs.
func (l *Ledger) work(do func(what string, err error)) {
	now := l.opts.Now()
	do("a segment of the ledger cannot be ended", l.roll(now))
	do("a checkpoint of the ledger cannot be signed", l.signIfDue(now))
	for {
		some, err := l.seal()
		if err == nil && !some {
			some, err = l.pack()
		}
		do("a segment of the ledger cannot be sealed", err)
		if err != nil || !some {
			return
		}
		do("a checkpoint of the ledger cannot be signed", l.signIfDue(l.opts.Now()))
	}
}

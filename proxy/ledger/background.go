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
	if r := l.forGood.Load(); r != nil {
		return r.err
	}
	r := l.refusal.Load()
	if r == nil || r.hits && !hits {
		return nil
	}
	return r.err
}

// Refuse has the ledger take nothing any more, for good: somebody else saw that it is not what it was.
func (l *Ledger) Refuse(why error) { l.forGood.CompareAndSwap(nil, refuses(why)) }

func refuses(why error) *refusal { return &refusal{err: fmt.Errorf("%w: %w", segment.ErrRefused, why)} }

// everySecond is how often the ledger looks after itself.
const everySecond = time.Second

// faults tells of what fails, once for each time that it begins to. It is one goroutine's.
type faults struct {
	report func(what string, err error)
	said   map[string]bool
}

func (l *Ledger) newFaults() *faults { return &faults{l.opts.Report, map[string]bool{}} }

// tell tells of an error, unless that was told already; nil: it is over. That nothing is taken is told by who refuses it.
func (f *faults) tell(what string, err error) {
	switch {
	case errors.Is(err, segment.ErrRefused):
	case err == nil || errors.Is(err, ErrClosed):
		delete(f.said, what)
	case !f.said[what]:
		f.said[what] = true
		f.report(what, err)
	}
}

// looks looks each second whether the files are there, and whether there is room. It does nothing else: what waits for the
// disk, or goes through a segment, takes longer than that.
func (l *Ledger) looks(faults *faults) {
	defer l.idle.Done()
	t := time.NewTicker(everySecond)
	defer t.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-t.C:
			l.look(faults)
		}
	}
}

// look looks after the files and the room.
func (l *Ledger) look(faults *faults) {
	faults.tell("the ledger cannot be written: nothing is forwarded", l.writer.Failed())
	err := l.watch()
	faults.tell("the ledger's files are not those that it wrote: nothing is forwarded", err)
	if err != nil {
		l.refusal.Store(refuses(err))
		return
	}
	err = l.room()
	faults.tell("there is too little room left for the ledger: nothing is forwarded", err)
	if err != nil {
		few := refuses(err)
		few.hits = true
		l.refusal.Store(few)
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

// works ends segments, signs checkpoints, and seals and packs, as long as there is something to do, and each second.
func (l *Ledger) works() {
	defer l.idle.Done()
	t := time.NewTicker(everySecond)
	defer t.Stop()
	faults := l.newFaults()
	for {
		select {
		case <-l.stop:
			return
		case <-t.C:
			for l.work(faults) && !l.stopping() {
			}
		}
	}
}

func (l *Ledger) stopping() bool {
	select {
	case <-l.stop:
		return true
	default:
		return false
	}
}

// work ends the segment that is written, signs, and seals or packs one segment. It tells whether there may be more. Of a
// ledger whose files are not those that it wrote it lets go.
func (l *Ledger) work(faults *faults) (more bool) {
	if l.refused(false) != nil {
		return false
	}
	now := l.opts.Now()
	faults.tell("a segment of the ledger cannot be ended", l.roll(now))
	faults.tell("a checkpoint of the ledger cannot be signed", l.signIfDue(now))
	some, err := l.seal()
	faults.tell("a segment of the ledger cannot be sealed", err)
	if err != nil || some {
		return err == nil
	}
	some, err = l.pack()
	faults.tell("a segment of the ledger cannot be compressed", err)
	return some && err == nil
}

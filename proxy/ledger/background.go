package ledger

import (
	"errors"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/proxy/segment"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// refusal is why nothing is taken though the writer would.
type refusal struct {
	err  error
	hits bool // of hits alone: there is little room left
}

// refused tells why records of hits, or others, are not taken; nil: they are.
func (r *records) refused(hits bool) error {
	if why := r.forGood.Load(); why != nil {
		return why.err
	}
	why := r.refusal.Load()
	if why == nil || why.hits && !hits {
		return nil
	}
	return why.err
}

// Refuse has the ledger take nothing any more, for good: somebody else saw that it is not what it was.
func (l *Ledger) Refuse(why error) { l.refuse(why) }

func (r *records) refuse(why error) { r.forGood.CompareAndSwap(nil, refuses(why)) }

func refuses(why error) *refusal { return &refusal{err: fmt.Errorf("%w: %w", segment.ErrRefused, why)} }

// everySecond is how often the ledger looks after itself.
const everySecond = time.Second

// faults tells of what fails, once for each time that it begins to. It is one goroutine's.
type faults struct {
	report func(what string, err error)
	said   map[string]bool
}

func newFaults(report func(what string, err error)) *faults {
	return &faults{report, map[string]bool{}}
}

// tell tells of an error, unless that was told already; nil: it is over. That
// nothing is taken is told by who refuses it.
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

// lookout looks after the ledger's files, and after the room.
type lookout struct{ *records }

// looks looks each second whether the files are there, and whether there is room. It does nothing else: what waits for
// the disk, or goes through a segment, takes longer than that.
func (o *lookout) looks(faults *faults, done func()) {
	defer done()
	t := time.NewTicker(everySecond)
	defer t.Stop()
	for {
		select {
		case <-o.stop:
			return
		case <-t.C:
			o.look(faults)
		}
	}
}

// look looks after the files and the room.
func (o *lookout) look(faults *faults) {
	faults.tell("the ledger cannot be written: nothing is forwarded", o.writer.Failed())
	err := o.watch()
	faults.tell("the ledger's files are not those that it wrote: nothing is forwarded", err)
	if err != nil {
		o.refusal.Store(refuses(err))
		return
	}
	err = o.room()
	faults.tell("there is too little room left for the ledger: nothing is forwarded", err)
	if err != nil {
		few := refuses(err)
		few.hits = true
		o.refusal.Store(few)
		return
	}
	o.refusal.Store(nil)
}

// room tells whether as much is free as is to stay so.
func (o *lookout) room() error {
	if o.opts.Free == nil || o.opts.Reserve == 0 {
		return nil
	}
	free, err := o.opts.Free()
	if err == nil && free < o.opts.Reserve {
		err = fmt.Errorf("%s free, and %d are to stay so (ledger.reserve)", plural.Are(free, "byte"), o.opts.Reserve)
	}
	return err
}

// works ends segments, signs checkpoints, and seals and packs, as long as there is something to do, and each second:
// half a second after it was looked whether the files are there.
func (l *Ledger) works() {
	defer l.idle.Done()
	t := time.NewTicker(everySecond / 2)
	defer t.Stop()
	faults := newFaults(l.opts.Report)
	for first := true; ; first = false {
		select {
		case <-l.stop:
			return
		case asked := <-l.sealing.asked:
			asked <- sealAll(l, faults)
		case <-t.C:
			if first {
				t.Reset(everySecond)
			}
			for l.work(faults) && !l.stopping() {
			}
		}
	}
}

// sealAll does what [Eraser.SealAll] asks for.
func sealAll(l *Ledger, faults *faults) error {
	if err := l.refused(false); err != nil {
		return err
	}
	if err := l.sealing.roll(l.opts.Now(), true); err != nil {
		return err
	}
	for {
		some, err := l.sealing.seal()
		if err != nil {
			return err
		}
		if !some {
			break
		}
	}
	for l.work(faults) && !l.stopping() {
	}
	return nil
}

func (l *Ledger) stopping() bool {
	select {
	case <-l.stop:
		return true
	default:
		return false
	}
}

// work ends the segment that is written, signs, and seals, packs or indexes one segment. It tells whether there may be
// more. Of a ledger whose files are not those that it wrote it lets go.
func (l *Ledger) work(faults *faults) (more bool) {
	if l.refused(false) != nil {
		return false
	}
	now := l.opts.Now()
	faults.tell("a segment of the ledger cannot be ended", l.sealing.roll(now, false))
	faults.tell("a checkpoint of the ledger cannot be signed", l.signing.signIfDue(now))
	some, err := l.sealing.seal()
	faults.tell("a segment of the ledger cannot be sealed", err)
	if err == nil && some {
		faults.tell("a checkpoint of the ledger cannot be signed", l.signing.sign())
	}
	if err != nil || some {
		return err == nil
	}
	some, err = l.sealing.pack()
	faults.tell("a segment of the ledger cannot be compressed", err)
	if err != nil || some {
		return err == nil
	}
	some, err = l.sealing.reindex()
	faults.tell("the index of a segment cannot be made: who asks the ledger waits longer", err)
	return some && err == nil
}

package queue

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// Open opens a queue: what waits in it, and is parked, is pending again, in the order of the names.
func Open(o Options) (*Queue, error) {
	o.defaults()
	q := &Queue{
		opts: o, files: durable.Files{Disk: o.Disk},
		index:    index{vendors: map[string]*vendor{}, reasons: []string{"", "other"}},
		ownClock: ownClock{source: o.Now, began: o.Now()},
		kicked:   make(chan struct{}, 1), stop: make(chan struct{}),
	}
	q.placed.L = &q.mu
	q.waiting = newStore(q, o.Dir, o.Keys, false)
	q.waiting.recent.size = o.Recent
	q.parked = newStore(q, filepath.Join(o.Dir, "parked"), filepath.Join(o.Keys, "parked"), true)
	if err := (opening{q}).start(); err != nil {
		return nil, fmt.Errorf("cannot open the queue in %s: %w", o.Dir, err)
	}
	if o.Tend > 0 {
		q.over.Add(1)
		go q.tend()
	}
	return q, nil
}

// opening is a queue that is being opened.
type opening struct{ *Queue }

// start reads what is there, and begins to write.
func (q opening) start() error {
	var found []candidate
	stores := []*store{q.waiting, q.parked}
	notes, err := readNotes(q.waiting.dir)
	if errors.Is(err, errNotes) {
		q.found = append(q.found, Damage{File: notesName, Why: NoNotes})
	} else if err != nil {
		return err
	}
	for i, s := range stores {
		for _, dir := range []string{s.dir, s.keyDir} {
			if err := q.files.Folder(dir, 0o700); err != nil {
				return err
			}
		}
		if err := s.readKeys(); err != nil {
			return err
		}
		those, err := s.scan(notes.stores[i])
		if err != nil {
			return err
		}
		found = append(found, those...)
	}
	for _, s := range stores {
		if err := s.confirm(); err != nil {
			return err
		}
	}
	if q.removed = q.lacks(notes.none); q.removed {
		notes.record = 0
	}
	slices.SortFunc(found, candidate.compare)
	gone := map[Name]*Fate{}
	for _, d := range q.found {
		for _, e := range d.Events {
			if gone[e.Name] = new(Fate); e.Attempted {
				*gone[e.Name] = Attempted
			}
		}
	}
	if err := q.told(notes.record, found, gone); err != nil {
		return err
	}
	q.settle(found, gone)
	look(q.Queue)
	for _, s := range stores {
		if n := len(s.files); n > 0 { // a process that died may have left it in memory alone
			if err := q.files.SyncAgain(s.files[n-1].path); err != nil {
				return err
			}
		}
		if err := s.begin(); err != nil {
			return err
		}
	}
	_ = q.Tend() // what failed is tried again
	return nil
}

// candidate is a frame that a start found.
type candidate struct {
	e    *entry
	fate Fate
}

// compare orders candidates by name; of one event, the one that counts is the last.
func (c candidate) compare(d candidate) int {
	if n := c.e.name.Compare(d.e.name); n != 0 {
		return n
	}
	if c.e.round != d.e.round {
		return int(c.e.round) - int(d.e.round)
	}
	if c.e.key.id != d.e.key.id {
		return sign(c.e.key.id < d.e.key.id)
	}
	if c.e.number != d.e.number {
		return sign(c.e.number < d.e.number)
	}
	return sign(c.e.file.first < d.e.file.first)
}

func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}

// told asks the log what became of events since the notes were taken.
func (q opening) told(record uint64, found []candidate, gone map[Name]*Fate) error {
	if q.opts.Since == nil {
		return nil
	}
	err := q.opts.Since(record, func(n Name, fate Fate) {
		q.highest = max(q.highest, n.Hit)
		if f := gone[n]; f != nil {
			*f = fate
		}
		at := sort.Search(len(found), func(i int) bool { return found[i].e.name.Compare(n) >= 0 })
		for ; at < len(found) && found[at].e.name == n; at++ {
			found[at].fate, found[at].e.attempted = fate, fate == Attempted || found[at].e.doubted
		}
	})
	if err != nil {
		return fmt.Errorf("the log does not say what has ended: %w", err)
	}
	return nil
}

// settle has what is pending wait, and forgets the rest: of what was lost, what has ended, or is there once more.
func (q opening) settle(found []candidate, gone map[Name]*Fate) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.opts.Now().UnixMilli()
	for i, c := range found {
		e := c.e
		s := q.waiting
		if e.reason != 0 {
			s = q.parked
		}
		if f := gone[e.name]; f != nil {
			*f = Ended
		}
		twice := i+1 < len(found) && found[i+1].e.name == e.name
		if twice && found[i+1].e.key == e.key && found[i+1].e.number == e.number {
			s.leave(e.file, e.size) // the same frame, written once more when a sync had failed
			continue
		}
		if twice || c.fate == Ended {
			s.dead(e.key, e.number, e.file, e.size)
			continue
		}
		// Of a span that began in the future, all is left: the clock was set back.
		e.expires = (e.due - max(now-e.expires, 0)) * int64(time.Millisecond)
		if e.reason != 0 && !e.doubted { // it was refused behind whatever attempt the log knows of
			e.attempted = false
			if c.fate == Attempted {
				q.unsaid = append(q.unsaid, q.item(e, 0))
			}
		}
		if e.attempted {
			e.key.attempted.set(e.number)
		}
		if e.due = 0; e.reason != 0 {
			e.state = parked
			e.vendor.park(e)
		} else {
			e.vendor.arrive(e)
		}
	}
	for i := range q.found {
		d := &q.found[i]
		d.Events = slices.DeleteFunc(d.Events, func(g Gone) bool { return *gone[g.Name] == Ended })
		for n := range d.Events {
			d.Events[n].Attempted = *gone[d.Events[n].Name] == Attempted
		}
		q.damaged += len(d.Events)
	}
	q.found = slices.DeleteFunc(q.found, func(d Damage) bool { return d.named && len(d.Events) == 0 })
	for _, d := range q.found {
		if d.f != nil {
			d.f.held = true
		}
	}
}

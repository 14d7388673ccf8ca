package queue

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/durable/crash"
)

// play is somebody who uses a queue, and remembers what is to be true of it.
type play struct {
	r     *rand.Rand
	o     Options
	q     *Queue
	d     *diary
	c     *clock
	n     int           // of the last event
	taken map[Name]bool // true: it was accepted; false: it was refused, and may be there
}

func (p *play) open() error {
	q, err := Open(p.o)
	if err != nil {
		return err
	}
	p.q = q
	return nil
}

// step does one thing. An error ends nothing: whoever uses a queue goes on.
func (p *play) step() error {
	switch p.r.IntN(14) {
	case 0, 1, 2, 3, 4:
		return p.add()
	case 5, 6, 7, 8:
		return p.take()
	case 9:
		p.c.add(time.Duration(p.r.IntN(90)) * time.Second)
		return p.q.Tend()
	case 10:
		return p.q.Checkpoint(p.d.next)
	case 11:
		return p.parked()
	case 12:
		p.c.add(time.Hour)
		return p.q.Tend()
	default:
		return p.q.Tend()
	}
}

func (p *play) add() error {
	var events []Event
	for range 1 + p.r.IntN(3) {
		p.n++
		e := event(p.n)
		e.TTL = 1000 * time.Hour
		if p.r.IntN(2) == 0 {
			e.Order = uint64(p.r.IntN(3))
		}
		events = append(events, e)
		p.taken[e.Name] = false
	}
	err := added1(p.q, events...)
	if err != nil {
		return err
	}
	for _, e := range events {
		p.taken[e.Name] = true
	}
	return nil
}

func (p *play) take() error {
	it, ok := p.q.Next(vendorOf(p.r.IntN(3)), Due)
	if !ok {
		return nil
	}
	switch p.r.IntN(8) {
	case 0:
		p.q.Return(it)
	case 1:
		p.q.Later(it, time.Duration(p.r.IntN(10))*time.Second)
	case 2, 3:
		if err := p.q.Park(it, "refused"); err != nil {
			p.q.Return(it)
			return err
		}
	default:
		return p.q.End(p.d.say(Ended, it.Name), it)
	}
	return nil
}

func (p *play) parked() error {
	for _, it := range p.q.Parked("", "", 1) {
		if p.r.IntN(3) == 0 {
			return p.q.End(p.d.say(Ended, it.Name), it)
		}
		if err := p.q.Unpark(it, 1000*time.Hour); err != nil {
			p.q.Return(it)
			return err
		}
	}
	return nil
}

// check holds what is pending against what is to be, by the log as it is now.
func (p *play) check() error {
	over := map[Name]bool{}
	for _, s := range p.d.entries {
		over[s.name] = s.fate == Ended
	}
	waiting, parked := p.names()
	all := slices.Concat(waiting, parked)
	slices.SortFunc(all, Name.Compare)
	var faults []error
	for i, n := range all {
		_, known := p.taken[n]
		switch {
		case i > 0 && n == all[i-1]:
			faults = append(faults, fmt.Errorf("%v is pending twice", n))
		case over[n]:
			faults = append(faults, fmt.Errorf("%v has ended, and is pending", n))
		case !known:
			faults = append(faults, fmt.Errorf("nobody added %v", n))
		}
	}
	for n, accepted := range p.taken {
		if _, there := slices.BinarySearchFunc(all, n, Name.Compare); accepted && !over[n] && !there {
			faults = append(faults, fmt.Errorf("%v is lost", n))
		}
	}
	for _, d := range p.q.Damaged() {
		faults = append(faults, fmt.Errorf("damaged: %+v", d.Events))
	}
	return errors.Join(faults...)
}

// names are what is pending, by the index and by the files.
func (p *play) names() (waiting, parked []Name) {
	p.q.mu.Lock()
	defer p.q.mu.Unlock()
	for _, v := range p.q.vendors {
		for e := v.waiting.oldest; e != nil; e = e.newer {
			waiting = append(waiting, e.name)
		}
		for e := v.parked.oldest; e != nil; e = e.newer {
			parked = append(parked, e.name)
		}
	}
	return waiting, parked
}

// checkFiles holds what the files say against what memory does, where nothing is in flight.
func (p *play) checkFiles(t *testing.T) {
	t.Helper()
	pendingNames(t, p.q)
	p.q.mu.Lock()
	defer p.q.mu.Unlock()
	for _, s := range []*store{p.q.waiting, p.q.parked} {
		live := map[*file]int{}
		var bytes int64
		for e := range s.pending() {
			live[e.file]++
		}
		for _, f := range s.files {
			bytes += f.size
			if f.live != live[f] {
				t.Errorf("%s is said to hold %d events, and holds %d", f.path, f.live, live[f])
			}
		}
		if bytes != s.bytes || s.coming != 0 {
			t.Errorf("%s: %d bytes are said to be used, of %d; %d are coming", s.dir, s.bytes, bytes, s.coming)
		}
	}
}

// newPlay begins in a folder that may hold what another one left.
func newPlay(seed uint64, dir string, disk *crash.Disk) *play {
	p := &play{r: rand.New(rand.NewPCG(seed, 1)), d: &diary{}, c: newClock(), taken: map[Name]bool{}}
	p.o = options(dir, p.d, p.c)
	p.o.Disk, p.o.File, p.o.Again = disk, 2000, 1
	p.c.by = time.Microsecond
	return p
}

// left goes on with what a crash left, as another process does.
func (p *play) left(dir string, what crash.What, disk *crash.Disk) *play {
	d := p.d
	if what != crash.All {
		d = d.cut()
	}
	next := &play{r: p.r, d: d, c: p.c, n: p.n, taken: map[Name]bool{}}
	maps.Copy(next.taken, p.taken)
	next.o = options(dir, next.d, next.c)
	next.o.Disk, next.o.File, next.o.Again = disk, 2000, 1
	return next
}

func newDisk(t *testing.T, dir string) *crash.Disk {
	t.Helper()
	disk, err := crash.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return disk
}

// crashed has a play die at a step of the disk, and looks at each thing that may be left. It tells whether it came
// so far.
func crashed(t *testing.T, seed uint64, steps, at int) bool {
	t.Helper()
	dir := t.TempDir()
	disk := newDisk(t, dir)
	p := newPlay(seed, dir, disk)
	disk.Die(at)
	alive := true
	if err := p.open(); err == nil {
		for i := 0; i < steps && alive; i++ {
			_ = p.step()
			alive = disk.Steps() < at
		}
	} else {
		alive = false
	}
	for _, what := range crash.Left {
		into := t.TempDir()
		if err := disk.Leave(what, into); err != nil {
			t.Fatal(err)
		}
		next := p.left(into, what, newDisk(t, into))
		p.c.stand(time.Microsecond)
		if err := next.open(); err != nil {
			t.Fatalf("seed %d, step %d, %s: %v", seed, at, what, err)
		}
		if err := next.check(); err != nil {
			t.Errorf("seed %d, step %d, %s: %v", seed, at, what, err)
		}
		next.checkFiles(t)
		_ = next.q.Close()
	}
	if p.q != nil {
		p.c.stand(0)
		_ = p.q.Close()
	}
	return !alive
}

// TestKilledAtEveryStep: wherever the process dies or the power goes, no accepted event is lost, and none is
// pending twice or after it has ended.
func TestKilledAtEveryStep(t *testing.T) {
	for seed := range uint64(2) {
		at := 1
		for crashed(t, seed, 45, at) && !t.Failed() {
			at++
		}
		if at < 150 {
			t.Errorf("seed %d: there were %d steps only", seed, at)
		}
	}
}

// TestGoesOnWhateverFails: steps of the disk fail one by one, and processes die one after the other in the same
// folder.
func TestGoesOnWhateverFails(t *testing.T) {
	for seed := range uint64(40) {
		dir := t.TempDir()
		disk := newDisk(t, dir)
		p := newPlay(seed, dir, disk)
		for life := range 6 {
			disk.Fail(0)
			if err := p.open(); err != nil {
				t.Fatalf("seed %d, life %d: %v", seed, life, err)
			}
			if err := p.check(); err != nil {
				t.Fatalf("seed %d, life %d: %v", seed, life, err)
			}
			p.checkFiles(t)
			for range 30 {
				if p.r.IntN(3) == 0 {
					disk.Fail(1 + p.r.IntN(6))
				}
				_ = p.step()
				p.c.add(time.Second) // what failed is tried again
			}
			disk.Fail(0)
			p.c.add(time.Minute)
			if err := p.add(); err != nil {
				t.Fatalf("seed %d, life %d: %v", seed, life, err)
			}
			p.checkFiles(t)
			what := crash.Left[p.r.IntN(len(crash.Left))]
			into := t.TempDir()
			if p.r.IntN(2) == 0 {
				what = crash.All
				_ = p.q.Close()
			}
			if err := disk.Leave(what, into); err != nil {
				t.Fatal(err)
			}
			old := p
			disk = newDisk(t, into)
			p = p.left(into, what, disk)
			_ = old.q.Close()
		}
	}
}

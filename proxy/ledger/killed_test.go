package ledger_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// life is what came of a ledger whose disk failed somewhere.
type life struct {
	written map[uint64]bool // hits that were acknowledged
	synced  map[uint64]bool // acts that were: they are on disk
	err     error           // the first
}

// live has a ledger do all that it ever does: begin, take hits, outcomes and acts, end segments, seal and compress
// them, sign, and after twelve seconds delete what is old.
func live(o ledger.Options, from, end uint64) (l life) {
	l.written, l.synced = map[uint64]bool{}, map[uint64]bool{}
	fails := func(err error) bool {
		if l.err == nil {
			l.err = err
		}
		return err != nil
	}
	o.Seal = 4 * time.Second
	begun := time.Now()
	of, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
	if fails(err) {
		return l
	}
	for hit := from; hit < end; hit++ {
		if !fails(of.Append([]ledger.Event{shaped(hit, fmt.Sprint("s", hit%2))}, named{})) {
			l.written[hit] = true
		}
		fails(of.Outcome(ledger.Outcome{Hit: hit, Outcome: "delivered"}))
		if hit%4 == 3 {
			act := []ledger.Objected{{Kind: ledger.KindObjection, First: hit, Last: hit}}
			if !fails(of.Objected(act, ledger.Head{Size: hit})) {
				l.synced[hit] = true
			}
		}
		if hit == from+12 {
			_, err := of.Retain(begun.Add(8 * time.Second))
			fails(err)
		}
		<-time.After(time.Second)
	}
	fails(of.Err())
	fails(of.Close())
	return l
}

// TestKilledAtEachStep: wherever a process is killed, or the power goes, the next one goes on: what was acknowledged is
// there, as far as it was acknowledged, numbers follow one another, and the tree is the one that was signed.
func TestKilledAtEachStep(t *testing.T) {
	t.Parallel()
	steps := 0
	synctest.Test(t, func(t *testing.T) {
		data := dataFolder(t)
		d := onDisk(t, data)
		o := signing(t, data, d)
		if l := live(o, 1, 17); l.err != nil || len(l.written) != 16 || len(l.synced) != 4 {
			t.Fatal(l)
		}
		steps = d.Steps()
		if got := reread(t, o); len(got.hits) < 8 || len(got.hits) > 15 {
			t.Errorf("%d hits are left", len(got.hits))
		}
	})
	// Each second step, and what is left in turn: what one step leaves differs little from what the next does.
	for n := 1; n <= steps; n += 2 {
		left := crash.Left[n/2%len(crash.Left)]
		t.Run(fmt.Sprint(n, " ", left), func(t *testing.T) {
			t.Parallel()
			killedAt(t, n, left)
		})
	}
}

func onDisk(t *testing.T, data string) *crash.Disk {
	t.Helper()
	d, err := crash.New(data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func killedAt(t *testing.T, n int, left crash.What) {
	synctest.Test(t, func(t *testing.T) {
		data := dataFolder(t)
		d := onDisk(t, data)
		d.Die(n)
		dead := live(signing(t, data, d), 1, 17)
		d.Fail(0)
		into := t.TempDir()
		if err := d.Leave(left, into); err != nil {
			t.Fatal(err)
		}
		o := signing(t, into, onDisk(t, into))
		said := ""
		o.Report = func(what string, err error) { said += fmt.Sprintln(what, err) }
		next := live(o, 101, 104)
		if next.err != nil || said != "" {
			t.Fatalf("%v, %s (it died of %v)", next.err, said, dead.err)
		}
		got := reread(t, o)
		for hit, times := range got.hits {
			if times != 1 {
				t.Errorf("hit %d is there %d times", hit, times)
			}
		}
		acts := map[uint64]bool{}
		for _, line := range got.lines {
			if member(line, "kind") == ledger.KindObjection {
				acts[uint64(numberIn(line, "seq"))] = true
			}
		}
		first := uint64(1) // hits and acts before it were deleted
		for got.lines[0] == "" && first < 16 && got.hits[first] == 0 {
			first++
		}
		for hit := first; hit <= 16; hit++ {
			if dead.synced[hit] && !acts[hit] || left == crash.All && dead.written[hit] && got.hits[hit] == 0 {
				t.Errorf("hit or act %d is lost", hit)
			}
		}
	})
}

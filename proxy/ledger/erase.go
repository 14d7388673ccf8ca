package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// Erasing says which lines of sealed segments are to go. Only records of events do.
type Erasing struct {
	// Why are the reasons for which lines go: Window, or Request and Because.
	Why []Erasure
	// Picks tells for which of them a record of an event is to go; -1: it stays. Where a fact has several records, all of
	// them go with one.
	Picks func(record []byte) int
	// Ended tells of those that are to go whether their events have ended. It is asked of a segment's together, or of
	// those of all segments where Together is set, and what it says no of stays. nil: all have.
	Ended func(Picked) bool
	// Others is told of all other records of the segments that are read. nil: nobody is.
	Others func(record []byte)
	// Before passes over segments that hold a record of that time or later; zero: none is passed over.
	Before time.Time
	// Skip passes over segments by the number of the first record. nil: none is.
	Skip func(first uint64) bool
	// Together has nothing go before it is recorded of all segments what does: it may be interrupted, and is brought to
	// its end later. Otherwise one segment is done after the other.
	Together bool
	Trial    bool // nothing is recorded, and nothing goes
}

// Picked is an event of which a record is to go.
type Picked struct {
	Hit    uint64
	Event  int
	At     time.Time
	Queued bool // it waited for its vendor
	Permit bool // it was to leave
}

// ErasedNow is what [Eraser.Erase] did, or would do.
type ErasedNow struct {
	Read     int      // segments
	Segments int      // of which lines go
	Records  []uint64 // how many do, by reason
	Kept     uint64   // are to go, and stay, since their event has not ended
	Left     int      // segments of which lines are to go still: they do when no copy is under way any more
	Whole    []uint64 // by the number of its first record: a segment of which everything went that was to
}

// going are the lines of a segment that are to go.
type going struct {
	of      Segment
	by      [][]pick // by reason
	records int
}

// pick is a record that is to go.
type pick struct {
	number uint64
	of     Picked
}

// Eraser has lines of a ledger's sealed segments go.
type Eraser struct {
	*records
	signing *signing
	sealing *sealing

	doing   sync.Mutex // one goroutine has lines go at a time, and holds it
	mu      sync.Mutex
	pending map[uint64]bool // segments of which lines are to go, and have not gone
	// Records from the one number up to the other were behind the newest checkpoint when the ledger was opened: whoever
	// could write to the file could have put them there. What they say is to go stays.
	doubted [2]uint64
}

func (e *Eraser) set(first uint64, is bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if delete(e.pending, first); is {
		e.pending[first] = true
	}
}

// Unfinished lists the segments of which lines are to go, and have not gone, by the numbers of their first records.
func (e *Eraser) Unfinished() []uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.pending))
}

// Erase has lines of sealed segments go. Before that it is recorded which, and why, and that is signed. It rests
// between steps, and ends with the context: what is recorded by then goes later, by [Eraser.Finish].
func (e *Eraser) Erase(ctx context.Context, of Erasing) (done ErasedNow, err error) {
	done.Records = make([]uint64, len(of.Why))
	files, err := numbered(e.opts.Dir)
	if err != nil {
		return done, err
	}
	var all []*going
	for _, f := range files {
		if of.Skip != nil && of.Skip(f.First) {
			continue
		}
		g, err := e.goingOf(ctx, f, &of)
		if err != nil {
			return done, err
		}
		if g == nil {
			continue
		}
		done.Read++
		if of.Together {
			all = append(all, g)
			continue
		}
		whole := ended(g, &of, &done)
		if g.records > 0 && !of.Trial {
			if err := e.carryOut(ctx, &done, of.Why, g); err != nil {
				return done, err
			}
		}
		if whole {
			done.Whole = append(done.Whole, f.First)
		}
	}
	for _, g := range all {
		ended(g, &of, &done)
	}
	all = slices.DeleteFunc(all, func(g *going) bool { return g.records == 0 })
	if len(all) == 0 || of.Trial {
		return done, nil
	}
	return done, e.carryOut(ctx, &done, of.Why, all...)
}

// goingOf reads a segment; nil: it is passed over.
func (e *Eraser) goingOf(ctx context.Context, f Segment, of *Erasing) (*going, error) {
	if err := e.sealing.takeFiles(); err != nil {
		return nil, err
	}
	defer e.sealing.giveFiles()
	if f.First >= e.sealing.sealedEnd() {
		return nil, nil
	}
	sum, _, err := ReadSummary(e.opts.Dir, f.First)
	if err != nil {
		return nil, err
	}
	if !of.Before.IsZero() && !sum.To.Before(of.Before) {
		return nil, nil
	}
	f.End = sum.End
	p := picking{of: of, going: going{of: f, by: make([][]pick, len(of.Why))}}
	step, at := e.sealing.steps(), f.First
	got, err := scanSegment(f, func(line []byte, _ tree.Entry) error {
		at++
		p.record(at-1, line)
		return errors.Join(ctx.Err(), step(len(line)))
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // it was deleted meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("a segment of the ledger cannot be read: %w", err)
	}
	p.flush()
	first := slices.IndexFunc(p.by, func(all []pick) bool { return len(all) > 0 })
	for _, n := range p.absent {
		if _, erased := slices.BinarySearch(got.erased, n); first >= 0 && !erased {
			// it was set aside: it may have been anybody's
			p.by[first] = append(p.by[first], pick{number: n})
		}
	}
	return &p.going, nil
}

// ended leaves out what belongs to events that have not ended, and counts the rest. False where it left something out.
func ended(g *going, of *Erasing, done *ErasedNow) bool {
	before := done.Kept
	for why := range g.by {
		g.by[why] = slices.DeleteFunc(g.by[why], func(p pick) bool {
			stays := of.Ended != nil && p.of != (Picked{}) && !of.Ended(p.of)
			if stays {
				done.Kept++
			}
			return stays
		})
		slices.SortFunc(g.by[why], func(a, b pick) int { return cmp.Compare(a.number, b.number) })
		g.records += len(g.by[why])
		done.Records[why] += uint64(len(g.by[why]))
	}
	if g.records > 0 {
		done.Segments++
	}
	return done.Kept == before
}

// carryOut records what is to go, has that signed, and then has it go.
func (e *Eraser) carryOut(ctx context.Context, done *ErasedNow, why []Erasure, all ...*going) error {
	var records []entry
	for _, g := range all {
		for i, picks := range g.by {
			says := why[i]
			says.Segment = g.of.First
			for _, one := range erasures(says, numbersOf(picks)) {
				records = append(records, entry{KindErasure, &one})
			}
		}
	}
	e.doing.Lock()
	defer e.doing.Unlock()
	for _, g := range all {
		e.set(g.of.First, true)
	}
	if err := e.put(synced, records...); err != nil {
		return err // what of it was written all the same is on the log, and goes
	}
	if err := e.signing.sign(); err != nil { // what is not signed accounts for nothing
		return err
	}
	for _, g := range all {
		var numbers []uint64
		for _, picks := range g.by {
			numbers = append(numbers, numbersOf(picks)...)
		}
		slices.Sort(numbers)
		gone, err := e.rewriteOne(g.of.First, numbers)
		if err != nil {
			return err
		}
		if !gone {
			done.Left++
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func numbersOf(picks []pick) []uint64 {
	numbers := make([]uint64, len(picks))
	for i := range picks {
		numbers[i] = picks[i].number
	}
	return numbers
}

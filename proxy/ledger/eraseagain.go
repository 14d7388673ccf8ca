package ledger

import (
	"slices"
)

// rewriteOne has lines of a segment go, and records that they did. False where a copy is under way.
func (e *Eraser) rewriteOne(first uint64, numbers []uint64) (gone bool, err error) {
	if err := e.sealing.takeFiles(); err != nil {
		return false, err
	}
	defer e.sealing.giveFiles()
	if e.sealing.copies.Load() > 0 {
		return false, nil
	}
	files, err := numbered(e.opts.Dir)
	if err != nil {
		return false, err
	}
	var erased []uint64
	at := slices.IndexFunc(files, func(f Segment) bool { return f.First == first })
	if at >= 0 { // else it was deleted, with all of its lines
		if !files[at].Packed {
			if err := e.sealing.packOne(files[at]); err != nil {
				return false, err
			}
			files[at].Path, files[at].Packed = packedName(e.opts.Dir, first), true
		}
		if erased, err = e.sealing.rewrite(files[at], numbers); err != nil {
			return false, err
		}
	}
	record := erasedLines{first, uint64(len(erased)), NumbersDigest(erased)}
	if err := e.put(synced, entry{KindErased, &record}); err != nil {
		return false, err
	}
	e.set(first, false)
	return true, nil
}

// Finish has lines go that are to, and have not gone: a process died before they had, or a copy was under way.
func (e *Eraser) Finish() error {
	if len(e.Unfinished()) == 0 {
		return nil
	}
	e.doing.Lock()
	defer e.doing.Unlock()
	pending := e.Unfinished()
	if len(pending) == 0 || e.sealing.copies.Load() > 0 {
		return nil
	}
	if err := e.signing.sign(); err != nil { // what is not signed accounts for nothing
		return err
	}
	numbers, err := e.recordedErasures(pending)
	if err != nil {
		return err
	}
	for _, first := range pending {
		slices.Sort(numbers[first])
		gone, err := e.rewriteOne(first, slices.Compact(numbers[first]))
		if err != nil || !gone {
			return err
		}
	}
	return nil
}

// recordedErasures reads which lines are to go of segments, which are in order: records by segment.
func (e *Eraser) recordedErasures(of []uint64) (map[uint64][]uint64, error) {
	numbers := map[uint64][]uint64{}
	step := e.sealing.steps()
	r := Read(e.opts.Dir, of[0])
	defer func() { _ = r.Close() }()
	for {
		for r.Next() {
			if err := step(len(r.Record())); err != nil {
				return nil, err
			}
			number, _ := r.Number()
			if string(kindOf(r.Record())) != KindErasure || number >= e.doubted[0] && number < e.doubted[1] {
				continue
			}
			said, err := ParseErasure(r.Record())
			if err != nil {
				return nil, err
			}
			if _, wanted := slices.BinarySearch(of, said.Segment); wanted {
				said.Each(func(n uint64) { numbers[said.Segment] = append(numbers[said.Segment], n) })
			}
		}
		if r.Err() == nil {
			return numbers, nil
		}
		if err := r.Err(); !r.Skip() {
			return nil, err
		}
	}
}

// SealAll ends the segment that is written, where it holds records of hits, and returns when all that were
// recorded before are in sealed segments.
func (e *Eraser) SealAll() error {
	asked := make(chan error, 1)
	select {
	case e.sealing.asked <- asked:
	case <-e.stop:
		return ErrClosed
	}
	select {
	case err := <-asked:
		return err
	case <-e.stop:
		return ErrClosed
	}
}

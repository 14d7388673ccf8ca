package ledger

import (
	"slices"
)

// rewriteOne has lines of a segment go, and records that they did. False where a copy is under way.
func (l *Ledger) rewriteOne(first uint64, numbers []uint64) (gone bool, err error) {
	if err := l.sealing.takeFiles(); err != nil {
		return false, err
	}
	defer l.sealing.giveFiles()
	if l.sealing.copies.Load() > 0 {
		return false, nil
	}
	files, err := numbered(l.opts.Dir)
	if err != nil {
		return false, err
	}
	var erased []uint64
	at := slices.IndexFunc(files, func(f Segment) bool { return f.First == first })
	if at >= 0 { // else it was deleted, with all of its lines
		if !files[at].Packed {
			if err := l.sealing.packOne(files[at]); err != nil {
				return false, err
			}
			files[at].Path, files[at].Packed = packedName(l.opts.Dir, first), true
		}
		if erased, err = l.sealing.rewrite(files[at], numbers); err != nil {
			return false, err
		}
	}
	record := erasedLines{first, uint64(len(erased)), NumbersDigest(erased)}
	if err := l.put(synced, entry{KindErased, &record}); err != nil {
		return false, err
	}
	l.erasing.set(first, false)
	return true, nil
}

// FinishErasing has lines go that are to, and have not gone: a process died before they had, or a copy was under way.
func (l *Ledger) FinishErasing() error {
	if len(l.erasing.list()) == 0 {
		return nil
	}
	l.erasing.doing.Lock()
	defer l.erasing.doing.Unlock()
	pending := l.erasing.list()
	if len(pending) == 0 || l.sealing.copies.Load() > 0 {
		return nil
	}
	if err := l.signing.sign(); err != nil { // what is not signed accounts for nothing
		return err
	}
	numbers, err := l.recordedErasures(pending)
	if err != nil {
		return err
	}
	for _, first := range pending {
		slices.Sort(numbers[first])
		gone, err := l.rewriteOne(first, slices.Compact(numbers[first]))
		if err != nil || !gone {
			return err
		}
	}
	return nil
}

// recordedErasures reads which lines are to go of segments, which are in order: records by segment.
func (l *Ledger) recordedErasures(of []uint64) (map[uint64][]uint64, error) {
	numbers := map[uint64][]uint64{}
	step := l.sealing.steps()
	r := Read(l.opts.Dir, of[0])
	defer func() { _ = r.Close() }()
	for {
		for r.Next() {
			if err := step(len(r.Record())); err != nil {
				return nil, err
			}
			number, _ := r.Number()
			if string(kindOf(r.Record())) != KindErasure || number >= l.erasing.doubted[0] && number < l.erasing.doubted[1] {
				continue
			}
			e, err := ParseErasure(r.Record())
			if err != nil {
				return nil, err
			}
			if _, wanted := slices.BinarySearch(of, e.Segment); wanted {
				e.Each(func(n uint64) { numbers[e.Segment] = append(numbers[e.Segment], n) })
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

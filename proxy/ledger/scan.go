package ledger

import "github.com/tagwarden/tagwarden/proxy/ledger/tree"

// scanned is what a segment holds.
type scanned struct {
	n     uint64 // records, with those that were set aside
	bytes int64  // up to the end of the last one
	torn  int64  // bytes behind it
	aside int    // how many were set aside
	plain bool   // its lines have no checksums

	erased []uint64 // of which records the lines were erased
}

// scanSegment hands over the records of a segment, up to the number where the next one begins: the line without
// its end, and its entry in the tree. Of a line that was set aside, or erased, only the entry is known. An
// error is a [Damage], or one of reading.
func scanSegment(f Segment, each func(line []byte, entry tree.Entry) error) (s scanned, err error) {
	r, err := f.open(true)
	if err != nil {
		return s, err
	}
	defer func() { _ = r.Close() }()
	s.plain = r.plain
	r.erased = func(number uint64, entry tree.Entry) error {
		if err := s.passed(number, f.First, r.aside, each); err != nil {
			return err
		}
		s.n++
		s.bytes = r.lines.at
		s.erased = append(s.erased, number)
		return each(nil, entry)
	}
	for r.Next() {
		if err := s.passed(r.next-1, f.First, r.aside, each); err != nil {
			return s, err
		}
		line := r.Record()
		if err := each(line, tree.EntryOf(line)); err != nil {
			return s, err
		}
		s.n++
		s.bytes = r.At() + int64(len(line)) + 1
	}
	if r.Err() != nil {
		return s, r.Err()
	}
	if err := s.passed(r.next, f.First, r.aside, each); err != nil {
		return s, err
	}
	return s, s.countTorn(r)
}

// passed hands over the records before a number that the reader passed over, since they were set aside.
func (s *scanned) passed(before, first uint64, set *Aside, each func([]byte, tree.Entry) error) error {
	for i := 0; set != nil && i < len(set.Damaged); i++ {
		of := &set.Damaged[i]
		if of.First != first+s.n || of.First >= before {
			continue
		}
		for _, entry := range of.Entries {
			if err := each(nil, entry); err != nil {
				return err
			}
			s.n++
			s.aside++
		}
		s.bytes = of.To
	}
	return nil
}

// countTorn counts the bytes behind the last record. They are of one that was being written when a process died, or of
// records that were written once more, to the next segment, because a sync had failed.
func (s *scanned) countTorn(r *SegmentReader) error {
	if r.packed != nil {
		return nil
	}
	info, err := r.file.Stat()
	if err == nil {
		s.torn = info.Size() - s.bytes
	}
	return err
}

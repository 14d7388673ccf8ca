package ledger

// NextBelow is [Reader.Next] for who reads no record that may be taken back: it ends before the record
// of a number, below which everything is on disk, and is called again when more is. Until it returned
// false it is called with the same number.
func (r *Reader) NextBelow(end uint64) bool {
	if r.err == nil && r.next >= end {
		r.forget()
		return false
	}
	return r.Next()
}

// forget has what was read ahead read again: a write that fails is taken back, and other records have its numbers then.
func (r *Reader) forget() {
	if s := r.now; s != nil && s.packed == nil && s.err == nil && !s.ended() {
		at := s.lines.at
		if s.behind != nil {
			at, s.behind = s.at, nil
		}
		line := s.line
		s.begin(at, s.next)
		s.line, s.size = line, -1
	}
}

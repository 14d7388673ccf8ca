package ledger

import (
	"errors"
	"io/fs"
	"os"
)

// Last begins to read with the last n records; where there are fewer, with the oldest. Of a segment of lines it reads
// those alone, from the end: which numbers they have, the stored hashes tell. Of a packed one it reads what lies
// before as well.
//
// Of records of the version before, whose segments have no numbers yet, nothing says which numbers they have.
func Last(dir string, n int) (*Reader, error) {
	for try := 0; ; try++ {
		r, err := last(dir, uint64(max(n, 0)))
		if err == nil || try > 2 || !errors.Is(err, fs.ErrNotExist) {
			return r, err
		} // a segment was packed, or deleted, after the folder was listed
	}
}

func last(dir string, n uint64) (*Reader, error) {
	all, err := Segments(dir)
	if err != nil || len(all) == 0 {
		return Read(dir, 0), err
	}
	s := all[len(all)-1]
	if s.Old {
		return lastOld(dir, all, n)
	}
	from := func(end uint64) uint64 { return end - min(n, end-all[0].First) }
	if s.Packed {
		end, err := s.count()
		if err != nil {
			return nil, err
		}
		return readFrom(dir, all, from(end))
	}
	found, err := lastOf(s, n, from)
	if err != nil {
		return nil, err
	}
	if found.number < s.First {
		return readFrom(dir, all, found.number)
	}
	return found.read(dir)
}

// readFrom begins to read with the record of a number.
func readFrom(dir string, all []Segment, number uint64) (*Reader, error) {
	at := len(all) - 1
	for at > 0 && all[at].First > number {
		at--
	}
	s := all[at]
	if s.Packed || s.End <= number {
		return Read(dir, number), nil
	}
	found, err := lastOf(s, s.End-number, func(uint64) uint64 { return number })
	if err != nil {
		return nil, err
	}
	return found.read(dir)
}

// count is the number behind the last record of a segment that nothing is written to any more.
func (s Segment) count() (end uint64, err error) {
	r, err := s.Open()
	if err != nil {
		return 0, err
	}
	defer func() { _ = r.Close() }()
	if r.seg.End != 0 {
		return r.seg.End, nil
	}
	for r.Next() || r.Skip() {
		end = r.next
	}
	return max(end, s.First), r.Err()
}

// located is a record that was looked for.
type located struct {
	of     Segment
	number uint64
	at     int64 // where its line begins; -1: it is to be looked for from the segment's beginning
}

// read begins to read there.
func (f located) read(dir string) (*Reader, error) {
	if f.at < 0 {
		return Read(dir, f.number), nil
	}
	r := &Reader{dir: dir, next: f.number, known: !f.of.Old}
	if err := r.reopen(f.of); err != nil {
		return nil, err
	}
	r.now.begin(f.at, f.number)
	return r, nil
}

// lastOf looks for one of the last n records of a segment of lines, or for the place behind them: for that whose number
// from gives, when it is told the number behind the last one.
func lastOf(s Segment, n uint64, from func(end uint64) uint64) (located, error) {
	b, err := s.backward()
	if err != nil {
		return located{}, err
	}
	defer func() { _ = b.close() }()
	end, err := b.anchor(s, n)
	if err != nil {
		return located{}, err
	}
	f := located{of: s, number: from(end), at: -1}
	for f.number >= s.First && uint64(len(b.places)) < end-f.number && b.sound {
		more, err := b.step(n)
		if err != nil || !more {
			return f, err
		}
	}
	switch {
	case f.number == end:
		f.at = b.behind
	case f.number >= s.First && b.sound:
		f.at = b.places[end-f.number-1]
	}
	return f, nil
}

// lastOld looks for the last n records of segments without numbers.
func lastOld(dir string, all []Segment, n uint64) (*Reader, error) {
	var f located
	for at := len(all) - 1; at >= 0 && all[at].Old; at-- {
		b, err := all[at].backward()
		if err != nil {
			return nil, err
		}
		f = located{of: all[at], at: b.at()}
		for more := true; more && n > 0 && err == nil; {
			if _, more, err = b.prev(); more && err == nil {
				f.at = b.at()
				n--
			}
		}
		if err = errors.Join(err, b.close()); err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
	}
	return f.read(dir)
}

// backward reads a segment of lines from its end.
func (s Segment) backward() (*marked, error) {
	file, err := os.Open(s.Path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		var b *backward
		if b, err = newBackward(file, info.Size()); err == nil {
			return &marked{backward: b, file: file, plain: s.Old || s.summary().plain, sound: true}, nil
		}
	}
	return nil, errors.Join(err, file.Close())
}

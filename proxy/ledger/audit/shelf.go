package audit

import (
	"bytes"
	"slices"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// shelf reads lines again, a part at a time, and keeps the last parts.
type shelf struct {
	*verification
	unpacker unpacker
	stored   entries
	held     []*held
}

// held are a part's lines, by their entries.
type held struct {
	part    int
	entries []tree.Entry
	at      []int64
	good    []bool // they are records
	end     int64
	failed  error
}

// lineEntry is the entry of the line that stands where a record's should; nil: none does.
func (s *shelf) lineEntry(number int64) []byte {
	i, found := slices.BinarySearchFunc(s.parts, uint64(number), func(of *part, n uint64) int {
		switch {
		case of.first > n:
			return 1
		case of.first < n:
			return -1
		}
		return 0
	})
	if !found {
		i--
	}
	if i < 0 || s.parts[i].end != 0 && uint64(number) >= s.parts[i].end {
		return nil
	}
	if r := s.read[i]; r.gone || !r.bad && !r.noEntry {
		return s.stored.at(number)
	}
	h := s.hold(i)
	if at := number - int64(s.parts[i].first); at < int64(len(h.entries)) {
		return h.entries[at][:]
	}
	return nil
}

// hold reads a part's lines.
func (s *shelf) hold(i int) *held {
	const most = 2
	for _, h := range s.held {
		if h.part == i {
			return h
		}
	}
	h := &held{part: i}
	if len(s.held) == most {
		s.held = s.held[1:]
	}
	s.held = append(s.held, h)
	of := s.parts[i]
	from, err := s.open(of, &s.unpacker)
	if err != nil {
		h.failed = err
		return h
	}
	defer from.Close()
	var l lines
	l.reset(from)
	defer l.done()
	for l.next() {
		if d := of.set(l.place); d != nil {
			for _, e := range d.Entries {
				h.entries, h.at, h.good = append(h.entries, e), append(h.at, l.place), append(h.good, true)
			}
			l.skip(d.To)
			h.end = l.at
			continue
		}
		if !l.whole {
			continue
		}
		h.end = l.at
		h.entries, h.at = append(h.entries, ledger.EntryOf(l.line)), append(h.at, l.place)
		h.good = append(h.good, isRecord(l.line, of.plain()))
	}
	h.failed = l.failed()
	// What lies behind the last record of a segment are no records: what was being written, or was written once more.
	n := len(h.entries)
	for of.end != 0 && n > int(of.end-of.first) || of.end == 0 && n > 0 && int64(of.first)+int64(n) > s.signed.N {
		e := s.stored.at(int64(of.first) + int64(n) - 1)
		again := of.end != 0 && e != nil && bytes.Equal(e, h.entries[n-1][:])
		if h.good[n-1] && !again {
			break
		}
		n--
	}
	if n < len(h.entries) {
		h.end = h.at[n]
		h.entries, h.at = h.entries[:n], h.at[:n]
	}
	return h
}

// offset is where a line begins, or the last one ends.
func (h *held) offset(at int) int64 {
	if at < len(h.at) {
		return h.at[at]
	}
	return h.end
}

// lines are the entries of the lines that stand where records should; nil: some do not.
func (s *shelf) lines(lo, hi int64) []tree.Entry {
	all := make([]tree.Entry, 0, hi-lo)
	for n := lo; n < hi; n++ {
		e := s.lineEntry(n)
		if e == nil {
			return nil
		}
		all = append(all, tree.Entry(e))
	}
	return all
}

package ledger

import (
	"os"
	"path/filepath"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// marked reads a segment from its end, and knows where the lines begin that it came by.
type marked struct {
	*backward
	file   *os.File
	plain  bool    // the lines are those of the version before
	places []int64 // where the last records begin, the last first
	passed uint64  // how many they are, with those whose places nobody wants
	behind int64   // where the last one ends
	sound  bool    // every line since then was a record
	line   []byte  // the last that it came by
}

func (m *marked) close() error { return m.file.Close() }

// step goes on to the line before, and notes where it begins, as one of n.
func (m *marked) step(n uint64) (more bool, err error) {
	behind := m.at()
	line, more, err := m.prev()
	if err != nil || !more {
		return false, err
	}
	if !isRecord(line, m.plain) {
		if m.passed == 0 && !m.plain {
			return true, nil // it is torn
		}
		m.sound = false
	}
	if m.passed == 0 {
		m.behind = behind
	}
	if m.passed++; uint64(len(m.places)) < n {
		m.places = append(m.places, m.at())
	}
	m.line = line
	return true, nil
}

// anchor finds a line whose number is known, by the hash that is stored of it, and tells the number behind the
// segment's last record. Where none is stored, it is counted.
func (m *marked) anchor(s Segment, n uint64) (end uint64, err error) {
	number, entry, known := storedLast(s)
	if s.End != 0 && !known {
		m.sound = false
		return s.End, nil
	}
	for {
		more, err := m.step(n)
		if err != nil {
			return 0, err
		}
		if !more && s.End != 0 {
			m.sound = false
			return s.End, nil
		}
		if !more {
			return s.First + m.passed, nil
		}
		if known && m.line != nil && EntryOf(m.line) == entry {
			break
		}
	}
	if s.End != 0 { // what lies behind it is in the next segment
		m.behind = m.at() + int64(len(m.line)) + 1
		m.places, m.passed, m.sound = append(m.places[:0], m.at()), 1, true
		if n == 0 {
			m.places = m.places[:0]
		}
	}
	return number + m.passed, nil
}

// storedLast is the last hash that is stored of a segment's records, and the number of that one.
func storedLast(s Segment) (number uint64, entry tree.Entry, known bool) {
	stored, err := tree.List(filepath.Dir(s.Path), 0)
	if err != nil {
		return 0, entry, false
	}
	end := uint64(stored.End())
	if s.End != 0 {
		if end < s.End {
			return 0, entry, false
		}
		end = s.End
	}
	if end <= s.First {
		return 0, entry, false
	}
	return end - 1, entry, stored.HashesAt(entry[:], int64(end-1)) == nil
}

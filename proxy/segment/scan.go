package segment

import (
	"bytes"
	"errors"
	"io"
)

// Scanner reads the records of a file, past what is damaged.
type Scanner struct {
	from    io.Reader
	framing Framing

	buf    []byte // what was read and is not passed yet
	begin  int    // where that begins in buf
	at     int64  // and in the file
	ended  bool   // nothing more is to be read
	err    error
	record []byte
	place  int64
	gap    Gap
	spent  int64 // bytes that checksums were made over for nothing
}

// Gap is a part of a file that holds no record that can be read: From is included, To is not. The zero Gap is none.
type Gap struct{ From, To int64 }

// Len is how many bytes it has.
func (g Gap) Len() int64 { return g.To - g.From }

// NewScanner begins to read.
func NewScanner(from io.Reader, framing Framing) *Scanner {
	return &Scanner{from: from, framing: framing}
}

// Record is the record that Next found: a line with its checksum and without its end, the bytes of a
// binary frame. It holds until the next call.
func (s *Scanner) Record() []byte { return s.record }

// At is where in the file the record, with what frames it, begins.
func (s *Scanner) At() int64 { return s.place }

// Gap is the damage between the record before and this one; after Next returned false, that between the last record and
// the end of the file: what a record that was being written left behind, or more.
func (s *Scanner) Gap() Gap { return s.gap }

// Err is what reading failed with, if it did.
func (s *Scanner) Err() error { return s.err }

// Next goes on to the next record. False where there is none.
func (s *Scanner) Next() bool {
	s.record, s.gap = nil, Gap{}
	from := s.at
	for {
		size, found := s.look()
		if found {
			if s.place = s.at; s.at > from {
				s.gap = Gap{from, s.at}
			}
			s.pass(size)
			return true
		}
		if size == 0 {
			s.at += int64(len(s.buf) - s.begin)
			s.begin = len(s.buf)
			if s.at > from {
				s.gap = Gap{from, s.at}
			}
			return false
		}
		s.pass(size)
	}
}

// pass goes on by so many bytes.
func (s *Scanner) pass(n int) {
	s.begin += n
	s.at += int64(n)
}

// look looks at what stands here: a record, and its size; else how many bytes to go on by, 0 at the end.
func (s *Scanner) look() (size int, found bool) {
	if s.framing == Binary {
		return s.lookBinary()
	}
	return s.lookLine()
}

// lookLine looks for a line's end.
func (s *Scanner) lookLine() (size int, found bool) {
	rest := s.ahead(MaxLine + 1)
	end := bytes.IndexByte(rest, '\n')
	if end < 0 {
		if len(rest) <= MaxLine { // the end of the file
			return 0, false
		}
		return len(rest), false
	}
	if !CheckLine(rest[:end]) {
		return end + 1, false
	}
	s.record = rest[:end]
	return end + 1, true
}

// mostSpent is how many bytes, for each that was passed, checksums may be made over for nothing: what was made to look
// like the heads of long frames costs no more than that. Beyond it such a head is none.
const mostSpent = 8

// lookBinary looks for a frame.
func (s *Scanner) lookBinary() (size int, found bool) {
	rest := s.ahead(headLength)
	if len(rest) < headLength {
		return 0, false
	}
	h, ok := readHead(rest)
	if ok && s.spent+int64(h.length) <= mostSpent*(s.at+MaxBinary) {
		if rest = s.ahead(headLength + h.length); len(rest) >= headLength+h.length {
			if h.fits(rest) {
				s.record = rest[headLength : headLength+h.length]
				return headLength + h.length, true
			}
			s.spent += int64(h.length)
		}
	}
	if next := bytes.Index(rest[1:], []byte(magic)); next >= 0 {
		return next + 1, false
	}
	return len(rest) - len(magic) + 1, false // a mark may begin in the last bytes
}

// ahead is what comes next: n bytes, or fewer at the end of the file.
func (s *Scanner) ahead(n int) []byte {
	for len(s.buf)-s.begin < n && !s.ended {
		if s.begin > 0 && cap(s.buf)-s.begin < n {
			s.buf = s.buf[:copy(s.buf, s.buf[s.begin:])]
			s.begin = 0
		}
		if cap(s.buf)-s.begin < n {
			s.buf = append(make([]byte, 0, max(64<<10, 2*n)), s.buf[s.begin:]...)
			s.begin = 0
		}
		got, err := s.from.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+got]
		if err != nil {
			if s.ended = true; !errors.Is(err, io.EOF) {
				s.err = err
			}
		}
	}
	return s.buf[s.begin:min(len(s.buf), s.begin+n)]
}

package lists

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// longestLine is how long a line may be, and a row over several of them, in bytes.
const longestLine = 1 << 20

// line is a physical line.
type line struct {
	n    uint64 // counted from 1
	text string // without what ends it; "" where it is too long
	long bool   // longer than longestLine
}

// lines reads a file line by line. Spreadsheets of all ages write lists: a line ends at CR, LF or both, and a mark at
// the beginning says that the text is UTF-16.
type lines struct {
	in    *bufio.Reader
	again []line // lines that are to be read again, the next one last
	n     uint64 // of the last line that was read of the file
	err   error
	text  []byte // of the line that is being read
}

func newLines(from io.Reader) *lines {
	in := bufio.NewReaderSize(from, 256<<10)
	switch mark, _ := in.Peek(3); {
	case len(mark) == 3 && string(mark) == "\xef\xbb\xbf":
		_, _ = in.Discard(3)
	case len(mark) >= 2 && (string(mark[:2]) == "\xff\xfe" || string(mark[:2]) == "\xfe\xff"):
		wide := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
		in = bufio.NewReaderSize(transform.NewReader(in, wide.NewDecoder()), 256<<10)
	}
	return &lines{in: in}
}

// next returns the next line, and false where there is none, or the file cannot be read further: err says so.
func (l *lines) next() (line, bool) {
	if last := len(l.again) - 1; last >= 0 {
		one := l.again[last]
		l.again = l.again[:last]
		return one, true
	}
	if l.err != nil {
		return line{}, false
	}
	one := line{n: l.n + 1}
	l.text = l.text[:0]
	for begun := false; ; begun = true {
		b, err := l.in.ReadByte()
		if errors.Is(err, io.EOF) && begun {
			break
		}
		if err != nil {
			l.err = err
			return line{}, false
		}
		if b == '\n' {
			break
		}
		if b == '\r' {
			if following, _ := l.in.Peek(1); len(following) == 1 && following[0] == '\n' {
				_, _ = l.in.Discard(1)
			}
			break
		}
		if len(l.text) == longestLine {
			one.long = true
			continue
		}
		l.text = append(l.text, b)
	}
	l.n++
	if !one.long {
		one.text = string(l.text)
	}
	return one, true
}

// unread has lines read again, in their order.
func (l *lines) unread(some []line) {
	for _, one := range slices.Backward(some) {
		l.again = append(l.again, one)
	}
}

// failed says why the file could not be read to its end, nil where it was.
func (l *lines) failed() error {
	if l.err == nil || errors.Is(l.err, io.EOF) {
		return nil
	}
	return fmt.Errorf("line %d cannot be read: %w", l.n+1, l.err)
}

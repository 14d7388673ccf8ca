package strict

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mistake is what somebody did who wrote what is no YAML. Lines and columns count from 1.
type mistake struct {
	line, column int
	msg          string
}

// mistakeIn finds the first mistake in a text that the YAML library refuses, in the words of who wrote it: a bracket or
// quotation mark that is not closed, a tab, a colon without its space. The library knows where it gave up, which is
// often a line further on, and says it in words of its grammar. Nil where none of the usual mistakes is found.
//
// What is read here is a sketch of YAML: indentation, keys, items, texts in quotes, brackets. It is asked for nothing
// but words: whether a text is YAML the library alone decides.
func mistakeIn(text []byte) *mistake {
	if m := badByte(text); m != nil {
		return m
	}
	s := &sketch{}
	plain := strings.TrimPrefix(string(text), "\ufeff")
	for line := range strings.SplitSeq(lineEnds.Replace(plain), "\n") {
		s.lines = append(s.lines, []rune(line))
	}
	for s.row = 0; s.row < len(s.lines) && s.found == nil; s.row++ {
		s.column = 0
		s.line()
	}
	return s.found
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// badByte finds what no text holds.
func badByte(text []byte) *mistake {
	row, column := 1, 1
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return &mistake{row, column, fmt.Sprintf(
				"the byte %#02x is no UTF-8: save the file in that encoding", text[i])}
		case unicode.IsControl(r) && !strings.ContainsRune("\t\n\r\u0085", r):
			return &mistake{row, column, fmt.Sprintf("a control character (U+%04X) stands here: remove it", r)}
		case r == '\n' || r == '\r' && !bytes.HasPrefix(text[i+1:], []byte{'\n'}):
			row, column = row+1, 0
		case r == '\ufeff' && i == 0:
			column = 0
		}
		i, column = i+size, column+1
	}
	return nil
}

// sketch is a text that is being read. Rows and columns count from 0.
type sketch struct {
	lines       [][]rune
	row, column int
	blocks      []block   // collections without brackets that are open, the outermost first
	brackets    []bracket // that are open
	state       state
	begun       spot // of the last text without quotes
	alone       bool // that text has a line of its own, behind no key and no dash
	dashed      *spot
	ended       bool     // the document has, by three dots
	marks       int      // tags and anchors so far
	found       *mistake // the first
}

type spot struct{ row, column int }

type bracket struct {
	opens  rune
	at     spot
	valued bool // the last entry has a colon
}

// state is what may follow the last entry in lines that are indented further.
type state uint8

const (
	wanting state = iota // its value
	inText               // more of its text
	closed               // nothing
)

// fail notes the first mistake.
func (s *sketch) fail(at spot, format string, args ...any) {
	if s.found == nil {
		s.found = &mistake{at.row + 1, at.column + 1, fmt.Sprintf(format, args...)}
	}
}

func (s *sketch) here() spot { return spot{s.row, s.column} }

// peek is the rune so far on in the line, 0 behind its end.
func (s *sketch) peek(ahead int) rune {
	if s.row < len(s.lines) && s.column+ahead < len(s.lines[s.row]) {
		return s.lines[s.row][s.column+ahead]
	}
	return 0
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' || r == 0 }

// skip goes over white space, and tells whether nothing but a comment is left of the line.
func (s *sketch) skip() (over bool) {
	before := s.column == 0 || isBlank(s.peek(-1))
	for r := s.peek(0); r == ' ' || r == '\t'; r = s.peek(0) {
		s.column, before = s.column+1, true
	}
	return s.peek(0) == 0 || s.peek(0) == '#' && before
}

// indent is how many spaces a line begins with.
func indent(line []rune) int {
	for i, r := range line {
		if r != ' ' {
			return i
		}
	}
	return len(line)
}

// line reads a line that begins outside of quotes and brackets.
func (s *sketch) line() {
	s.column = indent(s.lines[s.row])
	at := s.here()
	if s.skip() {
		return
	}
	if s.column > at.column {
		s.fail(at, "a tab stands in the indentation: write spaces")
		return
	}
	if text := string(s.lines[s.row]); strings.HasPrefix(text, "---") || strings.HasPrefix(text, "...") {
		s.blocks, s.state, s.ended = nil, wanting, text[0] == '.'
		return
	}
	if s.ended {
		s.fail(at, secondDocument)
		return
	}
	s.entry()
}

// entry reads an item, a key with its value, or a value that stands alone.
func (s *sketch) entry() {
	start := s.here()
	switch {
	case len(s.blocks) > maxFileDepth, s.peek(0) == '?' && isBlank(s.peek(1)):
		s.row = len(s.lines) // too deep, or what nobody writes: the library says it
	case s.peek(0) == '-' && isBlank(s.peek(1)):
		if s.state == inText && !s.alone && len(s.blocks) > 0 && start.column > s.last().column {
			return // more of the text above
		}
		if !s.place(start, true) {
			return
		}
		s.column++
		if s.state = wanting; !s.skip() {
			s.entry()
		}
	case s.key():
		behind := s.here()
		if s.column = start.column; !s.place(start, false) {
			return
		}
		s.dashed = nil
		if s.peek(0) == '-' {
			s.dashed = &start
		}
		s.row, s.column = behind.row, behind.column
		if s.state = wanting; !s.skip() {
			s.value(false)
		}
	case s.found != nil:
	case s.state == wanting && (len(s.blocks) == 0 || start.column > s.last().column):
		s.value(true)
	case s.state == inText && (len(s.blocks) == 0 || start.column > s.last().column):
		// more of the text above
	case s.peek(0) == '[' || s.peek(0) == '{':
		s.row = len(s.lines) // a key in brackets, which is a fault of another kind
	default:
		s.failLone(start)
	}
}

func (s *sketch) last() block { return s.blocks[len(s.blocks)-1] }

// key goes behind the colon of the key that stands here; false, and where it was, where none does.
func (s *sketch) key() bool {
	start := s.here()
	quote := s.peek(0)
	if quote == '"' || quote == '\'' {
		if !s.quoted() {
			return false
		}
		if s.row == start.row && s.peek(0) == ':' && isBlank(s.peek(1)) {
			s.column++
			return true
		}
		s.row, s.column = start.row, start.column
		return false
	}
	if strings.ContainsRune("[]{},|>@`%!&*#", quote) {
		return false
	}
	if colon := s.colon(); colon >= 0 {
		s.column = colon + 1
		return true
	}
	return false
}

// colon finds the column of the colon that ends a key, in what is left of the line; -1 where there is none.
func (s *sketch) colon() int {
	line := s.lines[s.row]
	for i := s.column; i < len(line); i++ {
		switch {
		case line[i] == ':' && (i+1 == len(line) || isBlank(line[i+1])):
			return i
		case line[i] == '#' && i > s.column && isBlank(line[i-1]):
			return -1
		}
	}
	return -1
}

// value reads what stands behind a key or a dash, or alone in its line.
func (s *sketch) value(alone bool) {
	start := s.here()
	s.state = closed
	switch r := s.peek(0); r {
	case '"', '\'':
		if s.quoted() {
			s.behind(start, r)
		}
	case '[', '{':
		if s.flow() {
			s.behind(start, r)
		}
	case '|', '>':
		s.literal(r)
	case '!', '&':
		if r == '&' && !isName(s.peek(1)) {
			s.failBegins(r)
			return
		}
		for !isBlank(s.peek(0)) {
			s.column++
		}
		if s.marks++; s.marks > maxFileDepth {
			s.row = len(s.lines) // nobody writes so many
			return
		}
		if s.state = wanting; !s.skip() {
			s.entry()
		}
	default:
		if r == '-' && isBlank(s.peek(1)) {
			s.fail(start, "a list cannot begin in the line of its key: begin a new line, or put the text in quotes")
		} else if s.begins(r) {
			s.text(alone)
		}
	}
}

// text reads a text without quotes, up to the end of the line.
func (s *sketch) text(alone bool) {
	s.state, s.begun, s.alone = inText, s.here(), alone
	if colon := s.colon(); colon >= 0 && !alone {
		s.fail(spot{s.row, colon}, "a colon with a space behind it stands in the text: put the text in quotes")
	}
}

// literal reads a text in lines of its own, as they are or folded.
func (s *sketch) literal(sign rune) {
	s.column++
	counted := false // by a digit behind the sign
	for r := s.peek(0); r == '+' || r == '-' || r >= '1' && r <= '9'; r = s.peek(0) {
		counted = counted || r != '+' && r != '-'
		s.column++
	}
	if !s.skip() {
		s.fail(s.here(), "text stands behind %c: begin it in the next line, indented", sign)
		return
	}
	least := 0 // how far a line of the text is indented; the first one says it
	if len(s.blocks) > 0 {
		least = s.last().column + 1
	}
	for first := true; s.row+1 < len(s.lines); s.row++ {
		next := s.lines[s.row+1]
		n := indent(next)
		switch {
		case n == len(next): // empty
		case n < least:
			return
		case first && !counted:
			first, least = false, n
		}
	}
}

func isName(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-' }

// begins tells whether a text without quotes may begin with a rune.
func (s *sketch) begins(r rune) bool {
	switch {
	case r == '*' && isName(s.peek(1)):
		end := 1
		for isName(s.peek(end)) {
			end++
		}
		name := string(s.lines[s.row][s.column+1 : s.column+end])
		s.fail(s.here(), "aliases are not read: write out what *%s stands for", Shortened(name))
	case r == ']' || r == '}':
		s.failCloses(r)
	case strings.ContainsRune("*&@`%,|>", r):
		s.failBegins(r)
	default:
		return true
	}
	return false
}

func (s *sketch) failBegins(r rune) {
	s.fail(s.here(), "a text cannot begin with %c: put it in quotes, as in \"%c\"", r, r)
}

func (s *sketch) failCloses(r rune) {
	s.fail(s.here(), "this %c closes nothing: remove it, or write %c where what it closes begins", r, other[r])
}

// behind looks at what follows a text in quotes, or brackets, which began somewhere.
func (s *sketch) behind(start spot, sign rune) {
	if s.skip() {
		return
	}
	quote := sign == '"' || sign == '\''
	switch r := s.peek(0); {
	case quote && s.row > start.row:
		s.failQuote(start, sign)
	case quote && r == ':':
		s.fail(s.here(), "a space is missing behind the colon")
	case quote:
		s.fail(s.here(),
			"text stands behind the closing quotation mark: put all of it in quotes, and write %s for one inside",
			map[rune]string{'"': `\"`, '\'': "''"}[sign])
	case r == ']' || r == '}':
		s.failCloses(r)
	default:
		s.fail(s.here(), "text stands behind the closing %c: begin a new line, or put all of it in quotes", other[sign])
	}
}

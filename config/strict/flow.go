package strict

import (
	"strings"
)

var other = map[rune]rune{'[': ']', '{': '}', ']': '[', '}': '{'}

// flow reads what stands in brackets, over as many lines as it takes.
func (s *sketch) flow() bool {
	after := false  // a value is complete: a comma, a colon or a closing bracket follows
	inText := false // a text without quotes may go on
	for s.found == nil {
		if s.skip() {
			if !s.next() {
				return false
			}
			continue
		}
		switch r := s.peek(0); {
		case inText && strings.ContainsRune("[{\"'", r):
			s.failComma()
		case r == '[' || r == '{':
			if after {
				s.failComma()
				return false
			}
			s.brackets = append(s.brackets, bracket{opens: r, at: s.here()})
			s.column++
		case r == ']' || r == '}':
			top := s.brackets[len(s.brackets)-1]
			if other[r] != top.opens {
				s.fail(top.at,
					"this %c is not closed: write %c before the %c in line %d", top.opens, other[top.opens], r, s.row+1)
				return false
			}
			s.column++
			after, inText = true, false
			if s.brackets = s.brackets[:len(s.brackets)-1]; len(s.brackets) == 0 {
				return true
			}
		case r == ',' || r == ':' && (after || isBlank(s.peek(1))):
			if !s.separates(r) {
				return false
			}
			s.column++
			after, inText = false, false
		case after:
			s.failComma()
		case r == '"' || r == '\'':
			s.quoted()
			after = true
		case r == '!' || r == '&' && isName(s.peek(1)):
			for r := s.peek(0); !isBlank(r) && !strings.ContainsRune(",[]{}", r); r = s.peek(0) {
				s.column++
			}
		case r == ':' && s.peek(1) == ':':
			s.failColons()
		case s.begins(r):
			s.flowText()
			inText = true
		}
	}
	return false
}

// failComma says what is missing between two values.
func (s *sketch) failComma() {
	if top := s.brackets[len(s.brackets)-1]; top.opens == '{' && !top.valued {
		s.fail(s.here(), "a colon is missing before this, and a space behind the colon")
		return
	}
	s.fail(s.here(), "a comma is missing before this")
}

// failColons says how a text is written in brackets that begins as an address of IPv6 may, ::1.
func (s *sketch) failColons() {
	end := s.column
	for end < len(s.lines[s.row]) && !isBlank(s.lines[s.row][end]) && !strings.ContainsRune(",[]{}", s.lines[s.row][end]) {
		end++
	}
	s.fail(s.here(), "a text in brackets that begins with a colon has to stand in quotes: write \"%s\"",
		Shortened(string(s.lines[s.row][s.column:end])))
}

// separates takes a comma or a colon. A second colon shows that a comma is missing before the word in front of it.
func (s *sketch) separates(r rune) bool {
	top := &s.brackets[len(s.brackets)-1]
	if r == ':' && top.valued {
		for s.column > 0 && !isBlank(s.peek(-1)) {
			s.column--
		}
		s.failComma()
		return false
	}
	top.valued = r == ':'
	return true
}

// flowText goes behind a text without quotes.
func (s *sketch) flowText() {
	s.column++
	for r := s.peek(0); r != 0; r = s.peek(0) {
		behind := s.peek(1)
		if strings.ContainsRune(",[]{}", r) || r == ':' && (isBlank(behind) || strings.ContainsRune(",[]{}", behind)) ||
			r == '#' && isBlank(s.peek(-1)) {
			return
		}
		s.column++
	}
}

// next goes to the next line inside brackets. A line that looks like an entry, and is indented no further than the one
// in which the bracket was opened, shows that it was to be closed before.
func (s *sketch) next() bool {
	top := s.brackets[len(s.brackets)-1]
	s.row, s.column = s.row+1, 0
	if s.row == len(s.lines) || s.isEntry(s.row, s.brackets[0].at.row) {
		noun := map[rune]string{'[': "list", '{': "mapping"}[top.opens]
		s.fail(top.at, "this %c is not closed: write %c where the %s ends", top.opens, other[top.opens], noun)
		return false
	}
	return true
}

// isEntry tells whether a line looks like a key or an item that is indented no further than another line.
func (s *sketch) isEntry(row, above int) bool {
	line := s.lines[row]
	n := indent(line)
	at := sketch{lines: s.lines, row: row, column: n}
	deep := indent(s.lines[above])
	for deep+1 < len(s.lines[above]) && s.lines[above][deep] == '-' && s.lines[above][deep+1] == ' ' {
		deep += 2 // what follows a dash begins a line of its own
	}
	return n < len(line) && n <= deep && (line[n] == '-' && isBlank(at.peek(1)) || isName(line[n]) && at.colon() >= 0)
}

// quoted goes behind a text in quotes, over as many lines as it takes.
func (s *sketch) quoted() bool {
	start, quote := s.here(), s.peek(0)
	s.column++
	for {
		switch r := s.peek(0); {
		case r == 0:
			above := start.row
			if len(s.brackets) > 0 {
				above = s.brackets[0].at.row
			}
			if s.row, s.column = s.row+1, 0; s.row == len(s.lines) || s.isEntry(s.row, above) {
				s.failQuote(start, quote)
				return false
			}
		case r == quote && quote == '\'' && s.peek(1) == '\'':
			s.column += 2
		case r == quote:
			s.column++
			return true
		case r == '\\' && quote == '"':
			if escaped := s.peek(1); escaped != 0 && !strings.ContainsRune("0abt\tnvfre \"/\\N_LPxuU", escaped) {
				s.fail(s.here(),
					"\\%c means nothing in double quotes: write \\\\%c, or use single quotes", escaped, escaped)
				return false
			}
			s.column += 2
		default:
			s.column++
		}
	}
}

func (s *sketch) failQuote(at spot, quote rune) {
	s.fail(at, "this quotation mark is not closed: write another %c where the text ends", quote)
}

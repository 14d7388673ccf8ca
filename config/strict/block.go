package strict

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// block is a list or a mapping, one entry a line, whose entries begin in a column.
type block struct {
	column int
	list   bool
}

// place finds the collection that an entry belongs to, by its column. It closes those that end there, and opens one.
func (s *sketch) place(at spot, list bool) bool {
	var closing *block
	for len(s.blocks) > 0 && s.last().column > at.column {
		b := s.last()
		closing, s.blocks, s.state = &b, s.blocks[:len(s.blocks)-1], closed
	}
	if len(s.blocks) == 0 && closing == nil || len(s.blocks) > 0 && s.last().column < at.column && closing == nil {
		if s.state == wanting {
			s.blocks = append(s.blocks, block{at.column, list})
			return true
		}
		return s.failDeeper(at)
	}
	if len(s.blocks) == 0 || s.last().column < at.column {
		columns := strconv.Itoa(closing.column + 1)
		if len(s.blocks) > 0 {
			columns = fmt.Sprintf("%d or %d", s.last().column+1, closing.column+1)
		}
		s.fail(at, "the line begins in a column that no line above begins in: move it to column %s", columns)
		return false
	}
	switch {
	case s.last().list == list:
	case list && s.state == wanting && closing == nil:
		s.blocks = append(s.blocks, block{at.column, true})
	case list:
		s.fail(at,
			"an item of a list stands among keys: indent it below the key that it belongs to, or remove the dash")
		return false
	case len(s.blocks) > 1 && s.blocks[len(s.blocks)-2].column == at.column:
		s.blocks = s.blocks[:len(s.blocks)-1] // the list stood in the column of its own key
	default:
		s.fail(at, "a dash is missing: each item of the list begins with a dash and a space")
		return false
	}
	return true
}

// failDeeper says what is wrong where an entry is indented further than the one above, which has its value already.
func (s *sketch) failDeeper(at spot) bool {
	switch {
	case s.state == inText && s.alone:
		s.failLone(s.begun)
	case s.dashed != nil:
		s.fail(*s.dashed, "a space is missing behind the dash: an item begins with both")
	case len(s.blocks) == 0:
		s.failLone(spot{0, 0})
	default:
		s.fail(at, "the line is indented further than the one above, which has a value already: begin it in column %d",
			s.last().column+1)
	}
	return false
}

var unspaced = regexp.MustCompile(`^["']?([A-Za-z0-9._-]+)["']?:([^\s/:][^:]*)$`)

// failLone says what is wrong with a line that is neither a key with its value nor an item.
func (s *sketch) failLone(at spot) {
	line := s.lines[at.row][min(at.column, len(s.lines[at.row])):]
	text := strings.TrimSpace(string(line))
	switch m := unspaced.FindStringSubmatch(text); {
	case m != nil:
		s.fail(at, "a space is missing behind the colon: write %s: %s", Shortened(m[1]), Shortened(m[2]))
	case len(line) > 1 && line[0] == '-':
		s.fail(at, "a space is missing behind the dash: an item begins with both")
	case len(s.blocks) > 0 && s.last().list && s.last().column == at.column:
		s.fail(at, "a dash is missing: each item of the list begins with a dash and a space")
	default:
		s.fail(at, "a colon is missing: a key is followed by a colon and a space, as in name: value")
	}
}

package main

import (
	"bytes"
	"fmt"
	"strings"
)

// readEdits reads mutants that somebody wrote by hand. Records are separated by blank lines:
//
//	# a remark
//	rules/encode.go
//	- the lines as they stand, each behind "- "
//	+ the lines that take their place, each behind "+ "; none where they only go
//
// The lines must stand in the file once, whatever they are indented by.
func readEdits(name string, text []byte, open func(string) ([]byte, error)) ([]mutant, error) {
	var (
		all   []mutant
		m     mutant
		minus []string
		plus  []string
		begun int
	)
	end := func() error {
		if m.file == "" && len(minus) == 0 && len(plus) == 0 {
			m = mutant{}
			return nil // a remark alone
		}
		if m.file == "" || len(minus) == 0 {
			return fmt.Errorf("%s:%d: a mutant needs a file, and the lines of it that change (\"- ...\")", name, begun)
		}
		source, err := open(m.file)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", name, begun, err)
		}
		if err := m.locate(source, minus, plus); err != nil {
			return fmt.Errorf("%s:%d: %w", name, begun, err)
		}
		all = append(all, m)
		m, minus, plus = mutant{}, nil, nil
		return nil
	}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if m.file == "" && m.remark == "" && minus == nil {
			begun = number
		}
		switch {
		case strings.TrimSpace(line) == "":
			if err := end(); err != nil {
				return nil, err
			}
		case strings.HasPrefix(line, "# "):
			m.remark = strings.TrimSpace(m.remark + " " + line[2:])
		case strings.HasPrefix(line, "- "), line == "-":
			minus = append(minus, strings.TrimSpace(line[1:]))
		case strings.HasPrefix(line, "+ "), line == "+":
			plus = append(plus, strings.TrimSpace(line[1:]))
		default:
			m.file = strings.TrimSpace(line)
		}
	}
	return all, end()
}

// locate finds the lines that change.
func (m *mutant) locate(source []byte, minus, plus []string) error {
	m.kind, m.text, m.executed = "edit", source, true
	m.old, m.new = strings.Join(minus, "\n"), strings.Join(plus, "\n")+"\n"
	lines := bytes.SplitAfter(source, []byte("\n"))
	places, offset := 0, 0
	for i := range lines {
		if length, same := begins(lines[i:], minus); same {
			places++
			m.line, m.from, m.to = i+1, offset, offset+length
		}
		offset += len(lines[i])
	}
	if places != 1 {
		return fmt.Errorf("%s has these lines %d times, not once: %s", m.file, places, oneLine(m.old))
	}
	return nil
}

// begins reports whether lines begin with others, and how many bytes these are.
func begins(lines [][]byte, with []string) (length int, same bool) {
	if len(with) > len(lines) {
		return 0, false
	}
	for i := range with {
		if string(bytes.TrimSpace(lines[i])) != with[i] {
			return 0, false
		}
		length += len(lines[i])
	}
	return length, true
}

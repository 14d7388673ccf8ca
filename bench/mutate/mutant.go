package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
)

// mutant is one change of one file.
type mutant struct {
	kind    string   // "err", "bound" ...; "edit" for one that was written by hand
	file    string   // its path, as it is opened
	line    int      // from 1
	counted struct { // the place that is looked for in the coverage
		line, column int
	}
	from, to int // the bytes that are replaced
	old, new string
	remark   string // what a list says about it
	executed bool   // some test comes by
	text     []byte // the whole file as it stands, shared among its mutants
}

// place is file:line, as an editor opens it.
func (m *mutant) place() string { return fmt.Sprintf("%s:%d", filepath.ToSlash(m.file), m.line) }

// change is what is replaced by what, in one line.
func (m *mutant) change() string {
	if m.kind == "edit" && m.remark != "" {
		return m.remark
	}
	return m.kind + ": `" + oneLine(m.old) + "` -> `" + oneLine(m.new) + "`"
}

// source is the file with the change made.
func (m *mutant) source() []byte {
	return bytes.Join([][]byte{m.text[:m.from], []byte(m.new), m.text[m.to:]}, nil)
}

const longest = 100

func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > longest {
		return text[:longest/2] + " ... " + text[len(text)-longest/2:]
	}
	return text
}

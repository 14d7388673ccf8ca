package main

import (
	"bufio"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/ledger/words"
)

// recordPrinter shows records.
type recordPrinter struct {
	t     *terminal
	json  bool
	out   *bufio.Writer
	table *recordTable // nil: they are shown as no table
	shown int
}

// newRecordPrinter shows them as text, as they are stored, or as a table.
func newRecordPrinter(t *terminal, form string) *recordPrinter {
	p := &recordPrinter{t: t, json: form == "json"}
	if form != "text" {
		p.out = bufio.NewWriter(t.document()) // who hashes a line needs each byte of it
	} else {
		p.out = bufio.NewWriter(t.out)
	}
	if form == "csv" {
		p.table = newRecordTable(p.out)
		p.table.begin()
	}
	return p
}

// flush writes what is held back. Whoever reads it may be gone, and cannot be told so then.
func (p *recordPrinter) flush() {
	if p.table != nil {
		_ = p.table.flush()
	}
	_ = p.out.Flush()
}

// all shows the records that a reader comes by, as long as more says so. What is damaged is named and passed over, and
// makes the exit code.
func (p *recordPrinter) all(r *ledger.Reader, more func() bool) (code int) {
	defer p.flush()
	for {
		for r.Next() {
			if !more() {
				return code
			}
			p.show(r)
		}
		if r.Err() == nil {
			return code
		}
		p.flush()
		p.t.fail("%v", r.Err())
		if code = usage; !r.Skip() {
			return code
		}
	}
}

// show shows the record that a reader is at.
func (p *recordPrinter) show(r *ledger.Reader) {
	number, known := r.Number()
	p.showFound(&query.Found{Number: number, Numbered: known, Record: r.Record()}, false)
}

// showFound shows a record that was asked for, with what it names.
func (p *recordPrinter) showFound(f *query.Found, wide bool) {
	p.shown++
	if p.table != nil {
		_ = p.table.row(f) // whoever reads it may be gone
		return
	}
	if p.json {
		for _, line := range f.Lines() {
			_, _ = p.out.Write(line)
			_ = p.out.WriteByte('\n')
		}
		return
	}
	if f.Numbered {
		printf(p.out, "#%d  ", f.Number)
	}
	printf(p.out, "%s\n", words.Line(f.Record, words.Names{Shape: f.Shape, Rungs: f.Rungs, Wide: wide}))
}

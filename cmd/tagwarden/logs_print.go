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
	shown int
}

// newRecordPrinter shows them as text, or as they are stored.
func newRecordPrinter(t *terminal, form string) *recordPrinter {
	p := &recordPrinter{t: t, json: form == "json"}
	if form != "text" {
		p.out = bufio.NewWriter(t.document()) // who hashes a line needs each byte of it
	} else {
		p.out = bufio.NewWriter(t.out)
	}
	return p
}

// all shows the records that a reader comes by, as long as more says so. What is damaged is named and passed over, and
// makes the exit code.
func (p *recordPrinter) all(r *ledger.Reader, more func() bool) (code int) {
	defer func() { _ = p.out.Flush() }()
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
		_ = p.out.Flush()
		p.t.fail("%v", r.Err())
		if code = usage; !r.Skip() {
			return code
		}
	}
}

// show shows the record that a reader is at.
func (p *recordPrinter) show(r *ledger.Reader) {
	number, known := r.Number()
	p.showNumbered(number, known, r.Record())
}

// showNumbered shows a record, with its number where that is known.
func (p *recordPrinter) showNumbered(number uint64, known bool, record []byte) {
	p.shown++
	if p.json {
		_, _ = p.out.Write(record)
		_ = p.out.WriteByte('\n')
		return
	}
	if known {
		printf(p.out, "#%d  ", number)
	}
	printf(p.out, "%s\n", words.Line(record, words.Names{}))
}

// showFound shows a record that was asked for, with what it names.
func (p *recordPrinter) showFound(f *query.Found, wide bool) {
	p.shown++
	if p.json {
		for _, line := range append([][]byte{f.Record}, f.Parts...) {
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

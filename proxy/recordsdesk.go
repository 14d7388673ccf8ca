package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// How far one page goes: so many records are looked at, and for so long; so many bytes are answered. Who asked is told
// where it ended, and goes on from there. What cannot be cut into pages takes no longer than longestAnswer.
const (
	mostExamined  = 2_000_000
	longestSearch = 4 * time.Second
	longestAnswer = 30 * time.Second
	mostAnswered  = 8 << 20
)

// recordsDesk reads the ledger's records for those who may.
type recordsDesk struct {
	dir     string
	next    func() uint64 // the number of the next record
	elapsed func() time.Duration
	inForce func() *Snapshot
	words   *PolicyWords
}

var _ api.Records = (*recordsDesk)(nil)

// Search finds the records that fit. What the log is asked is asked as package query does, and no index
// is written here: the ledger does that.
func (d *recordsDesk) Search(ctx context.Context, ask api.RecordsAsk) (api.RecordsPage, error) {
	ctx, end := context.WithTimeout(ctx, longestAnswer)
	defer end()
	d.words.Tell(&ask.Question, d.inForce().Loaded, false, func(string) {})
	page := api.RecordsPage{Records: []api.NumberedRecord{}, Of: d.next()}
	size, full := 0, uint64(0)
	tally, err := query.Open(d.dir, query.Options{Enough: d.enough()}).Ask(ctx, &ask.Question, func(f *query.Found) bool {
		one := numbered(f, ask.Wide)
		if size += sizeOf(&one); size > mostAnswered && len(page.Records) > 0 {
			full = f.Number
			return false
		}
		page.Records = append(page.Records, one)
		return true
	})
	if err != nil {
		return page, tooMuch(err)
	}
	page.Examined, page.Damaged, page.Whole, page.Next = tally.Read, tally.Damaged, !tally.More, tally.Next
	if full > 0 {
		page.Whole, page.Next = false, full
	}
	return page, nil
}

// enough tells when a page has gone as far as one goes.
func (d *recordsDesk) enough() func(read uint64) bool {
	began := time.Duration(-1)
	return func(read uint64) bool {
		if began < 0 {
			began = d.elapsed()
		}
		return read >= mostExamined || d.elapsed()-began >= longestSearch
	}
}

// tooMuch says of a question that was not answered in time that it asks for too much.
func tooMuch(err error) error {
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return problem.New(http.StatusUnprocessableEntity, "too-much", fmt.Sprintf("to answer that, the log would be read "+
		"for longer than %v: ask about a shorter time, or fewer records; a command on the server's own files is not bounded",
		longestAnswer))
}

// numbered is a record that was found, and what it names where wide.
func numbered(f *query.Found, wide bool) api.NumberedRecord {
	one := api.NumberedRecord{Number: f.Number, Record: bytes.Clone(f.Record)}
	for _, part := range f.Parts {
		one.Parts = append(one.Parts, bytes.Clone(part))
	}
	if !wide {
		return one
	}
	one.Rungs = bytes.Clone(f.Rungs)
	if s := f.Shape; s != nil {
		one.Shape = &api.RecordShape{ID: s.ID, Kept: orNone(s.Kept), Changed: orNone(s.Changed), Dropped: orNone(s.Dropped)}
	}
	return one
}

func orNone(all []string) []string {
	if all == nil {
		return []string{}
	}
	return slices.Clone(all)
}

// sizeOf is about how many bytes a record takes in an answer.
func sizeOf(one *api.NumberedRecord) int {
	n := len(one.Record) + len(one.Rungs)
	for _, part := range one.Parts {
		n += len(part)
	}
	if s := one.Shape; s != nil {
		for _, name := range slices.Concat(s.Kept, s.Changed, s.Dropped) {
			n += len(name)
		}
	}
	return n
}

// Record is one record's line.
func (d *recordsDesk) Record(_ context.Context, number uint64) ([]byte, error) {
	line, by, err := d.find(number)
	if err == nil && line == nil {
		err = api.Gone(number, by)
	}
	return line, err
}

// find looks for a record; where its line is gone, for the one that says why.
func (d *recordsDesk) find(number uint64) (line []byte, by *uint64, err error) {
	if next := d.next(); number >= next {
		return nil, nil, api.Unknown(number, next)
	}
	return audit.Find(d.dir, number)
}

// Proof proves that a record is in the log, against the newest checkpoint.
func (d *recordsDesk) Proof(_ context.Context, number uint64) ([]byte, error) {
	line, by, err := d.find(number)
	if err != nil {
		return nil, err
	}
	if line == nil && by == nil {
		return nil, api.Gone(number, nil)
	}
	file, err := audit.Prove(d.dir, number, "")
	if errors.Is(err, audit.ErrNotSigned) {
		p := problem.New(http.StatusServiceUnavailable, "unsigned",
			"no checkpoint covers the record yet: the server signs one every few seconds")
		p.Retry = 5
		return nil, p
	}
	return file, err
}

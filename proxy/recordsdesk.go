package proxy

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// How far one search goes: so many records are looked at, and for so long; so many bytes are answered. Who asked is told
// where it ended, and goes on from there.
const (
	mostExamined  = 2_000_000
	longestSearch = 4 * time.Second
	mostAnswered  = 8 << 20
	lookedAfter   = 1024 // records between two looks at the clock
)

// recordsDesk reads the ledger's records for those who may.
type recordsDesk struct {
	dir     string
	next    func() uint64 // the number of the next record
	elapsed func() time.Duration
}

var _ api.Records = (*recordsDesk)(nil)

// Search finds the records that fit, from the beginning of the segment on that the first one is in, for what that names
// stands before it.
func (d *recordsDesk) Search(ctx context.Context, ask api.RecordsAsk) (api.RecordsPage, error) {
	page := api.RecordsPage{Records: []api.NumberedRecord{}, Of: d.next(), Whole: true}
	first, err := ledger.SegmentOf(d.dir, ask.Begin)
	if err != nil {
		return page, err
	}
	r := ledger.Read(d.dir, first)
	defer func() { _ = r.Close() }()
	wanted := (&ledger.Query{From: ask.From, To: ask.To, Members: ask.Members}).Matcher()
	began, size := d.elapsed(), 0
	for {
		for r.Next() {
			number, known := r.Number()
			if !known {
				continue
			}
			if ask.End != 0 && number >= ask.End {
				return page, nil
			}
			if fits := wanted(r.Record()); number < ask.Begin {
				continue
			} else if fits {
				full := len(page.Records) == ask.Limit || size+len(r.Record()) > mostAnswered && size > 0
				if full {
					page.Whole, page.Next = false, number
					return page, nil
				}
				size += len(r.Record())
				page.Records = append(page.Records, api.NumberedRecord{Number: number, Record: bytes.Clone(r.Record())})
			}
			if page.Examined++; page.Examined%lookedAfter == 0 && d.enough(ctx, page.Examined, began) {
				page.Whole, page.Next = false, number+1
				return page, ctx.Err()
			}
		}
		if r.Err() == nil {
			return page, nil
		}
		if page.Damaged++; !r.Skip() {
			return page, r.Err()
		}
	}
}

// enough tells whether a search has gone as far as one goes.
func (d *recordsDesk) enough(ctx context.Context, examined uint64, began time.Duration) bool {
	return ctx.Err() != nil || examined >= mostExamined || d.elapsed()-began >= longestSearch
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

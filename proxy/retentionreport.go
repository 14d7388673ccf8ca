package proxy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// Retention says what the ledger keeps, and what is not to be kept any more.
func (d *eraserDesk) Retention(ctx context.Context) (out api.Retention, err error) {
	r, now := d.retention, d.opts.Now()
	keeps := &d.opts.InForce().Loaded.Server.Ledger
	out = api.Retention{
		Kept: periodsIn(keeps), Records: d.ledger.State().Records, Windows: []api.RetentionWindow{},
		Overdue: []api.RetentionLate{},
		Erasing: len(d.ledger.Eraser.Unfinished()),
	}
	if from, recorded := r.from(); recorded && out.Kept != "" {
		out.Counts = &from
	}
	if err := d.segments(&out, now); err != nil {
		return out, err
	}
	runs, err := r.apply(ctx, true)
	if err != nil {
		return out, err
	}
	for i := range runs {
		run := &runs[i]
		out.Windows = append(out.Windows, api.RetentionWindow{
			Window: run.Window.Name(), Retain: run.Window.Retain.String(), Before: run.Before.UTC(), Records: run.Records,
			Segments: run.Segments, NotEnded: run.Kept,
		})
		if run.Kept > 0 {
			out.Late(fmt.Sprintf("%s of %s", plural.Of(run.Kept, "record"), run.Window.Name()),
				"their events have not ended: they wait for their vendors, "+
					"or are parked")
		}
	}
	d.nextRun(&out, now)
	if out.Erasing > 0 {
		why := "an earlier process was kept from it: the server does it within minutes"
		if d.ledger.Eraser.Copied() {
			why = "a copy of the data folder is under way"
		}
		out.Late(fmt.Sprintf("lines of %s that are recorded to go", plural.Of(out.Erasing, "segment")), why)
	}
	return out, nil
}

// nextRun says when windows are applied next.
func (d *eraserDesk) nextRun(out *api.Retention, now time.Time) {
	if len(out.Windows) == 0 || out.Counts == nil || !d.running {
		return
	}
	d.retention.mu.Lock()
	ran := d.retention.ran
	d.retention.mu.Unlock()
	at := now
	if !ran.IsZero() {
		at = ran.Add(betweenRuns)
	}
	if at.Before(*out.Counts) {
		at = *out.Counts
	}
	at = at.UTC()
	out.Next = &at
}

// segments says which segments there are, and which of them go.
func (d *eraserDesk) segments(out *api.Retention, now time.Time) error {
	all, err := ledger.Segments(ledgerDir(d.opts.InForce().Loaded))
	if err != nil {
		return err
	}
	before := d.retention.before(now)
	if !before.IsZero() {
		out.Retain = &api.RetentionSpan{Before: before.UTC()}
	}
	kept := d.opts.InForce().Loaded.Server.Ledger.Retain.Duration()
	for i := range all {
		if all[i].Old {
			continue
		}
		if out.Segments++; out.Segments == 1 {
			out.Deleted = all[i].First
		}
		of, _, err := ledger.ReadSummary(ledgerDir(d.opts.InForce().Loaded), all[i].First)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it is not sealed
		}
		if err != nil {
			return err
		}
		if out.Oldest == nil {
			from := of.From.UTC()
			out.Oldest = &from
		}
		switch {
		case out.Retain == nil:
		case of.To.Before(before):
			out.Retain.Segments++
			out.Retain.Records += of.End - of.First
		case of.To.Before(now.Add(-kept)):
			out.Late(fmt.Sprintf("records %d to %d", of.First, of.End-1),
				"what a start must know is in them, and is recorded again within a day")
		}
	}
	return d.lateSegments(out)
}

// lateSegments says why segments that are older have not gone.
func (d *eraserDesk) lateSegments(out *api.Retention) error {
	if out.Retain == nil || out.Retain.Segments == 0 {
		return nil
	}
	what := fmt.Sprintf("%s in %s", plural.Of(out.Retain.Records, "record"), plural.Of(out.Retain.Segments, "segment"))
	switch {
	case out.Counts == nil:
		out.Late(what, "it is not recorded yet for how long records are kept: the server does so when it starts")
	case d.opts.Now().Before(*out.Counts):
		out.Late(what, "what the configuration says counts from "+out.Counts.UTC().Format(time.RFC3339)+" on")
	case d.ledger.Eraser.Copied():
		out.Late(what, "a copy of the data folder is under way")
	case !d.running:
		out.Late(what, "no server runs on this data folder")
	}
	return nil
}

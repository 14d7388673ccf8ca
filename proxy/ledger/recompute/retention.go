package recompute

import (
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// overdue are records that are there longer than they are to be kept.
type overdue struct {
	all  []late
	open bool // the last of them may go on
}

// late are such records, one behind the other.
type late struct {
	span
	kept time.Duration
	from time.Time
}

// kept holds a record's age against how long it is to be kept: whole segments are deleted once all of their records may
// be, and not at every moment.
func (w *walk) kept(site string, purposes []string) {
	if w.opts.Kept == nil || w.opts.Now.IsZero() || w.line.kind == ledger.KindEvent && site == "" {
		return
	}
	o := &w.overdue
	kept := w.opts.Kept(w.line.kind, site, purposes)
	if kept <= 0 || w.line.at.IsZero() || !w.line.at.Add(kept).Before(w.opts.Now) {
		o.open = false
		return
	}
	w.report.Retention.Overdue++
	if n := len(o.all); o.open && o.all[n-1].end == w.line.number && o.all[n-1].kept == kept {
		o.all[n-1].end++
		return
	}
	o.all, o.open = append(o.all, late{span{w.line.number, w.line.number + 1}, kept, w.line.at}), true
}

// finish says which they are.
func (o *overdue) finish(w *walk) {
	for _, l := range o.all {
		w.found(Finding{
			Kind: KeptTooLong, Records: []uint64{l.first}, End: l.end,
			What: fmt.Sprintf("of %s on, and to be kept for %s", l.from.UTC().Format(time.DateOnly), days(l.kept)),
		})
	}
}

// days puts a span into words.
func days(d time.Duration) string {
	if d >= 48*time.Hour {
		return plural.Of(int(d/(24*time.Hour)), "day")
	}
	return d.String()
}

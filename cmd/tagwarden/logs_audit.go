package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
	"github.com/tagwarden/tagwarden/rules"
)

// logsAudit recomputes compliance from the records of a ledger. Exit codes: 1 where something was found.
func logsAudit(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("logs audit", "[--config FILE | --dir DIR] [--policies DIR] [--since TIME] [--until TIME] "+
		"[--format text|json|html] [--out FILE]")
	of := t.ledgerFlags(f)
	policies := f.String("policies", "", "the folder of policies by their digests; policies beside the ledger's folder, where none is given")
	o := recompute.Options{Now: t.now()}
	f.Func("since", "say something of records from this time on: RFC 3339, or so long ago: 7d, 12h", sinceInto(&o.Since, o.Now))
	f.Func("until", "and before this time", sinceInto(&o.Until, o.Now))
	out := f.String("out", "", "the file that the report is written to")
	form := format(f, "json", "html")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	dir, code := of.written(t)
	if dir == "" {
		return code
	}
	o.Dir = dir
	if code := (auditing{t}).configure(of, &o); code != fine {
		return code
	}
	o.Compile = compileIn(policiesBeside(*policies, dir))
	report, err := auditing{t}.run(ctx, o)
	if err != nil {
		return t.failed(fmt.Errorf("the log cannot be audited: %w", err))
	}
	if code := (auditing{t}).write(report, *form, *out); code != fine {
		return code
	}
	if len(report.Findings) > 0 {
		return findings
	}
	return fine
}

// sinceInto reads a time, or how long before now one was.
func sinceInto(to *time.Time, now time.Time) func(string) error {
	return func(given string) (err error) {
		*to, err = query.ParseTime(given, now)
		return err
	}
}

// notOnce is how much later than at once the server deletes what is old: it looks now and then, at whole segments.
const notOnce = 26 * time.Hour

// auditing is how an audit is made and shown.
type auditing struct{ t *terminal }

// configure fills in what a server file says: how long events wait, and how long records are kept.
func (a auditing) configure(of ledgerFlags, o *recompute.Options) int {
	if *of.dir != "" {
		return fine
	}
	loaded, code := a.t.load(*of.config)
	if loaded == nil {
		return code
	}
	server := &loaded.Server
	o.Waits = time.Duration(server.Delivery.TTL) + time.Duration(server.Delivery.Park.For)
	o.Kept = keptBy(&server.Ledger, server.Delivery.Park.For)
	return fine
}

// keptBy is for how long a server file has records kept: the shortest of what it says of one. What is old goes with the
// segment that it is in, and those of windows are gone through once a day; one whose event is parked stays until that ends.
func keptBy(l *config.Ledger, parked config.Duration) func(kind, site string, purposes []string) time.Duration {
	late := func(kept config.Duration) time.Duration {
		if kept <= 0 {
			return 0
		}
		return time.Duration(kept) + time.Duration(l.Seal) + notOnce
	}
	return func(kind, site string, purposes []string) time.Duration {
		kept := late(l.Retain)
		if kind != ledger.KindEvent {
			return kept
		}
		for i := range l.Windows {
			w := &l.Windows[i]
			if w.Site != "" && w.Site != site || w.Purpose != "" && !slices.Contains(purposes, w.Purpose) {
				continue
			}
			if by := late(w.Retain) + time.Duration(parked); kept == 0 || by < kept {
				kept = by
			}
		}
		return kept
	}
}

// policiesBeside is the folder of policies that was given, or that which lies beside a ledger.
func policiesBeside(given, dir string) string {
	if given != "" {
		return given
	}
	return proxy.PoliciesDir(filepath.Dir(filepath.Clean(dir)))
}

// compileIn compiles policies out of a folder of them.
func compileIn(policies string) func(string) (*rules.Policy, error) {
	return func(digest string) (*rules.Policy, error) { return config.CompileArchived(policies, digest) }
}

// run recomputes, and shows how far it is.
func (a auditing) run(ctx context.Context, o recompute.Options) (*recompute.Report, error) {
	t := a.t
	bar := newProgress(t, nil, 0)
	defer bar.end()
	shown := t.now()
	o.Progress = func(done, all uint64) {
		if bar.size = int64(all); t.now().Sub(shown) < 200*time.Millisecond {
			return
		}
		shown = t.now()
		bar.read.Store(int64(done))
		bar.show()
	}
	return recompute.Run(ctx, o)
}

// write writes a report to where it is wanted.
func (a auditing) write(r *recompute.Report, form, out string) int {
	t := a.t
	var text []byte
	var err error
	switch form {
	case "json":
		if text, err = json.MarshalIndent(r, "", "  "); err == nil {
			text = append(text, '\n')
		}
	case "html":
		text, err = r.HTML()
	default:
		text = []byte(auditText(r))
	}
	if err != nil {
		return t.failed(err)
	}
	if out == "" {
		if form == "text" {
			for line := range strings.Lines(string(text)) {
				printf(t.out, "%s\n", strings.TrimSuffix(line, "\n"))
			}
		} else {
			_, _ = t.document().Write(text)
		}
		return fine
	}
	file, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return t.failed(err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return t.failed(err)
	}
	printf(t.out, "wrote %s\n%s\n", out, r.Verdict())
	return fine
}

// auditText is a report for a terminal.
func auditText(r *recompute.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.Verdict())
	for i := range r.Findings {
		f := &r.Findings[i]
		fmt.Fprintf(&b, "found: %s\n", f)
		fmt.Fprintf(&b, "  the rule: %s", f.Rule)
		if f.Article != "" {
			fmt.Fprintf(&b, " (%s)", f.Article)
		}
		b.WriteByte('\n')
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "%d more are not listed\n", r.More)
	}
	for _, s := range r.Sections() {
		if len(s.Rows)+len(s.Notes) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s\n", s.Title)
		for _, row := range s.Rows {
			fmt.Fprintf(&b, "  %-62s %s\n", row[0], row[1])
		}
		for _, note := range s.Notes {
			fmt.Fprintf(&b, "  - %s\n", note)
		}
	}
	return b.String()
}

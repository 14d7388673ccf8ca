package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/ledger/recompute"
)

// logsAudit recomputes compliance from the records of a ledger. Exit codes: 1 where something was found.
func logsAudit(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("logs audit",
		"[--config FILE | --dir DIR | --server URL --token-file FILE] [--policies DIR] [--since TIME] [--until TIME] "+
			"[--format text|json|html] [--out FILE]")
	a := auditing{t: t, ledger: t.ledgerFlags(f), server: addRemoteFlags(f)}
	a.policies = f.String("policies", "",
		"the folder of policies by their digests; policies beside the ledger's folder, where none is given")
	f.Func("since", "say something of records from this time on: RFC 3339, or so long ago: 7d, 12h",
		sinceInto(&a.since, t.now()))
	f.Func("until", "and before this time", sinceInto(&a.until, t.now()))
	out := f.String("out", "", "the file that the report is written to")
	form := format(f, "json", "html")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	if _, err := os.Lstat(*out); *out != "" && err == nil { // before it takes its time
		return t.failed(isThere(*out))
	}
	audit := a.here
	if a.server.given() {
		audit = a.remote
	}
	report, code := audit(ctx)
	if report == nil {
		return code
	}
	if code := a.write(report, *form, *out); code != fine {
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

// auditing is how an audit is made and shown.
type auditing struct {
	t            *terminal
	ledger       ledgerFlags
	server       remoteFlags
	policies     *string
	since, until time.Time
}

// here audits the files of a ledger. Where there is no report the verb ends with the code.
func (a auditing) here(ctx context.Context) (*recompute.Report, int) {
	dir, code := a.ledger.written(a.t)
	if dir == "" {
		return nil, code
	}
	var loaded *config.Loaded
	if *a.ledger.dir == "" {
		if loaded, code = a.t.load(*a.ledger.config); loaded == nil {
			return nil, code
		}
	}
	o := proxy.Auditing(dir, policiesBeside(*a.policies, dir), loaded)
	o.Since, o.Until, o.Now, o.Version = a.since, a.until, a.t.now().UTC(), version
	report, err := a.run(ctx, o)
	if err != nil {
		return nil, a.t.failed(fmt.Errorf("the log cannot be audited: %w", err))
	}
	return report, fine
}

// policiesBeside is the folder of policies that was given, or that which lies beside a ledger.
func policiesBeside(given, dir string) string {
	if given != "" {
		return given
	}
	return proxy.PoliciesDir(filepath.Dir(filepath.Clean(dir)))
}

// askedEvery is how often a server is asked how far an audit is.
const askedEvery = 300 * time.Millisecond

// remote has a server audit its log, and shows how far it is. Who is interrupted stops it. Where there is
// no report the verb ends with the code.
func (a auditing) remote(ctx context.Context) (*recompute.Report, int) {
	c, err := a.server.client()
	if err != nil {
		a.t.fail("%v", err)
		return nil, usage
	}
	body := timed(map[string]any{}, &query.Question{Since: a.since, Until: a.until})
	var state api.AuditState
	if err := c.call(ctx, http.MethodPost, "/ledger/audit", body, &state); err != nil {
		return nil, a.t.failed(err)
	}
	bar := newProgress(a.t, nil, 0)
	defer bar.end()
	again := time.NewTicker(askedEvery)
	defer again.Stop()
	for state.State == api.AuditRunning {
		select {
		case <-ctx.Done():
			err := c.call(context.WithoutCancel(ctx), http.MethodDelete, "/ledger/audit", nil, &state)
			bar.end()
			return nil, a.t.failed(errors.Join(errors.New("the audit was interrupted: the server is told to stop it"), err))
		case <-again.C:
		}
		if err := c.call(ctx, http.MethodGet, "/ledger/audit", nil, &state); err != nil && ctx.Err() == nil {
			return nil, a.t.failed(err)
		}
		bar.size = int64(state.Of)
		bar.read.Store(int64(state.Examined))
		bar.show()
	}
	if state.State != api.AuditDone {
		return nil, a.t.failed(fmt.Errorf("the audit did not come to its end: %s", state.Why))
	}
	var report recompute.Report
	if err := json.Unmarshal(state.Report, &report); err != nil {
		return nil, a.t.failed(fmt.Errorf("the server's report cannot be read: %w", err))
	}
	return &report, fine
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
	if errors.Is(err, fs.ErrExist) {
		return t.failed(isThere(out))
	}
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

// isThere says that nothing is written over.
func isThere(out string) error {
	return fmt.Errorf("%s is there already: take it away, or have the report written to another file", out)
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

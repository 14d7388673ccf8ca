package main

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/objection/lists"
)

// batchLines is how many objections an import takes in one step: each step writes most of the store's pages anew.
const batchLines = 100_000

// shownLines is how many lines of a kind are told of on the terminal.
const shownLines = 20

// importing is one import.
type importing struct {
	t      *terminal
	api    *client
	flags  lists.Act // what holds where a line says nothing else
	common []byte
	key    string   // of the file and how it is read
	args   []string // what the verb was called with
	trial  bool
	most   int    // lines of a batch
	start  uint64 // lines that are in already
	seen   map[uint64]uint64
	seed   maphash.Seed
	report *csv.Writer // nil: none
	bar    *progress

	unreadable bool // the file could not be read to its end

	mu   sync.Mutex // guards what follows, report and bar
	done uint64     // up to that line the file is in
	sums
	first []objection.Masked // of the first row that was taken, as they were understood

	rejected map[uint64]bool // lines that the API did not take

	// Of whoever reads the rows.
	duplicates   uint64            // an earlier row of the file says the same
	repeats      map[uint64]uint64 // how many rows say the same as that line
	warnings     uint64            // of rows that are taken
	continuation uint64            // lines of rows beyond the first one of each
}

// batch is what is taken in one step.
type batch struct {
	body  []byte
	lines []uint64
	last  uint64
	again bool // it was taken by an earlier import of the same file: what was rejected then is told again
}

func objectionsImport(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("objections import",
		"FILE.csv|FILE.jsonl [--column NAME=COLUMN]... [--country DE] "+
			"[--purpose ID|--vendor ID|--all] [--dry-run] [--report FILE] --config FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	im := importing{t: t, args: args, most: batchLines}
	countryFlag(f, &im.flags)
	scopeFlags(f, &im.flags)
	markFlags(f, &im.flags, objection.Import)
	f.BoolVar(&im.trial, "dry-run", false, "only look: nothing is taken")
	report := f.String("report", "", "write line and fault of everything that is not taken to this file, CSV")
	var columns []lists.Column
	columnFlag(f, &columns)
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) != 1 {
		t.fail("which file is imported?")
		return usage
	}
	form := strings.TrimPrefix(filepath.Ext(rest[0]), ".")
	if form == "ndjson" {
		form = "jsonl"
	}
	if form != "csv" && form != "jsonl" {
		t.fail("%s: its name ends in .csv, .jsonl or .ndjson where it can be read", rest[0])
		return usage
	}
	return t.with(ctx, *file, func(_ *config.Loaded, c *client) int {
		im.api = c
		code, err := im.file(ctx, rest[0], form, columns, *report)
		if err != nil {
			return t.failed(err)
		}
		return code
	})
}

// columnFlag adds --column.
func columnFlag(f *flag.FlagSet, columns *[]lists.Column) {
	f.Func("column",
		"which column holds what: email=E-Mail, time=\"Opt-out date\", or by number, email=1; may be given again",
		func(given string) error {
			column, err := lists.ParseColumn(given)
			if err == nil {
				*columns = append(*columns, column)
			}
			return err
		})
}

// file imports a file.
func (im *importing) file(ctx context.Context, name, form string, columns []lists.Column, report string) (code int,
	err error) {
	im.seen, im.seed = map[uint64]uint64{}, maphash.MakeSeed()
	im.rejected, im.repeats = map[uint64]bool{}, map[uint64]uint64{}
	f, err := os.Open(name)
	if err != nil {
		return usage, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if about, err := f.Stat(); err != nil || about.Mode()&os.ModeDevice != 0 { // which has no end
		return usage, errors.Join(err, errors.New(name+" is no file on disk, and is read twice: write what it holds to one"))
	}
	hash := sha256.New()
	size, err := io.Copy(hash, f)
	if err != nil {
		return usage, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return usage, err
	}
	if err := im.begin(ctx, hash.Sum(nil), columns); err != nil {
		return usage, err
	}
	if report != "" {
		out, err := durable.Files{}.Begin(report, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return usage, fmt.Errorf("--report: %s is there already: take it away, or name another file", report)
		}
		if err != nil {
			return usage, err
		}
		im.report = csv.NewWriter(out)
		defer func() {
			im.report.Flush()
			err = errors.Join(err, im.report.Error(), out.Sync(), out.Close())
		}()
		_ = im.report.Write([]string{"line", "fault"})
	}
	im.bar = newProgress(im.t, f, size)
	rows, err := lists.Open(im.bar, form, columns, im.t.now())
	if err != nil {
		return usage, fmt.Errorf("%s: %w", name, err)
	}
	warnHashed(im.t, rows.What)
	for _, name := range rows.Unread {
		im.t.hint("column %s is not read: where it says what is objected to, --column scopes=%s has it read", name, name)
	}
	if !im.scoped() && !slices.Contains(rows.What, "scopes") && form == "csv" {
		return usage, errors.New("what is objected to is missing: --purpose, --vendor, --all or a column scopes says so")
	}
	im.t.endsTidily(leftAlone...) // it says how it is gone on with
	err = im.run(ctx, rows)
	im.unreadable = rows.Err != nil
	im.bar.end()
	return im.end(rows, err)
}

// scoped tells whether the flags say what is objected to.
func (im *importing) scoped() bool {
	return im.flags.All || len(im.flags.Purposes) > 0 || len(im.flags.Vendors) > 0
}

// reading names how files are read: another one when lines fall into other rows, so that how far a file came
// when it was read otherwise says nothing.
const reading = "physical lines"

// begin finds out how far the same import has come before.
func (im *importing) begin(ctx context.Context, sum []byte, columns []lists.Column) error {
	how, err := json.Marshal(im.flags)
	if err != nil {
		return err
	}
	im.common = im.flags.Common()
	key := sha256.Sum256(fmt.Appendf(nil, "%s %x %s %q", reading, sum, how, columns))
	im.key = hex.EncodeToString(key[:])
	if im.trial {
		return nil
	}
	var got api.Progressed
	if err := im.api.call(ctx, http.MethodGet, "/objections/progress?file="+im.key, nil, &got); err != nil {
		return err
	}
	im.start = got.Line
	if im.start > 0 {
		printf(im.t.err, "up to line %d it is in already: going on from there\n", im.start)
	}
	return nil
}

// run takes rows in batches: while one is being taken, the next one is read.
func (im *importing) run(ctx context.Context, rows *lists.Rows) error {
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	ready, ended := make(chan batch), make(chan error, 1)
	go func() {
		var err error
		for b := range ready {
			if err == nil {
				if err = im.send(within, b); err != nil {
					cancel()
				}
			}
		}
		ended <- err
	}()
	b := batch{again: im.start > 0}
	for within.Err() == nil {
		one, more := rows.Next()
		if !more {
			break
		}
		if b.again && one.Line > im.start {
			if len(b.lines) > 0 {
				ready <- b
			}
			b = batch{}
		}
		b.last = one.Line
		if im.wanted(&one) {
			b.lines = append(b.lines, one.Line)
			b.body = one.Append(b.body, &im.flags, im.common)
		}
		if len(b.lines) == im.most {
			ready <- b
			b = batch{body: make([]byte, 0, len(b.body)+len(b.body)/8), lines: make([]uint64, 0, im.most), again: b.again}
		}
	}
	if within.Err() == nil && (b.last > im.start || b.again && len(b.lines) > 0) {
		ready <- b
	}
	close(ready)
	return errors.Join(<-ended, rows.Err, ctx.Err())
}

// wanted tells whether a row is to be asked for: nothing is wrong with it, and no earlier line says the same. What is
// wrong is told each time the file is imported.
func (im *importing) wanted(r *lists.Row) bool {
	im.continuation += r.Last - r.Line
	if r.Fault != "" {
		im.reject(r.Line, r.Column, r.Fault)
		return false
	}
	var h maphash.Hash
	h.SetSeed(im.seed)
	for _, id := range r.IDs {
		text := id.Text
		if id.Name == "email" || strings.Contains(id.Name, "_sha256") || strings.Contains(id.Name, "_md5") {
			text = strings.ToLower(text) // of others, two that differ in case may be two persons
		}
		writeAll(&h, id.Name, "\x00", text, "\x00")
	}
	writeAll(&h, r.Scopes(), "\x00", r.Whole)
	sum := h.Sum64()
	first, again := im.seen[sum]
	if !again {
		im.seen[sum] = r.Line
	}
	switch {
	case again:
		im.duplicates++
		im.repeats[first]++
		im.tell(r.Line, 0, sprintf("duplicate of line %d", first), im.duplicates)
	case r.Warning != "":
		im.warnings++
		im.tell(r.Line, 0, "warning: "+r.Warning, im.warnings)
	}
	return !again
}

func writeAll(h *maphash.Hash, texts ...string) {
	for _, text := range texts {
		_, _ = h.WriteString(text) // a hash is never full
	}
}

// reject counts a line that cannot be taken, and tells of it.
func (im *importing) reject(line uint64, column int, fault string) {
	im.mu.Lock()
	im.rejects++
	n := im.rejects
	im.mu.Unlock()
	im.tell(line, column, fault, n)
}

// tell tells of a line, and of the column in it where that is known (not 0), the nth of its kind: the first few on
// the terminal, all of them in the report.
func (im *importing) tell(line uint64, column int, fault string, n uint64) {
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.report != nil {
		_ = im.report.Write([]string{strconv.FormatUint(line, 10), fault}) // asked for its error at the end
	}
	if n <= shownLines {
		im.bar.clear()
		where := strconv.FormatUint(line, 10)
		if column > 0 {
			where += ":" + strconv.Itoa(column)
		}
		printf(im.t.err, "line %s: %s\n", where, fault)
	}
	if n == shownLines {
		printf(im.t.err, "... further lines of this kind are counted; --report FILE lists them all\n")
	}
}

// send has a batch taken.
func (im *importing) send(ctx context.Context, b batch) error {
	text := append(make([]byte, 0, len(b.body)+512), `{"objections":[`...)
	text = append(text, b.body[min(1, len(b.body)):]...)
	text = fmt.Appendf(text, `],"import":{"file":"%s","line":%d,"dry_run":%t}}`, im.key, b.last, im.trial || b.again)
	var got api.Imported
	if err := im.api.callText(ctx, http.MethodPost, "/objections", text, &got); err != nil {
		return err
	}
	slices.SortFunc(got.Rejected, func(a, b api.Rejected) int { return a.Index - b.Index })
	for _, one := range got.Rejected {
		if one.Index < len(b.lines) {
			im.rejected[b.lines[one.Index]] = true
			im.reject(b.lines[one.Index], 0, one.Detail)
		}
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.first == nil {
		im.first = got.First
	}
	im.bar.show()
	if b.again {
		im.before += uint64(got.Taken)
		return nil
	}
	im.taken += uint64(got.Taken)
	im.news += uint64(got.New)
	im.done = b.last
	return nil
}

// warnHashed says what identifiers that are known as hashes cannot match.
func warnHashed(t *terminal, what []string) {
	for _, name := range []string{"email_md5", "email_sha256", "phone_sha256"} {
		if !slices.Contains(what, name) ||
			slices.Contains(what, strings.TrimSuffix(strings.TrimSuffix(name, "_md5"), "_sha256")) {
			continue
		}
		plain, other := "address", "MD5"
		switch name {
		case "email_md5":
			other = "SHA-256"
		case "phone_sha256":
			plain, other = "number", ""
		}
		text := sprintf("%s: it is found in events that carry the %s in plain, or this very hash", name, plain)
		if other != "" {
			text += sprintf("; in events that carry only its %s it cannot be", other)
		}
		printf(t.err, "note: %s. Nor can it be found by other identifiers of the same person.\n", text)
	}
}

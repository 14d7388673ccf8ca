package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

// recordForms are the forms that records are exported in.
var recordForms = []string{"jsonl", "csv", "parquet"}

// recordExport is an export of records, as flags say it.
type recordExport struct {
	t    *terminal
	q    *question
	form string
	out  string // "": the standard output

	from   *uint64     // the number that it begins with; nil: none is said
	resume bool        // it goes on where the file stops
	number query.Range // that --number asks for
}

// logsExport writes records that answer a question, or the tree of the log.
func logsExport(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("logs export",
		"[--format jsonl|csv|parquet] [--out FILE] [--from-number N | --after N|resume] [--id NAME=VALUE]... "+
			"[--vendor ID]... [--since TIME] [--until TIME] [--number N[-M]] [--where MEMBER=VALUE]... [--limit N] "+
			"[--config FILE | --dir DIR | --server URL --token-file FILE] | --tiles DIR [--config FILE | --dir DIR] [--format "+
			"text|json]")
	x, remote := &recordExport{t: t, q: t.question(f)}, addRemoteFlags(f)
	x.q.searched(f, "how many records at most (all)")
	x.flags(f)
	tiles := f.String("tiles", "", "the folder that checkpoint and tiles are written to, as c2sp.org/tlog-tiles has them")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	if *tiles != "" {
		return x.tiles(f, *tiles)
	}
	if err := x.check(); err != nil {
		t.fail("%v", err)
		return usage
	}
	t.endsTidily(leftAlone...) // what was written until then can be gone on with
	bar := newProgress(t, nil, 0)
	defer bar.end()
	if remote.given() {
		return x.remote(ctx, remote, bar)
	}
	x.q.gone = func(through uint64) { bar.read.Store(int64(through)); bar.show() }
	l, _, code := x.q.open(ctx, api.VerbExport)
	if l == nil {
		return code
	}
	bar.size = recordsSigned(x.q.dir)
	shown, code := x.read(ctx, l, bar)
	return x.q.reading.end(ctx, shown, code)
}

// remote exports what a server's log says.
func (x *recordExport) remote(ctx context.Context, of remoteFlags, bar *progress) int {
	l, err := x.q.askRemote(of, "/ledger/export", mostExported)
	if err != nil {
		x.t.fail("%v", err)
		return usage
	}
	l.gone = func(read, of uint64) {
		bar.size = int64(of)
		bar.read.Store(int64(read))
		bar.show()
	}
	_, code := x.read(ctx, l, bar)
	return code
}

// flags adds those that say what is written, and from where on.
func (x *recordExport) flags(f *flag.FlagSet) {
	f.Func("format", "jsonl: a record a line, as it stands (the default); csv: a table, as logs search has it; parquet: "+
		"columns, with --out; of --tiles text or json", func(given string) error {
		if !slices.Contains(recordForms, given) && given != "text" && given != "json" {
			return fmt.Errorf("one of %s is", strings.Join(recordForms, ", "))
		}
		x.form = given
		return nil
	})
	f.StringVar(&x.out, "out", "", "the file that is written, mode 0600 (standard output)")
	f.Func("from-number", "the record of this number is the first that is written", func(given string) error {
		n, err := strconv.ParseUint(given, 10, 63)
		if err != nil {
			return errors.New("a record's number is, such as 17")
		}
		return x.begin(n)
	})
	f.Func("after", "records behind this number alone; resume: behind the last one that is whole in --out",
		func(given string) error {
			if given == "resume" {
				x.resume = true
				return x.once()
			}
			n, err := strconv.ParseUint(given, 10, 63)
			if err != nil {
				return errors.New("a record's number is, such as 17, or resume")
			}
			return x.begin(n + 1)
		})
}

// begin notes the number that the export begins with.
func (x *recordExport) begin(n uint64) error {
	err := x.once()
	x.from = &n
	return err
}

// once tells that the beginning is said twice.
func (x *recordExport) once() error {
	if x.from != nil {
		return errors.New("--from-number and --after each say where it begins: one is")
	}
	return nil
}

// check tells what is wrong with what the flags say together.
func (x *recordExport) check() error {
	switch x.form {
	case "":
		x.form = "jsonl"
	case "text", "json":
		return fmt.Errorf("--format %s is for --tiles: records are written as %s", x.form, strings.Join(recordForms, ", "))
	}
	switch {
	case x.resume && x.from != nil:
		return x.once()
	case x.form == "parquet" && x.resume:
		return errors.New("--after resume: a file of Parquet is written whole or not at all; write what came since to " +
			"another file, with --from-number")
	case x.form == "parquet" && x.out == "":
		return errors.New("--format parquet: --out says which file is written")
	case x.resume && x.out == "":
		return errors.New("--after resume: --out says which file it goes on with")
	}
	x.number = x.q.of.Numbers
	x.beginAt()
	return x.q.of.Check()
}

// beginAt has the question ask for no record before the first one that is wanted.
func (x *recordExport) beginAt() {
	if x.from != nil {
		x.q.of.Numbers.First = max(x.q.of.Numbers.First, *x.from)
	}
}

// tiles exports the tree. Flags that are about records are faults.
func (x *recordExport) tiles(f *flag.FlagSet, to string) int {
	var others []string
	f.Visit(func(one *flag.Flag) {
		if !slices.Contains([]string{"tiles", "config", "dir", "format"}, one.Name) {
			others = append(others, "--"+one.Name)
		}
	})
	switch {
	case len(others) > 0:
		x.t.fail("--tiles writes all of the log: %s is about records", others[0])
		return usage
	case slices.Contains(recordForms, x.form):
		x.t.fail("--format %s is about records: with --tiles text is, or json", x.form)
		return usage
	}
	dir, code := x.q.ledger.folder(x.t)
	if dir == "" {
		return code
	}
	return exportTiles(x.t, dir, to, x.form)
}

// read reads the records, and writes them.
func (x *recordExport) read(ctx context.Context, l askedLog, bar *progress) (shown, code int) {
	to, err := x.openFile(ctx, l)
	if err != nil {
		return 0, x.t.failed(err)
	}
	if of := x.q.of.Numbers; of.End != 0 && of.First >= of.End { // all that was asked for is there
		return 0, max(x.q.answered(query.Tally{Records: of.First}, nil), x.close(to, nil))
	}
	var failed error
	tally, err := l.Ask(ctx, &x.q.of, func(found *query.Found) bool {
		failed = to.write(found)
		return failed == nil
	})
	bar.end()
	if code := x.close(to, errors.Join(failed, err)); code != fine {
		return tally.Found, code
	}
	return tally.Found, x.q.answered(tally, nil)
}

// close ends the file, and says where an export that did not come to its end stands.
func (x *recordExport) close(to recordFile, err error) int {
	if fault, wrong := errors.AsType[*query.Fault](err); wrong {
		_ = to.close(false)
		x.t.fail("%v", fault)
		return usage
	}
	if err = errors.Join(err, to.close(err == nil)); err == nil {
		return fine
	}
	if errors.Is(err, context.Canceled) {
		x.t.fail("the export was interrupted")
	} else {
		x.t.fail("the records cannot be written: %v", faulty(err))
	}
	if x.out != "" && x.form != "parquet" {
		x.t.hint("--after resume goes on where %s stops", x.out)
	}
	return usage
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/ledger/table"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
)

// recordFile takes the records of an export.
type recordFile interface {
	write(f *query.Found) error
	close(whole bool) error // whole: all of them were written
}

// lineFile writes records as they stand, or as a table, in their order: what is there of it can be gone on with.
type lineFile struct {
	out   *bufio.Writer
	file  *os.File // nil: the standard output
	fresh bool     // it was not there before, and nothing was written to it yet
	table *recordTable
}

func (l *lineFile) write(f *query.Found) error {
	l.fresh = false
	if l.table != nil {
		return l.table.row(f)
	}
	for _, line := range f.Lines() {
		_, _ = l.out.Write(line)
		if err := l.out.WriteByte('\n'); err != nil { // of what was written before, too
			return err
		}
	}
	return nil
}

func (l *lineFile) close(whole bool) (err error) {
	if l.fresh && !whole { // nobody wants a file of a question that is a fault
		return errors.Join(l.file.Close(), os.Remove(l.file.Name()), os.Remove(l.file.Name()+begunSuffix))
	}
	if l.table != nil {
		err = l.table.flush()
	}
	err = errors.Join(err, l.out.Flush())
	if l.file == nil {
		return err
	}
	return errors.Join(err, l.file.Sync(), l.file.Close())
}

// columnFile writes a file of Parquet beside the one that it is to be, whose name it gets when it is whole.
type columnFile struct {
	path    string
	file    *os.File
	buffer  *bufio.Writer
	columns *table.Writer
}

func (c *columnFile) write(f *query.Found) error { return c.columns.Write(f) }

func (c *columnFile) close(whole bool) error {
	var err error
	if whole {
		if err = c.columns.Close(); err == nil {
			err = c.buffer.Flush()
		}
	}
	err = errors.Join(err, c.file.Close())
	if err == nil && whole {
		err = durable.Files{}.Adopt(c.file.Name(), c.path) // which syncs it
	}
	if err != nil || !whole {
		_ = os.Remove(c.file.Name()) // it may be gone
	}
	return err
}

// openFile begins the file, or finds where it goes on. No file that is there is written over.
func (x *recordExport) openFile(ctx context.Context, l askedLog) (recordFile, error) {
	if x.out == "" {
		return x.lines(x.t.document(), nil, true), nil
	}
	if _, err := os.Lstat(x.out); err == nil && x.form == "parquet" {
		return nil, fmt.Errorf(
			"%s is there already, and a file of Parquet is written whole: take it away, or write to another file; "+
				"--from-number N has what came since alone", x.out)
	} else if err == nil && !x.resume {
		return nil, fmt.Errorf("%s is there already: --after resume goes on where it stops, or take it away", x.out)
	}
	if x.form == "parquet" {
		dir, name := filepath.Split(x.out)
		file, err := os.CreateTemp(filepath.Clean(dir), "."+name+".*.new") // with mode 0600
		if err != nil {
			return nil, err
		}
		buffer := bufio.NewWriterSize(file, 1<<20)
		return &columnFile{x.out, file, buffer, table.NewWriter(buffer)}, nil
	}
	if err := x.beside(); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(x.out, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	empty := true
	if x.resume {
		if empty, err = x.goOn(ctx, l, file); err != nil {
			return nil, errors.Join(fmt.Errorf("cannot go on with %s: %w", x.out, err), file.Close())
		}
	}
	return x.lines(file, file, empty), nil
}

// beside writes beside the file what it is begun with, or holds what stands there against what is asked now.
func (x *recordExport) beside() error {
	if !x.resume {
		return x.begun().write(x.out)
	}
	if err := x.holdAgainst(x.begun()); err != nil {
		return fmt.Errorf("cannot go on with %s: %w", x.out, err)
	}
	return nil
}

// lines begins to write lines or rows; empty says that nothing is there, not even the names of columns.
func (x *recordExport) lines(w io.Writer, file *os.File, empty bool) recordFile {
	l := &lineFile{out: bufio.NewWriterSize(w, 1<<20), file: file, fresh: file != nil && !x.resume}
	if x.form == "csv" {
		l.table = newRecordTable(l.out)
		if empty {
			l.table.begin()
		}
	}
	return l
}

// goOn finds the record that a file ends with, has the export begin behind it, and cuts off what stands there by half.
func (x *recordExport) goOn(ctx context.Context, l askedLog, file *os.File) (empty bool, err error) {
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	var end table.End
	if x.form == "csv" {
		end, err = table.EndOfTable(file, info.Size(), csvColumns)
	} else {
		end, err = table.EndOfLines(file, info.Size())
	}
	if err == nil && end.Line != nil {
		end.Number, err = numberOf(ctx, l, end.Line)
	}
	if err != nil {
		return false, err
	}
	if !end.Empty {
		next := end.Number + 1
		x.from = &next
		x.beginAt()
		x.t.hint("%s ends with record %d: it goes on behind that", x.out, end.Number)
	}
	if err := file.Truncate(end.At); err != nil {
		return false, err
	}
	_, err = file.Seek(end.At, io.SeekStart)
	return end.At == 0, err
}

// Why it is not known where an export goes on.
var (
	errNotInLog = errors.New(
		"its last record is not in this log: it is of another one, or was deleted since; say --from-number N")
	errUnordered = errors.New("its last record has no number, as those of the version before: ask by --since")
)

// numberOf finds the number of a record in the log, by its line.
func numberOf(ctx context.Context, l askedLog, line []byte) (number uint64, err error) {
	q := &query.Question{}
	if at, err := time.Parse(time.RFC3339Nano, gjson.GetBytes(line, "time").Str); err == nil {
		q.Since, q.Until = at, at.Add(1)
	}
	err = errNotInLog
	_, asked := l.Ask(ctx, q, func(f *query.Found) bool {
		for i, one := range f.Lines() {
			if !bytes.Equal(one, line) {
				continue
			}
			if number, err = f.Number+uint64(i), nil; !f.Numbered {
				err = errUnordered
			}
			return false
		}
		return true
	})
	if asked != nil {
		err = asked
	}
	return number, err
}

// recordsSigned is how many records the newest checkpoint in a ledger's folder is of; 0: there is none.
func recordsSigned(dir string) int64 {
	text, _, err := readHead(dir)
	if errors.Is(err, fs.ErrNotExist) || err != nil {
		return 0
	}
	of, err := tree.Unverified(text)
	if err != nil {
		return 0
	}
	return of.Tree.N
}

package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// refusal of older binaries: they take any file of that end for a segment, and refuse a line that is no record.
const formatLine = "This folder was written by a newer version of tagwarden, which alone can go on with it.\n"

// readOld remembers what records of a version before say.
func (s *Standing) readOld(each func(record []byte)) error {
	old, err := oldSegments(s.dir)
	if err != nil || len(old) == 0 {
		return err
	}
	s.old = true
	s.Keys.Known = true
	for _, of := range old {
		_, err := scanSegment(of, func(line []byte, _ tree.Entry) error {
			each(line)
			return s.observe(line)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Migrate brings a ledger of a version before to numbers: its lines become the first records as they stand, and each of
// its segments gets a summary and the hashes of its lines. Where it ends in the middle the next call goes on. Progress
// is told how many of how many segments are done; nil: nobody is.
func Migrate(dir string, disk durable.Disk, progress func(done, of int)) error {
	files := durable.Files{Disk: disk}
	old, err := oldSegments(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the ledger's folder: %w", err)
	}
	if err := refuseOlder(dir, files); err != nil {
		return err
	}
	if len(old) == 0 {
		return nil
	}
	m, err := migratedSoFar(dir)
	if err != nil {
		return err
	}
	for i, of := range old {
		if err := m.one(of, files); err != nil {
			return fmt.Errorf("a segment of the version before cannot be taken over: %w", err)
		}
		if progress != nil {
			progress(i+1, len(old))
		}
	}
	return nil
}

// refuseOlder has older binaries refuse the folder.
func refuseOlder(dir string, files durable.Files) error {
	path := filepath.Join(dir, FormatFile)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	return files.Replace(path, []byte(formatLine), 0o600)
}

// migration is how far a folder was brought.
type migration struct {
	dir    string
	next   uint64
	edge   tree.Edge
	memory *Recovered
}

// migratedSoFar goes on behind the last segment that was given a number.
func migratedSoFar(dir string) (*migration, error) {
	m := &migration{dir: dir, memory: nothing()}
	files, err := numbered(dir)
	if err != nil || len(files) == 0 {
		return m, err
	}
	of, _, err := ReadSummary(dir, files[len(files)-1].First)
	if err != nil {
		return nil, fmt.Errorf("the folder holds segments of two versions, which is not known here: %w", err)
	}
	m.next, m.edge, m.memory = of.End, *of.Edge, &of.Memory
	return m, nil
}

// one gives a segment its number. One without records is taken away.
func (m *migration) one(old Segment, files durable.Files) error {
	old.First = m.next
	b := newSummary(m.next, m.memory, &m.edge)
	var entries bytes.Buffer
	got, err := scanSegment(old, func(line []byte, entry tree.Entry) error {
		entries.Write(entry[:])
		return b.add(line, entry)
	})
	if err != nil {
		return err
	}
	to := func(suffix string) string { return filepath.Join(m.dir, segment.FileName(m.next, suffix)) }
	if got.n == 0 {
		return files.Rename(old.Path, to(TornSuffix))
	}
	text, err := b.summary(got).Text()
	if err != nil {
		return err
	}
	if err := files.Replace(to(tree.Suffix(0)), entries.Bytes(), 0o600); err != nil {
		return err
	}
	if err := files.Replace(to(SummarySuffix), text, 0o600); err != nil {
		return err
	}
	if err := files.Rename(old.Path, to(OpenSuffix)); err != nil {
		return err
	}
	m.next += got.n
	return nil
}

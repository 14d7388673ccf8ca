package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/index"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// part is a segment, or records of which no segment is there.
type part struct {
	first, end uint64 // numbers of its records; end 0: nothing says where it ends, it may be written
	path       string // of its lines; "": they are not there
	packed     bool
	indexed    bool // an index lies beside it

	sum     *ledger.Summary // nil: it has none, or one that is none
	sumText []byte          // as it stands; nil: there is none
	aside   *ledger.Aside   // nil: nothing was set aside
	asideOf [sha256.Size]byte
}

// name is the name of the part's file.
func (p *part) name() string {
	if p.path == "" {
		return segment.FileName(p.first, ledger.OpenSuffix)
	}
	return filepath.Base(p.path)
}

// plain tells whether its lines have no checksums.
func (p *part) plain() bool { return p.sum != nil && p.sum.Lines == ledger.LinesPlain }

// set is what was set aside at a place; nil: nothing.
func (p *part) set(at int64) *ledger.Damaged {
	if p.aside == nil {
		return nil
	}
	for i := range p.aside.Damaged {
		if d := &p.aside.Damaged[i]; d.From == at && d.To > at && len(d.Entries) > 0 {
			return d
		}
	}
	return nil
}

// Names of files in a ledger's folder that others write.
const (
	witnessedFile = "witnessed"      // the newest checkpoint that enough witnesses signed
	witnessesFile = "witnesses.json" // what is known of each witness
)

// What a name may be.
var (
	numberedName  = regexp.MustCompile(`^(\d{16})(\.[a-z0-9.]+)$`)
	temporaryName = regexp.MustCompile(`^\..+\.\d+\.new$`)
)

// knownSuffix are the ends of names behind a number.
var knownSuffix = regexp.MustCompile(
	`^(\.jsonl|\.jsonl\.zst|\.jsonl\.zst\.packing|\.jsonl\.next|\.sum|\.aside|\.torn|\.idx|\.hash|\.level[1-7])$`)

// ErrOld says that a ledger is of a version that signed nothing.
var ErrOld = errors.New(
	"this ledger was written by a version that signed nothing: nothing can be verified. The next start of the " +
		"server takes it over, and signs it from then on")

// ErrNone says that a folder is no ledger's.
var ErrNone = errors.New("this is no ledger's folder: it holds no segment")

// list lists what lies in the folder.
func (v *verification) list() error {
	files, err := os.ReadDir(v.dir)
	if err != nil {
		return fmt.Errorf("cannot read the ledger's folder: %w", err)
	}
	parts := map[uint64]*part{}
	of := func(first uint64) *part {
		if parts[first] == nil {
			parts[first] = &part{first: first}
		}
		return parts[first]
	}
	old := 0
	for _, e := range files {
		name := e.Name()
		path := filepath.Join(v.dir, name)
		m := numberedName.FindStringSubmatch(name)
		if m == nil || e.IsDir() || !knownSuffix.MatchString(m[2]) {
			if ledger.IsOldName(name) {
				old++
			}
			v.other(name, e.IsDir())
			continue
		}
		first, err := strconv.ParseUint(m[1], 10, 64)
		if err != nil {
			v.other(name, false)
			continue
		}
		switch m[2] {
		case ledger.OpenSuffix:
			p := of(first)
			p.path, p.packed = path, false
		case ledger.PackedSuffix:
			if p := of(first); p.path == "" {
				p.path, p.packed = path, true
			} else if err := v.twice(p); err != nil {
				return err
			}
		case ledger.SummarySuffix:
			if err := v.readSummary(of(first), path); err != nil {
				return err
			}
		case index.Suffix:
			v.indexes = append(v.indexes, first)
		case ledger.AsideSuffix:
			if err := v.readAside(of(first), path); err != nil {
				return err
			}
		}
	}
	if old > 0 {
		return ErrOld
	}
	if len(parts) == 0 {
		return ErrNone
	}
	for _, first := range v.indexes {
		if p := parts[first]; p != nil {
			p.indexed = true
		}
	}
	v.arrange(parts)
	return nil
}

// other looks at a file that is not named after a record.
func (v *verification) other(name string, isDir bool) {
	switch {
	case isDir:
	case slices.Contains([]string{ledger.CheckpointFile, ledger.KeyFile, witnessedFile, ledger.FormatFile}, name),
		temporaryName.MatchString(name),
		ledger.IsOldName(name):
		return
	case name == ledger.RestoreFile:
		v.report.note("%s: the next start of the server is to accept the ledger as it is", name)
		return
	case name == witnessesFile:
		return
	}
	v.report.add(Finding{Kind: Unknown, File: name, Offset: -1, What: "no file of a ledger is named so"})
}

// readSummary reads a summary.
func (v *verification) readSummary(p *part, path string) error {
	text, err := readWhole(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	p.sumText = text
	if p.sum, err = ledger.ParseSummary(text, p.first); err != nil {
		v.report.add(Finding{Kind: Changed, File: filepath.Base(path), Offset: -1, What: err.Error()})
	}
	return nil
}

// readAside reads what was set aside.
func (v *verification) readAside(p *part, path string) error {
	text, err := readWhole(path)
	if err == nil {
		p.asideOf = sha256.Sum256(text)
		p.aside, err = ledger.ParseAside(path, text)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.report.add(Finding{Kind: Unreadable, File: filepath.Base(path), Offset: -1, What: err.Error()})
	}
	return nil
}

// mostFile is how long a file may be that is read whole.
const mostFile = 64 << 20

// readWhole reads a file.
func readWhole(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, mostFile+1))
	if err == nil && len(text) > mostFile {
		err = fmt.Errorf("%s has more than %d bytes", path, mostFile)
	}
	return text, err
}

// arrange puts the parts in order, and says where each ends. Records between two of them are a part without lines.
func (v *verification) arrange(parts map[uint64]*part) {
	all := make([]*part, 0, len(parts))
	for _, p := range parts {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *part) int {
		if a.first < b.first {
			return -1
		}
		return 1
	})
	next := uint64(0)
	for i, p := range all {
		if p.first > next && (i == 0 || all[i-1].end != 0 && all[i-1].end < p.first) {
			v.parts = append(v.parts, &part{first: next, end: p.first})
		}
		if i+1 < len(all) {
			p.end = all[i+1].first
		}
		if p.sum != nil && (p.end == 0 || p.sum.End < p.end) && p.sum.End > p.first {
			p.end = p.sum.End
		}
		if p.end == 0 && p.path == "" {
			p.end = p.first
		}
		next = p.end
		v.parts = append(v.parts, p)
	}
}

// mostWindow is how much memory a packed segment may ask for.
const mostWindow = 32 << 20

// opened is a segment's lines, being read.
type opened struct {
	io.Reader
	file *os.File
	size int64 // of the file, as it was opened
}

// open opens a part's lines: as far as they were written by now. One that was
// packed since it was listed is read packed.
func (v *verification) open(p *part, with *unpacker) (*opened, error) {
	f, err := os.Open(p.path)
	if errors.Is(err, fs.ErrNotExist) && !p.packed {
		p.path, p.packed = strings.TrimSuffix(p.path, ledger.OpenSuffix)+ledger.PackedSuffix, true
		f, err = os.Open(p.path)
	}
	if err != nil {
		return nil, err
	}
	o := &opened{file: f}
	if !p.packed {
		info, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		o.size = info.Size()
		o.Reader = &counting{io.NewSectionReader(f, 0, info.Size()), v.opts.Progress}
		return o, nil
	}
	if err := onlyFrames(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if o.Reader, err = with.of(&counting{f, v.opts.Progress}); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return o, nil
}

// unpacker unpacks one file after the other.
type unpacker struct{ zstd *zstd.Decoder }

// of unpacks what it reads, until the next call.
func (u *unpacker) of(from io.Reader) (_ io.Reader, err error) {
	if u.zstd != nil {
		return u.zstd, u.zstd.Reset(from)
	}
	u.zstd, err = zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(mostWindow))
	return u.zstd, err
}

// done gives what it holds back.
func (u *unpacker) done() {
	if u.zstd != nil {
		u.zstd.Close()
	}
}

// Close closes it.
func (o *opened) Close() {
	_ = o.file.Close() // nothing was written
}

// counting tells how much is read.
type counting struct {
	io.Reader
	told func(n int)
}

// Read reads.
func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if c.told != nil {
		c.told(n)
	}
	return n, err
}

package ledger_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// disk is the file system, whose files fail when a test says so. Each question is asked with the file's name, and a
// test that is about segments alone asks by isSegment.
type disk struct {
	mu     sync.Mutex
	begun  []string                                       // segments, by path, in order
	writes int                                            // to segments
	syncs  map[string]int64                               // by path of a segment: its size when it was synced last
	create func(name string) error                        // nil: it goes well
	write  func(name string, b []byte) (n int, err error) // likewise; n bytes get there
	sync   func(name string) error                        // likewise
	cut    func(name string) error                        // likewise
	gate   chan struct{}                                  // what each write to a segment waits for
	rename func(from, to string) error                    // likewise
}

type diskFile struct {
	durable.File
	of   *disk
	path string
}

func newDisk() *disk { return &disk{syncs: map[string]int64{}} }

func isSegment(name string) bool {
	return strings.HasPrefix(name, "0") && strings.Contains(name, ".jsonl") && !strings.HasSuffix(name, ".packing")
}

func (d *disk) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

// fail has writes and syncs of segments fail; nil: they go well.
func (d *disk) fail(write func([]byte) (int, error), sync func() error) {
	d.set(func() {
		d.write, d.sync = nil, nil
		if write != nil {
			d.write = func(name string, b []byte) (int, error) {
				if !isSegment(name) {
					return len(b), nil
				}
				return write(b)
			}
		}
		if sync != nil {
			d.sync = func(name string) error {
				if !isSegment(name) {
					return nil
				}
				return sync()
			}
		}
	})
}

func (d *disk) OpenFile(path string, flag int, mode os.FileMode) (durable.File, error) {
	d.mu.Lock()
	create := d.create
	d.mu.Unlock()
	if create != nil && flag&os.O_CREATE != 0 {
		if err := create(filepath.Base(path)); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err
	}
	if name := filepath.Base(path); flag&os.O_APPEND != 0 && isSegment(name) {
		d.set(func() { d.begun = append(d.begun, path) })
	}
	return &diskFile{f, d, path}, nil
}

func (d *disk) Mkdir(path string, mode os.FileMode) error { return os.Mkdir(path, mode) }
func (d *disk) Link(from, to string) error                { return os.Link(from, to) }
func (d *disk) Remove(path string) error                  { return os.Remove(path) }

func (d *disk) Rename(from, to string) error {
	d.mu.Lock()
	rename := d.rename
	if at := slices.Index(d.begun, from); at >= 0 {
		d.begun[at] = to
	}
	d.mu.Unlock()
	if rename != nil {
		if err := rename(from, to); err != nil {
			return err
		}
	}
	return os.Rename(from, to)
}

func (f *diskFile) Write(b []byte) (int, error) {
	name := filepath.Base(f.path)
	f.of.mu.Lock()
	write, gate := f.of.write, f.of.gate
	if isSegment(name) {
		f.of.writes++
	}
	f.of.mu.Unlock()
	if gate != nil && isSegment(name) {
		<-gate
	}
	if write == nil {
		return f.File.Write(b)
	}
	n, err := write(name, b)
	if got, failed := f.File.Write(b[:n]); failed != nil {
		return got, failed
	}
	return n, err
}

func (f *diskFile) Sync() error {
	f.of.mu.Lock()
	sync := f.of.sync
	f.of.mu.Unlock()
	if sync != nil {
		if err := sync(filepath.Base(f.path)); err != nil {
			return err
		}
	}
	info, err := f.Stat()
	if err == nil {
		f.of.set(func() { f.of.syncs[f.path] = info.Size() })
	}
	return err // no power is cut here
}

func (f *diskFile) Truncate(size int64) error {
	f.of.mu.Lock()
	cut := f.of.cut
	f.of.mu.Unlock()
	if cut != nil {
		if err := cut(filepath.Base(f.path)); err != nil {
			return err
		}
	}
	return f.File.Truncate(size)
}

// text is the n-th segment that was begun, -1 the last.
func (d *disk) text(n int) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n < 0 {
		n += len(d.begun)
	}
	text, err := os.ReadFile(d.begun[n])
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (d *disk) count() (segments, writes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.begun), d.writes
}

// holds tells whether a text is in a segment.
func (d *disk) holds(text string) bool {
	segments, _ := d.count()
	for n := range segments {
		if strings.Contains(d.text(n), text) {
			return true
		}
	}
	return false
}

// nowhere takes what is written to segments, and forgets it: they are as long as
// the longest file that is none on a disk.
type nowhere struct{ disk }

type nowhereFile struct{ durable.File }

func (nowhereFile) Write(b []byte) (int, error) { return len(b), nil }
func (nowhereFile) Sync() error                 { return nil }
func (nowhereFile) Truncate(int64) error        { return nil }

func (d *nowhere) OpenFile(path string, flag int, mode os.FileMode) (durable.File, error) {
	f, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err
	}
	if flag&os.O_APPEND == 0 || !isSegment(filepath.Base(path)) {
		return f, nil
	}
	return nowhereFile{f}, f.Truncate(1 << 40) // no byte of it takes room
}

// open opens a ledger, on the file system where no disk is given.
func open(t *testing.T, dir string, d *disk, change func(*ledger.Options)) *ledger.Ledger {
	t.Helper()
	o := ledger.Options{Dir: dir, Node: "node-1", Now: time.Now, Rand: rand.NewChaCha8([32]byte{7})}
	if d != nil {
		o.Disk = d
	}
	if change != nil {
		change(&o)
	}
	l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart, Policy: "digest", Text: "version test"})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// segmentFiles are a folder's segments, packed or not, oldest first.
func segmentFiles(t testing.TB, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "????????????????.jsonl*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	return paths
}

// shaped is an event of a shape.
func shaped(hit uint64, shape string) ledger.Event {
	return ledger.Event{
		Hit: hit, Site: "shop", Vendor: "ga4", Decision: "permit", Reason: "permitted", Shape: shape,
	}
}

// member is the text of a member of a record.
func member(line, name string) string {
	_, rest, found := strings.Cut(line, `"`+name+`":"`)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// numberIn is the number that a member of a record has; -1 where it has none.
func numberIn(line, name string) (n int) {
	_, rest, found := strings.Cut(line, `"`+name+`":`)
	if !found {
		return -1
	}
	for _, c := range rest {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}

package tree

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/config/durable/crash"
)

// stored is a tree with all that is stored of it.
type stored struct {
	dir     string
	edge    Edge
	entries *Hashes
	levels  *Levels
}

// open opens what is stored of the first records; n of them are known to be on disk.
func open(t testing.TB, dir string, n int, disk durable.Disk) *stored {
	t.Helper()
	s := &stored{dir: dir}
	s.edge.Append(AppendEntries(nil, lines(0, n)), nil)
	var err error
	if s.entries, err = OpenHashes(dir, 0, int64(n), disk); err != nil {
		t.Fatal(err)
	}
	if s.levels, err = OpenLevels(dir, int64(n), disk); err != nil {
		t.Fatal(err)
	}
	return s
}

// append adds records up to a number.
func (s *stored) append(to int) {
	entries := AppendEntries(nil, lines(int(s.edge.Size()), to))
	s.levels.Append(s.edge.Append(entries, nil))
	s.entries.Append(entries)
}

// seal ends a segment.
func (s *stored) seal() error {
	return errors.Join(s.entries.Roll(s.edge.Size()), s.levels.Sync())
}

func (s *stored) tiles() *Tiles { return s.levels.Tiles(s.entries) }

// files are the names of a folder's files.
func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// every proves every record of a tree, by what is stored of it; with a step above 1, some of them.
func (s *stored) every(t *testing.T, step int64) {
	t.Helper()
	tree := s.edge.Tree()
	hashes := s.tiles().Hashes(tree)
	for n := int64(0); n < tree.N; n += step {
		proof, err := tlog.ProveRecord(tree.N, n, hashes)
		if err != nil {
			t.Fatalf("record %d of %d: %v", n, tree.N, err)
		}
		e := EntryOf(line(int(n)))
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, e.Leaf()); err != nil {
			t.Fatalf("record %d of %d: %v", n, tree.N, err)
		}
	}
}

// TestEveryRecordIsProved: whatever the segments' sizes, from disk, from memory and where they meet.
func TestEveryRecordIsProved(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 6 {
		s := open(t, t.TempDir(), 0, nil)
		var begins []string
		for range 1 + random.IntN(6) {
			from := s.edge.Size()
			for range 1 + random.IntN(4) {
				s.append(int(s.edge.Size()) + 1 + random.IntN(300))
				if random.IntN(2) == 0 {
					if err := s.entries.Sync(); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := s.seal(); err != nil {
				t.Fatal(err)
			}
			begins = append(begins, filepath.Base(s.entries.name(from)))
		}
		s.append(int(s.edge.Size()) + random.IntN(600))
		s.every(t, 3)
		if err := errors.Join(s.levels.Close(), s.entries.Close()); err != nil {
			t.Fatal(err)
		}
		s.every(t, 3)
		got := slices.DeleteFunc(files(t, s.dir), func(name string) bool { return !strings.HasSuffix(name, ".hash") })
		if len(got) < len(begins) || !slices.Equal(got[:len(begins)], begins) {
			t.Errorf("files of entries are %v, and segments began with %v", got, begins)
		}
		// What a stranger reads who has the folder alone.
		entries, err := List(s.dir, 0)
		if err != nil || entries.End() != s.edge.Size() {
			t.Fatalf("%d entries are listed of %d: %v", entries.End(), s.edge.Size(), err)
		}
		if err := CheckLevels(s.dir, entries, s.edge.Size()); err != nil {
			t.Error(err)
		}
	}
}

// TestTwoLevels: a tree whose tiles have three levels, proved with few reads.
func TestTwoLevels(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), 0, nil)
	const n = 2<<16 + 5<<8 + 77
	s.append(100_000)
	if err := s.seal(); err != nil {
		t.Fatal(err)
	}
	s.append(n)
	if err := s.seal(); err != nil {
		t.Fatal(err)
	}
	tree := s.edge.Tree()
	tiles := s.tiles()
	reads := 0
	tiles.Entries = counting{tiles.Entries, &reads}
	for i, of := range tiles.Levels {
		if of != nil {
			tiles.Levels[i] = counting{of, &reads}
		}
	}
	for _, at := range []int64{0, 1, 255, 256, 65535, 65536, 99_999, 100_000, n - 78, n - 77, n - 1} {
		reads = 0
		proof, err := tlog.ProveRecord(tree.N, at, tiles.Hashes(tree))
		if err != nil {
			t.Fatalf("record %d: %v", at, err)
		}
		e := EntryOf(line(int(at)))
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, at, e.Leaf()); err != nil {
			t.Errorf("record %d: %v", at, err)
		}
		if reads > 6 {
			t.Errorf("record %d: %d reads, two a level are enough", at, reads)
		}
	}
}

// TestStoredHashesThatChanged: whatever byte of what is stored is another one, no proof is made of it, and the level is
// named where it is one that can be made again.
func TestStoredHashesThatChanged(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), 0, nil)
	s.append(700)
	if err := s.seal(); err != nil {
		t.Fatal(err)
	}
	tree, random := s.edge.Tree(), rand.New(rand.NewPCG(5, 6))
	for _, name := range files(t, s.dir) {
		file := filepath.Join(s.dir, name)
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for range 200 {
			changed, at := slices.Clone(whole), random.IntN(len(whole))
			changed[at] ^= 1 << random.IntN(8)
			if err := os.WriteFile(file, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			index := int64(at / 32)
			if strings.HasSuffix(name, ".level1") {
				index <<= 8
			}
			if _, err := tlog.ProveRecord(tree.N, index, s.tiles().Hashes(tree)); !errors.Is(err, ErrStored) {
				t.Errorf("byte %d of %s changed, record %d: %v", at, name, index, err)
			}
			if err := CheckLevels(s.dir, s.entries, tree.N); err == nil && index>>8<<8+256 <= tree.N {
				t.Errorf("byte %d of %s changed, and nobody sees it", at, name)
			}
		}
		if err := os.WriteFile(file, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.every(t, 97)
}

// TestLevelsAreMadeAgain: what is missing of the levels is made of entries, whatever was removed or cut.
func TestLevelsAreMadeAgain(t *testing.T) {
	t.Parallel()
	const n = 1<<16 + 1000
	dir := t.TempDir()
	s := open(t, dir, 0, nil)
	for _, to := range []int{300, 5000, 40_000, n} {
		s.append(to)
		if err := s.seal(); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.levels.Close(), s.entries.Close()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, what string }{
		{"0000000000000000.level1", "remove"}, {"0000000000000000.level1", "cut"}, {"0000000000000000.level2", "remove"},
		{"0000000000000000.level1", "empty"}, {"0000000000000000.level2", "longer"}, {"", ""},
	} {
		path := filepath.Join(dir, c.file)
		var err error
		switch c.what {
		case "remove":
			err = os.Remove(path)
		case "cut":
			err = os.Truncate(path, 32*100+7)
		case "empty":
			err = os.Truncate(path, 0)
		case "longer":
			err = os.Truncate(path, 32*9)
		}
		if err != nil {
			t.Fatal(err)
		}
		levels, err := OpenLevels(dir, n, nil)
		if err != nil {
			t.Fatal(err)
		}
		if whole := c.what == "" || c.what == "longer"; levels.Whole(n) != whole {
			t.Errorf("%s of %s: whole is %t", c.what, c.file, !whole)
		}
		var told int64
		if err := levels.Extend(s.entries, n, func(entries int64) { told = entries }); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(c.file, "1") && told != n>>8<<8 {
			t.Errorf("%s of %s: progress ends with %d", c.what, c.file, told)
		}
		if err := levels.Close(); err != nil {
			t.Fatal(err)
		}
		if err := CheckLevels(dir, s.entries, n); err != nil {
			t.Errorf("%s of %s: %v", c.what, c.file, err)
		}
	}
}

// TestFewerThanThereShouldBe: entries that are not there cannot be made again here, and are an error that says how
// many.
func TestFewerThanThereShouldBe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, 0, nil)
	for _, to := range []int{100, 200, 300} {
		s.append(to)
		if err := s.seal(); err != nil {
			t.Fatal(err)
		}
	}
	more := s.tiles().Hashes(tlog.Tree{N: 301})
	if _, err := tlog.ProveRecord(301, 7, more); !errors.Is(err, ErrMissing) || errors.Is(err, ErrStored) {
		t.Errorf("a proof of more than there are: %v", err)
	}
	if _, err := OpenHashes(dir, 0, 301, nil); !errors.Is(err, ErrShort) || !errors.Is(err, ErrMissing) {
		t.Errorf("one more than there are: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "0000000000000100.hash")); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenHashes(dir, 0, 300, nil); !errors.Is(err, ErrShort) {
		t.Errorf("those in the middle are missing: %v", err)
	}
	buffer := make([]byte, 32*50)
	if err := s.entries.HashesAt(buffer, 75); !errors.Is(err, ErrMissing) {
		t.Errorf("read: %v", err)
	}
	if err := s.entries.HashesAt(buffer, 50); err != nil {
		t.Errorf("read before it: %v", err)
	}
	if err := s.entries.HashesAt(buffer, 251); !errors.Is(err, ErrMissing) {
		t.Errorf("read past the end: %v", err)
	}
	if err := os.Truncate(filepath.Join(dir, "0000000000000000.hash"), 32*99+31); err != nil {
		t.Fatal(err)
	}
	if err := s.entries.HashesAt(buffer, 50); !errors.Is(err, ErrMissing) {
		t.Errorf("read of a file that was cut: %v", err)
	}
}

// TestRollComesLate: where hashes of the next segment are on disk already, or are to come, nothing is lost.
func TestRollComesLate(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), 0, nil)
	s.append(500)
	err := errors.Join(s.entries.Sync(), s.entries.Roll(400), s.entries.Roll(600))
	s.append(700)
	if err = errors.Join(err, s.entries.Roll(100), s.seal()); err != nil {
		t.Fatal(err)
	}
	s.every(t, 1)
	got := files(t, s.dir)
	want := []string{"0000000000000000.hash", "0000000000000000.level1", "0000000000000500.hash", "0000000000000600.hash"}
	if !slices.Equal(got, want) {
		t.Errorf("files are %v", got)
	}
}

// TestStorageFaults: whichever step fails, once or for good, everything can be read, and after the power went what was
// brought to disk is there; what follows a failure stands in another file.
func TestStorageFaults(t *testing.T) {
	t.Parallel()
	for _, dies := range []bool{false, true} {
		for step := 1; ; step++ {
			dir, left := t.TempDir(), t.TempDir()
			disk, err := crash.New(dir)
			if err != nil {
				t.Fatal(err)
			}
			s := open(t, dir, 0, disk)
			if disk.Fail(step); dies {
				disk.Die(step)
			}
			synced, failed := 0, false
			for _, to := range []int{40, 300, 555, 800, 1100} {
				s.append(to)
				if to != 555 {
					if err := s.seal(); err == nil {
						synced = to
					} else {
						failed = true
					}
					continue
				}
				if err := errors.Join(s.entries.Sync(), s.levels.Sync()); err != nil {
					failed = true
				}
			}
			s.every(t, 97)
			if !failed {
				break // there is no such step
			}
			if !dies && synced < 1100 && s.seal() == nil {
				synced = 1100
			}
			if !dies && synced != 1100 {
				t.Errorf("step %d failed once, and %d are on disk in the end", step, synced)
			}
			if err := disk.Leave(crash.Synced, left); err != nil {
				t.Fatal(err)
			}
			again := open(t, left, synced, nil)
			if !again.levels.Whole(int64(synced)) {
				t.Errorf("step %d, dies %t: nodes are missing of %d records", step, dies, synced)
			}
			again.every(t, 97)
			again.append(1100 + step)
			if err := again.seal(); err != nil {
				t.Fatal(err)
			}
			again.every(t, 97)
			open(t, left, 1100+step, nil).every(t, 97)
		}
	}
}

// counting counts reads.
type counting struct {
	Source
	reads *int
}

// HashesAt reads hashes.
func (c counting) HashesAt(dst []byte, first int64) error {
	*c.reads++
	return c.Source.HashesAt(dst, first)
}

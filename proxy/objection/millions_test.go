package objection

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/FastFilter/xorfilter"
	bolt "go.etcd.io/bbolt"

	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/rules"
)

// The figures that the store promises, with as many objectors as TAGWARDEN_OBJECTORS says: `make bench-objections`.
// Without it, with few, the same code runs and its figures are of no interest.

// objectors is how many subjects the figures are made with.
func objectors(few int) (n int, asked bool) {
	n, err := strconv.Atoi(os.Getenv("TAGWARDEN_OBJECTORS"))
	if err != nil || n <= 0 {
		return few, false
	}
	return n, true
}

// hashesOf makes n hashes as keyed hashes are: random, the same for each seed.
func hashesOf(seed uint64, n int) [][16]byte {
	r := rand.New(rand.NewPCG(seed, 1))
	list := make([][16]byte, n)
	for i := range list {
		binary.BigEndian.PutUint64(list[i][:8], r.Uint64())
		binary.BigEndian.PutUint64(list[i][8:], r.Uint64())
	}
	return list
}

// loaded makes a store whose subjects are these hashes, sorted, past the change
// log: what a load test needs, in seconds.
func loaded(t testing.TB, dir string, hashes [][16]byte) {
	t.Helper()
	path := filepath.Join(dir, FileName)
	if err := create(durable.Files{}, path, "keys-1"); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(hashes, func(a, b [16]byte) int {
		return cmp.Or(cmp.Compare(binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(b[:])),
			cmp.Compare(binary.BigEndian.Uint64(a[8:]), binary.BigEndian.Uint64(b[8:])))
	})
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoSync: true, NoGrowSync: true, FreelistType: bolt.FreelistMapType,
		InitialMmapSize: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	for start := 0; start < len(hashes); start += 250_000 {
		err := db.Update(func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketSubjects)
			b.FillPercent = 0.9
			var a arena
			var text []byte
			for i, hash := range hashes[start:min(len(hashes), start+250_000)] {
				r := record{first: noon.Unix(), last: noon.Unix(), seq: uint64(start + i + 1), form: 1, scopes: Scopes{"\x00"},
					acts: []act{{Holder{Kind: Role}, Scopes{"\x00"}}}}
				text = r.append(text[:0], &hash)
				if err := b.Put(a.keep(hash[:]), a.keep(text)); err != nil {
					return err
				}
			}
			return putSaved(tx, saved{head: emptyHead, records: uint64(start + min(250_000, len(hashes)-start))})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Update(func(tx *bolt.Tx) error {
		key := make([]byte, 4)
		return tx.Bucket(bucketSources).Put(key, sealed(key, append([]byte{0, 0, 0, 0}, API...)))
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// figures collects lines of a table.
type figures struct {
	strings.Builder
}

func (f *figures) line(what, goal, is string, args ...any) {
	fmt.Fprintf(f, "| %s | %s | %s |\n", what, goal, fmt.Sprintf(is, args...))
}

// each returns how long one of n calls of f takes.
func each(n int, f func(i int)) time.Duration {
	start := time.Now()
	for i := range n {
		f(i)
	}
	return time.Since(start) / time.Duration(n)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestMillionsOfObjectors(t *testing.T) {
	n, asked := objectors(5000)
	dir := t.TempDir()
	var table figures
	built := each(1, func(int) { loaded(t, dir, hashesOf(1, n)) })
	info, err := os.Stat(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	table.line("file", "", "%.0f MB, loaded in %.1f s", float64(info.Size())/1e6, built.Seconds())
	options := Options{Dir: dir, Identity: "keys-1", Now: time.Now}
	never := hashesOf(2, min(n, 1_000_000))
	known := hashesOf(1, n)
	some := slices.Clone(known[n/2 : n/2+min(n/2, 30_000)])
	known = slices.Clone(known[:min(n, 1_000_000)])
	before := heap()
	open := func() (s *Store) {
		d := each(1, func(int) {
			if s, err = Open(options); err != nil {
				t.Fatal(err)
			}
		})
		table.line("start-up", "< 10 s", "%.2f s", d.Seconds())
		return s
	}
	if os.WriteFile("/proc/sys/vm/drop_caches", []byte("1"), 0o600) == nil {
		table.WriteString("| (the next start-up has nothing in the page cache) | | |\n")
		if err := open().Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := open()
	after := heap()
	table.line("memory a subject, without the LRU", "≤ 20 B", "%.2f B", float64(after-before)/float64(n))

	policy := s.Resolve(func(string) (rules.Objections, bool) { return rules.Objections{All: true}, true })
	// The median of many short runs: a machine that has other things to do at times makes it no larger.
	look := func(list [][16]byte, want bool) string {
		const chunk = 200
		wrong := 0
		var runs []time.Duration
		mean := each(1, func(int) {
			for start := 0; start < len(list); start += chunk {
				some := list[start:min(len(list), start+chunk)]
				runs = append(runs, each(len(some), func(i int) {
					if o, err := policy.Lookup(some[i]); err != nil || o.Any() != want {
						wrong++
					}
				}))
			}
		}) / time.Duration(len(list))
		if wrong > 0 {
			t.Errorf("%d of %d answers were wrong", wrong, len(list))
		}
		slices.Sort(runs)
		return fmt.Sprintf("%d ns (mean %d ns)", runs[len(runs)/2].Nanoseconds(), mean.Nanoseconds())
	}
	look(never, false)
	table.line("look-up, never objected", "< 200 ns", "%s", look(never, false))
	look(some, true)
	table.line("look-up, objected, cached", "< 2 µs", "%s", look(some, true))
	look(known, true)
	table.line("look-up, objected, on disk, warm", "< 20 µs", "%s", look(known, true))
	table.line("memory of the LRU, full", "", "%.1f MB", float64(int64(heap())-int64(after))/1e6)
	withWriter(t, s, &table, never, known)

	var b xorfilter.BinaryFuseBuilder
	var m0, m1 runtime.MemStats
	runtime.ReadMemStats(&m0)
	rebuilt := each(1, func(int) {
		if err := (&rebuilder{file: s.file, index: s.index}).rebuild(&b, 7, 0); err != nil {
			t.Fatal(err)
		}
	})
	runtime.ReadMemStats(&m1)
	table.line("rebuild of one of 256 filters", "", "%.1f ms, takes %.1f MB meanwhile", rebuilt.Seconds()*1e3,
		float64(m1.TotalAlloc-m0.TotalAlloc)/1e6)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if asked {
		report(fmt.Sprintf("%d objectors", n), &table)
	}
}

// withWriter looks up while batches are taken.
func withWriter(t *testing.T, s *Store, table *figures, never, known [][16]byte) {
	stop := make(chan struct{})
	var writer sync.WaitGroup
	batches := 0
	writer.Go(func() {
		for seed := uint64(100); ; seed++ {
			select {
			case <-stop:
				return
			default:
			}
			changes := make([]Change, 0, 500)
			for _, hash := range hashesOf(seed, 500) {
				changes = append(changes, Change{Subjects: []Subject{{Space: "email", Hash: hash}},
					Object: []string{All}, Source: Import})
			}
			if _, err := s.Apply(t.Context(), Batch{Changes: changes}); err != nil {
				t.Error(err)
				return
			}
			batches++
		}
	})
	worst := func(list [][16]byte) (p99, p9999 time.Duration) {
		took := make([]time.Duration, len(list))
		for i, hash := range list {
			start := time.Now()
			if _, err := s.Lookup(hash); err != nil {
				t.Error(err)
			}
			took[i] = time.Since(start)
		}
		slices.Sort(took)
		return took[len(took)*99/100], took[len(took)*9999/10000]
	}
	p99, p9999 := worst(never)
	table.line("the same while batches of 500 are taken, never objected", "", "p99 %v, p99.99 %v", p99, p9999)
	p99, p9999 = worst(known)
	table.line("the same, on disk", "", "p99 %v, p99.99 %v", p99, p9999)
	close(stop)
	writer.Wait()
	table.line("batches of 500 taken meanwhile", "", "%d", batches)
}

// report prints a table.
func report(title string, table *figures) {
	fmt.Printf("\n%s, %s, %d processors:\n\n| | goal | measured |\n|---|---|---|\n%s\n", title, runtime.Version(),
		runtime.GOMAXPROCS(0), table.String())
}

// processorTime is what this process has used of the processors.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestMillionsOfChanges(t *testing.T) {
	n, asked := objectors(1000)
	n = min(n, 1_000_000)
	var table figures
	for _, c := range []struct{ size, forms int }{{20_000, 1}, {100_000, 1}, {100_000, 3}} {
		s, err := Open(Options{Dir: t.TempDir(), Identity: "keys-1"})
		if err != nil {
			t.Fatal(err)
		}
		hashes := hashesOf(uint64(c.size), n*c.forms)
		spaces := []string{"email", "email_sha256", "email_md5"}
		cpu := processorTime(t)
		d := each(1, func(int) {
			for line := 0; line < n; line += c.size {
				changes := make([]Change, 0, c.size)
				for i := line; i < min(n, line+c.size); i++ {
					change := Change{Object: []string{All}, Source: Import, Channel: "mail", By: "operator"}
					for f := range c.forms {
						hash := hashes[i*c.forms+f]
						change.Subjects = append(change.Subjects, Subject{Space: spaces[f], Hash: hash, Ledger: hash, Feed: hash})
					}
					changes = append(changes, change)
				}
				if _, err := s.Apply(t.Context(), Batch{Changes: changes,
					Progress: &Progress{File: "f", Line: uint64(line + len(changes))}}); err != nil {
					t.Fatal(err)
				}
			}
		})
		cpu = processorTime(t) - cpu
		info, err := os.Stat(filepath.Join(s.opts.Dir, FileName))
		if err != nil {
			t.Fatal(err)
		}
		table.line(fmt.Sprintf("%d changes in batches of %d, %d forms each", n, c.size, c.forms), "< 30 s",
			"%.1f s (processor %.1f s), file %.0f MB", d.Seconds(), cpu.Seconds(), float64(info.Size())/1e6)
		if got := s.state.Load().records; got != uint64(n*c.forms) {
			t.Errorf("%d subjects after %d changes with %d forms each", got, n, c.forms)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if asked {
		report("import", &table)
	}
}

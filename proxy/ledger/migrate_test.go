package ledger_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tagwarden/tagwarden/config/durable/crash"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// before is a ledger of the version before, and the lines that it holds.
func before(t *testing.T) (data string, lines []string) {
	t.Helper()
	data = dataFolder(t)
	dir := filepath.Join(data, "ledger")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range matching(t, filepath.Join("testdata", "before-segments"), "*.jsonl") {
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(path)), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if whole, ends := strings.CutSuffix(line, "\n"); ends {
				lines = append(lines, whole)
			}
		}
	}
	return data, lines
}

// remembers tells whether a start knows what the ledger of the version before says.
func remembers(t *testing.T, dir string) {
	t.Helper()
	s, err := ledger.Recover(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s.Facts.Revoked["LIA-2026-001"] != 1 || s.Head.Size == 0 || s.Hits < 1795941145050310 ||
		s.Keys.Identity != "3bf19c0214d42819" || !s.Keys.Known {
		t.Errorf("it remembers %+v", s.Recovered)
	}
}

// TestMigrate: the lines of a ledger of the version before are the first records, as they stand, in segments
// that are sealed; what a start has to know of them it knows. A second start has nothing to do, and an older
// binary finds a line that is no record.
func TestMigrate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data, lines := before(t)
		o := signing(t, data, nil)
		remembers(t, o.Dir)
		var progress []string
		tell := func(done, of int) { progress = append(progress, fmt.Sprint(done, " of ", of)) }
		if err := ledger.Migrate(o.Dir, nil, tell); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(progress, ", "); got != "1 of 3, 2 of 3, 3 of 3" {
			t.Error(got)
		}
		if err := ledger.Migrate(o.Dir, nil, func(int, int) { t.Error("it is done once more") }); err != nil {
			t.Fatal(err)
		}
		remembers(t, o.Dir)
		for start := range uint64(2) {
			if l := live(o, 1+start*100, 9+start*100); l.err != nil {
				t.Fatal(l.err)
			}
			got := reread(t, o)
			if !slices.Equal(got.lines[:len(lines)], lines) || len(got.hits) != 15+int(start+1)*8 {
				t.Errorf("start %d: %d hits, and the first lines are others than before", start, len(got.hits))
			}
			remembers(t, o.Dir)
			if n := strings.Count(strings.Join(got.lines, "\n"), `"kind":"sealed","first":0,"end":12,`); n != 1 {
				t.Errorf("start %d: %d records say that the first segment is sealed", start, n)
			}
		}
		if paths := segmentFiles(t, o.Dir); filepath.Base(paths[0]) != "0000000000000000.jsonl.zst" {
			t.Errorf("%s is not compressed", paths[0])
		}
		refusal, err := os.ReadFile(filepath.Join(o.Dir, "format.jsonl"))
		if err != nil || strings.HasPrefix(string(refusal), "{") || !strings.HasSuffix(string(refusal), "\n") {
			t.Errorf("%q, %v", refusal, err)
		}
	})
}

// TestMigrateEndsAnywhere: wherever it ends, or a start after it, it is begun again, and comes to the same.
func TestMigrateEndsAnywhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for n := 1; ; n++ {
			data, lines := before(t)
			d := onDisk(t, data)
			d.Die(n)
			died := starts(t, signing(t, data, d), 1)
			d.Fail(0)
			if died == nil {
				break
			}
			left := crash.Left[n%len(crash.Left)]
			into := t.TempDir()
			if err := d.Leave(left, into); err != nil {
				t.Fatal(err)
			}
			o := signing(t, into, newDisk())
			var said told
			o.Report = said.report
			if err := errors.Join(starts(t, o, 2), starts(t, o, 3)); err != nil || len(said) > 0 {
				t.Errorf("step %d, %v left: %v, %q (it died of %v)", n, left, err, said, died)
				continue
			}
			if got := reread(t, o); !slices.Equal(got.lines[:len(lines)], lines) || got.hits[2] != 1 || got.hits[3] != 1 {
				t.Errorf("step %d, %v left: the lines are others than before", n, left)
			}
			remembers(t, o.Dir)
		}
	})
}

// TestMigrateDamaged: a damaged line is named, and nothing is done.
func TestMigrateDamaged(t *testing.T) {
	t.Parallel()
	data, _ := before(t)
	dir := filepath.Join(data, "ledger")
	paths := matching(t, dir, "*.jsonl")
	text, err := os.ReadFile(paths[1])
	if err == nil {
		text[0] = 'x'
		err = os.WriteFile(paths[1], text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	err = ledger.Migrate(dir, nil, nil)
	damage := new(ledger.Damage)
	if !errors.As(err, &damage) || damage.Path != paths[1] || damage.From != 0 || damage.First != 12 || !damage.Numbered {
		t.Errorf("%v: %+v", err, damage)
	}
	if _, err := ledger.Recover(dir); err == nil {
		t.Error("a start takes it for whole")
	}
}

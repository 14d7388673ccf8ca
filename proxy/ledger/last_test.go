package ledger_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// readLast reads the last records of a folder.
func readLast(t *testing.T, dir string, n int) string {
	t.Helper()
	r, err := ledger.Last(dir, n)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	return readOn(t, r)
}

// upTo are the last n of the numbers before end, as readOn writes them.
func upTo(end, n int, mark string) string {
	var all []string
	for i := max(0, end-n); i < end; i++ {
		all = append(all, strconv.Itoa(i)+mark)
	}
	return strings.Join(all, " ")
}

// TestLast: as many as are asked for, with their numbers, in whatever forms they are stored.
func TestLast(t *testing.T) {
	t.Parallel()
	sum := func(end int) string { return fmt.Sprintf(`{"format":1,"end":%d,"lines":"crc"}`, end) }
	for what, c := range map[string]struct {
		files files
		end   int
		mark  string
	}{
		"none":                  {files{jsonl(0): ""}, 0, ""},
		"one segment":           {files{jsonl(0): lines(0, 6)}, 6, ""},
		"torn":                  {files{jsonl(0): lines(0, 6) + "x\n\x00\n{"}, 6, ""},
		"hashes":                {files{jsonl(0): lines(0, 6), hash(0): hashes(lines(0, 6))}, 6, ""},
		"hashes that are short": {files{jsonl(0): lines(0, 6), hash(0): hashes(lines(0, 4)) + "x"}, 6, ""},
		"hashes of others":      {files{jsonl(0): lines(0, 6), hash(0): hashes(lines(7, 11))}, 6, ""},
		"two segments": {files{jsonl(0): lines(0, 3), jsonl(3): lines(3, 6),
			hash(0): hashes(lines(0, 3)), hash(3): hashes(lines(3, 6))}, 6, ""},
		"two segments without hashes": {files{jsonl(0): lines(0, 3), jsonl(3): lines(3, 6)}, 6, ""},
		"two segments, and nothing in the last": {files{jsonl(0): lines(0, 3), jsonl(3): "",
			hash(0): hashes(lines(0, 3))}, 3, ""},
		"written twice": {files{jsonl(0): lines(0, 5) + "{", jsonl(3): lines(3, 6),
			hash(0): hashes(lines(0, 3)), hash(3): hashes(lines(3, 5))}, 6, ""},
		"packed before": {files{zst(0): packed(t, lines(0, 2)), jsonl(2): lines(2, 4),
			jsonl(4): lines(4, 6), hash(0): hashes(lines(0, 6))}, 6, ""},
		"packed last":                   {files{zst(0): packed(t, lines(0, 6)), number(0, ".sum"): sum(6)}, 6, ""},
		"packed last without a summary": {files{zst(0): packed(t, lines(0, 6))}, 6, ""},
		"lines too short for a block":   {files{jsonl(0): lines(0, 9000), hash(0): hashes(lines(0, 9000))}, 9000, ""},
		"old":                           {files{old1: oldLines(0, 3), old2: oldLines(3, 6) + "{"}, 6, "?"},
		"old, and nothing in the last":  {files{old1: oldLines(0, 3), old2: ""}, 3, "?"},
		"old lines with a number": {files{jsonl(0): oldLines(0, 4), number(0, ".sum"): `{"end":4,"lines":"json"}`,
			jsonl(4): lines(4, 6), hash(0): hashes(oldLines(0, 4))}, 6, ""},
	} {
		dir := t.TempDir()
		write(t, dir, c.files)
		for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 100, 8999} {
			if got, want := readLast(t, dir, n), upTo(c.end, n, c.mark); got != want {
				t.Errorf("%s: the last %d are %s, want %s", what, n, got, want)
			}
		}
	}
}

// TestLastOfSome: the oldest were deleted.
func TestLastOfSome(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, files{jsonl(7): lines(7, 9)})
	if got := readLast(t, dir, 5); got != "7 8" {
		t.Error(got)
	}
	dir = t.TempDir()
	if got := readLast(t, dir, 5); got != "" {
		t.Error(got)
	}
	if _, err := ledger.Last(filepath.Join(dir, "none"), 5); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestLastPastDamage: numbers are right on both sides of it.
func TestLastPastDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := lines(0, 9)
	two := strings.Replace(text, "\n"+lines(5, 6), " "+lines(5, 6), 1) // records 4 and 5 are one line
	write(t, dir, files{jsonl(0): two, hash(0): hashes(text)})
	for n, want := range []string{"", "8", "7 8", "6 7 8", "[4-6] 6 7 8", "[4-6] 6 7 8", "3 [4-6] 6 7 8"} {
		if got := readLast(t, dir, n); got != want {
			t.Errorf("the last %d are %s, want %s", n, got, want)
		}
	}
}

// TestLastReadsLittle: a segment of which all but its end is a hole of a terabyte, and before it one that cannot be
// read.
func TestLastReadsLittle(t *testing.T) {
	t.Parallel()
	const first, n, hole = 1 << 32, 20_000_000, 1 << 40
	dir := t.TempDir()
	end := lines(first+n-10, first+n)
	for _, f := range []struct {
		name, text string
		at         int64
	}{{jsonl(first), "\n" + end, hole}, {hash(first), hashes(end), (n - 10) * 32}} {
		file, err := os.Create(filepath.Join(dir, f.name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt([]byte(f.text), f.at); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir, files{zst(0): "x", hash(0): ""})
	if err := os.Truncate(filepath.Join(dir, hash(0)), first*32); err != nil {
		t.Fatal(err)
	}
	if got := readLast(t, dir, 3); got != fmt.Sprintf("%d %d %d", first+n-3, first+n-2, first+n-1) {
		t.Error(got)
	}
}

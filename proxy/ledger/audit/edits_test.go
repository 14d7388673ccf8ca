package audit_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// edited is a segment that is edited.
type edited struct {
	dir   string
	path  string // as it lies there
	first int
	lines [][]byte // with their ends
	last  bool     // nothing comes behind it
}

// segments are those of a ledger, as somebody who edits them sees them.
func segments(t *testing.T, dir string) (all []edited) {
	t.Helper()
	paths := append(names(t, dir, "*.jsonl"), names(t, dir, "*.jsonl.zst")...)
	for _, path := range paths {
		first, err := strconv.Atoi(strings.SplitN(filepath.Base(path), ".", 2)[0])
		if err != nil {
			continue // format.jsonl
		}
		text := read(t, path)
		if strings.HasSuffix(path, ".zst") {
			text = unpack(t, text)
		}
		all = append(all, edited{dir, path, first, bytes.SplitAfter(text, []byte("\n")), false})
		of := &all[len(all)-1]
		of.lines = of.lines[:len(of.lines)-1]
	}
	slices.SortFunc(all, func(a, b edited) int { return a.first - b.first })
	all[len(all)-1].last = true
	return all
}

// write writes the segment with other lines, and where asked their entries as well.
func (e *edited) write(t *testing.T, lines [][]byte, hashes bool) {
	t.Helper()
	text := bytes.Join(lines, nil)
	if strings.HasSuffix(e.path, ".zst") {
		text = pack(t, text)
	}
	put(t, e.path, text)
	if !hashes {
		return
	}
	var entries []byte
	for _, line := range lines {
		sum := sha256.Sum256(bytes.TrimSuffix(line, []byte("\n")))
		entries = append(entries, sum[:]...)
	}
	put(t, filepath.Join(e.dir, segment.FileName(uint64(e.first), ".hash")), entries)
}

// forged is a line that nobody recorded, with its checksum.
func forged(n int) []byte {
	return segment.AppendLine(
		nil, fmt.Appendf(nil, `{"time":"2026-11-29T07:00:00Z","kind":"event","hit":%d,"vendor":"other"}`, n))
}

// edit is one of the four kinds, or a fifth.
type edit struct {
	kind audit.Kind
	do   func(lines [][]byte, at, other int) [][]byte
}

var edits = []edit{
	{audit.Changed, func(l [][]byte, at, _ int) [][]byte {
		return slices.Replace(l, at, at+1, forged(at))
	}},
	{audit.Changed, func(l [][]byte, at, other int) [][]byte { // and the checksum left as it was
		l[at] = bytes.Clone(l[at])
		l[at][other%(len(l[at])-1)] ^= 1
		return l
	}},
	{audit.Removed, func(l [][]byte, at, _ int) [][]byte { return slices.Delete(l, at, at+1) }},
	{audit.Swapped, func(l [][]byte, at, other int) [][]byte {
		l[at], l[other] = l[other], l[at]
		return l
	}},
	{audit.CutShort, func(l [][]byte, at, _ int) [][]byte { return l[:at] }},
	{audit.CutShort, func(l [][]byte, at, other int) [][]byte { // within a line
		l[at] = l[at][:other%(len(l[at])-1)]
		return l[:at+1]
	}},
	{audit.Inserted, func(l [][]byte, at, _ int) [][]byte { return slices.Insert(l, at, forged(at)) }},
	{audit.Inserted, func(l [][]byte, at, other int) [][]byte { // a line that is there already
		if other == at {
			return slices.Insert(l, at, forged(at))
		}
		return slices.Insert(l, at, l[other])
	}},
}

func TestEditsAreFoundAndPlaced(t *testing.T) {
	for _, hashes := range []bool{false, true} {
		t.Run(fmt.Sprintf("hashes=%v", hashes), func(t *testing.T) {
			t.Parallel()
			times, perRun := 1250, 60 // 10,000 edits
			if hashes {
				times, perRun = 20, 350
			}
			dir := small(t, perRun)
			all := segments(t, dir)
			random := rand.New(rand.NewPCG(1, 2))
			exact, near := 0, 0
			for range times {
				for _, e := range edits {
					of := all[random.IntN(len(all))]
					at := random.IntN(len(of.lines))
					other := (at + 1 + random.IntN(len(of.lines)-1)) % len(of.lines)
					at, other = edited2(e.kind, at, other)
					was, wasHash := read(t, of.path), []byte(nil)
					if hashes {
						wasHash = read(t, hashPath(of))
					}
					of.write(t, e.do(slices.Clone(of.lines), at, other), hashes)
					want := e.kind
					if e.kind == audit.Removed && at == len(of.lines)-1 {
						want = audit.CutShort
					}
					r := verify(t, dir)
					f := r.First()
					number := uint64(of.first + at)
					switch {
					case f == nil:
						t.Fatalf("%s at record %d: not found: %s", e.kind, number, told(r))
					case number < f.First || number >= f.End:
						t.Fatalf("%s at record %d (%d): placed at %s", e.kind, number, other, told(r))
					case f.Kind != want && !hashes:
						t.Fatalf("%s at record %d (%d): taken for %s", e.kind, number, other, told(r))
					case !f.Exact() && !hashes:
						t.Fatalf("%s at record %d: not exactly placed: %s", e.kind, number, told(r))
					case filepath.Base(of.path) != f.File:
						t.Fatalf("%s at %d in %s: %s", e.kind, number, of.path, told(r))
					}
					if f.Exact() {
						exact++
						if start := len(bytes.Join(of.lines[:at], nil)); f.Offset != int64(start) {
							t.Fatalf("%s at record %d, byte %d: %s", e.kind, number, start, told(r))
						}
					} else {
						near++
					}
					put(t, of.path, was)
					if hashes {
						put(t, hashPath(of), wasHash)
					}
				}
			}
			t.Logf("%d exactly, %d nearly", exact, near)
			fine(t, dir)
		})
	}
}

// edited2 makes the first of two places the one that comes first, where both are edited.
func edited2(kind audit.Kind, at, other int) (int, int) {
	if kind == audit.Swapped && other < at {
		return other, at
	}
	if kind == audit.Inserted && other == at-1 {
		other = at // a copy of a line stands before or behind it: who can tell?
	}
	return at, other
}

func hashPath(e edited) string {
	return filepath.Join(e.dir, segment.FileName(uint64(e.first), ".hash"))
}

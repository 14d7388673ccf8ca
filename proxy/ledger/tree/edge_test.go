package tree

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// line is the line of a record, without its end.
func line(n int) []byte {
	return fmt.Appendf(nil, `{"number":%d,"name":"page_view","crc":"00000000"}`, n)
}

// lines are those of records from a number up to another one, with their ends.
func lines(from, to int) (b []byte) {
	for n := from; n < to; n++ {
		b = append(append(b, line(n)...), '\n')
	}
	return b
}

// mth is RFC 6962's Merkle tree hash (section 2.1), as its text has it: the second reading.
func mth(entries [][]byte) (h tlog.Hash) {
	switch n := len(entries); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, entries[0]...))
	default:
		k := 1
		for k*2 < n {
			k *= 2
		}
		left, right := mth(entries[:k]), mth(entries[k:])
		return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
	}
}

// entriesOf are the entries of the first records, as RFC 6962 takes them.
func entriesOf(n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		sum := sha256.Sum256(line(i))
		list[i] = sum[:]
	}
	return list
}

// TestRoots: whatever groups records come in, the root is that of the specification's text, and so is what goes on from
// what was written down in between.
func TestRoots(t *testing.T) {
	t.Parallel()
	const most = 700
	entries := entriesOf(most)
	e, random := new(Edge), rand.New(rand.NewPCG(1, 2))
	for n := 0; ; {
		if got, want := e.Tree(), (tlog.Tree{N: int64(n), Hash: mth(entries[:n])}); got != want {
			t.Fatalf("%d records: %v, want %v", n, got, want)
		}
		written := e.Bytes()
		read, err := ParseEdge(written)
		if err != nil || read.Tree() != e.Tree() || !bytes.Equal(read.Bytes(), written) {
			t.Fatalf("%d records: the edge does not come back: %v", n, err)
		}
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		e = new(Edge)
		if err := json.Unmarshal(text, e); err != nil || !bytes.Equal(e.Bytes(), written) {
			t.Fatalf("%d records: the edge does not come back from JSON: %v", n, err)
		}
		if n == most {
			return
		}
		to := min(n+1+random.IntN(40)*random.IntN(2), most)
		if full := e.Append(AppendEntries(nil, lines(n, to)), nil); len(full) != to>>8-n>>8 {
			t.Errorf("records %d to %d complete %d nodes", n, to, len(full))
		}
		n = to
	}
}

// TestNodes: the nodes of tiles come when they are complete, lower ones first.
func TestNodes(t *testing.T) {
	t.Parallel()
	const n = 1<<16 + 300
	e := new(Edge)
	entries := AppendEntries(nil, lines(0, n))
	full := e.Append(entries, nil)
	list := make([][]byte, 0, n)
	for b := entries; len(b) > 0; b = b[32:] {
		list = append(list, b[:32])
	}
	var ones, twos int
	for i, node := range full {
		switch node.Level {
		case 1:
			if want := mth(list[ones<<8 : (ones+1)<<8]); node.Hash != want {
				t.Fatalf("node %d of level 1 is another one", ones)
			}
			ones++
		case 2:
			if ones != 256 || node.Hash != mth(list[:1<<16]) {
				t.Errorf("node %d is of level 2, behind %d of level 1", i, ones)
			}
			twos++
		default:
			t.Fatalf("a node of level %d", node.Level)
		}
	}
	if ones != n>>8 || twos != 1 {
		t.Errorf("%d nodes of level 1, %d of level 2", ones, twos)
	}
}

// TestEntries: a line without an end is none, an empty one is one.
func TestEntries(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"": nil, "a": nil, "a\n": {"a"}, "a\nb": {"a"}, "\n": {""}, "a\n\nb\n": {"a", "", "b"}, "a\r\n": {"a\r"},
	} {
		var entries []byte
		for _, l := range want {
			e := EntryOf([]byte(l))
			entries = append(entries, e[:]...)
		}
		if got := AppendEntries(nil, []byte(text)); !bytes.Equal(got, entries) {
			t.Errorf("%q: %d entries, want %d", text, len(got)/32, len(want))
		}
	}
}

// TestEdgesThatAreNone: what is no edge is refused, and what has one bit changed is another tree's.
func TestEdgesThatAreNone(t *testing.T) {
	t.Parallel()
	e := new(Edge)
	e.Append(AppendEntries(nil, lines(0, 77)), nil)
	written, tree := e.Bytes(), e.Tree()
	for n := range written {
		if _, err := ParseEdge(written[:n]); !errors.Is(err, ErrEdge) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
		for bit := range 8 {
			changed := bytes.Clone(written)
			changed[n] ^= 1 << bit
			other, err := ParseEdge(changed)
			if err != nil && !errors.Is(err, ErrEdge) || err == nil && other.Tree() == tree {
				t.Errorf("byte %d changed: %v", n, err)
			}
		}
	}
	if _, err := ParseEdge(append(written, 0)); !errors.Is(err, ErrEdge) {
		t.Errorf("a byte more: %v", err)
	}
	for _, text := range []string{`""`, `"AAAAAAAAAAA"`, `"AAAAAAAAAAB="`, `"AAAAAAAAAAA=\n"`, `"gAAAAAAAAAA="`, `7`} {
		if err := json.Unmarshal([]byte(text), new(Edge)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
	if err := json.Unmarshal([]byte(`"AAAAAAAAAAA="`), new(Edge)); err != nil {
		t.Errorf("the empty tree: %v", err)
	}
}

// TestAppendDoesNotAllocate: neither hashing lines nor adding them, nor naming the root.
func TestAppendDoesNotAllocate(t *testing.T) {
	group := lines(0, 32)
	entries, full := make([]byte, 0, 32*32), make([]Node, 0, 4)
	e := new(Edge)
	var root tlog.Tree
	if n := testing.AllocsPerRun(1000, func() {
		entries = AppendEntries(entries[:0], group)
		full = e.Append(entries, full[:0])
		root = e.Tree()
	}); n != 0 || root.N == 0 {
		t.Errorf("%v allocations for a group", n)
	}
}

// BenchmarkAppend adds groups of 32 records: what the committer does for each group. "lines" is SHA-256 of the lines
// alone, with which the rest is to be compared.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{160, 480} {
		record := bytes.Repeat([]byte{'x'}, size-1)
		group := bytes.Repeat(append(record, '\n'), 32)
		for _, what := range []string{"lines", "all"} {
			b.Run(fmt.Sprintf("%d bytes, %s", size, what), func(b *testing.B) {
				b.ReportAllocs()
				entries, full, e := make([]byte, 0, 32*32), make([]Node, 0, 4), new(Edge)
				for b.Loop() {
					if entries = AppendEntries(entries[:0], group); what == "all" {
						full = e.Append(entries, full[:0])
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/32, "ns/record")
			})
		}
	}
}

// TestEdgeOf: the edge of a tree is that which grew with it, whichever larger tree its hashes are read of.
func TestEdgeOf(t *testing.T) {
	t.Parallel()
	var grown Edge
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			hashes[i] = stored[at]
		}
		return hashes, nil
	})
	var edges [][]byte
	for n := range int64(600) {
		edges = append(edges, grown.Bytes())
		entry := EntryOf(fmt.Appendf(nil, "line %d", n))
		grown.Append(entry[:], nil)
		more, err := tlog.StoredHashes(n, entry[:], reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
	}
	for size, want := range edges {
		if e, err := EdgeOf(int64(size), reader); err != nil || !bytes.Equal(e.Bytes(), want) {
			t.Errorf("of %d: %v, %v", size, e, err)
		}
	}
}

package index_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger/index"
)

// lines are records of a segment.
func lines(n int) (all [][]byte) {
	for i := range n {
		switch i % 4 {
		case 0:
			all = append(all, fmt.Appendf(
				nil, `{"time":"2026-05-04T12:%02d:00Z","kind":"shape","shape":"s%d","kept":["en"],"dropped":["f%d"]}`,
				i/60%60, i, i))
		case 1:
			all = append(all, fmt.Appendf(nil, `{"time":"2026-05-04T12:%02d:00.5Z","kind":"rungs","rungs":"r%d","region":"R%d"}`,
				i/60%60, i, i))
		default:
			all = append(all, fmt.Appendf(
				nil, `{"time":"2026-05-04T12:%02d:00.9Z","kind":"event","hit":%d,"vendor":"v%d","rungs":"r%d","shape":"s%d",`+
					`"subjects":["%032x","%032x"],"name":"%0200d"}`, i/60%60, i, i%3, i/4*4+1, i/4*4, i, i%7, i))
		}
	}
	return all
}

func encoded(t testing.TB, all [][]byte) []byte {
	t.Helper()
	b := index.NewBuilder(100)
	for _, line := range all {
		b.Add(line, len(line)+1)
	}
	text, err := b.Encode([32]byte{1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// blockOf is the block that holds a record.
func blockOf(blocks []index.Block, number uint64) uint32 {
	at, _ := slices.BinarySearchFunc(blocks, number+1, func(b index.Block, n uint64) int {
		if b.First < n {
			return -1
		}
		return 1
	})
	return uint32(at - 1)
}

// TestFind: each value that a record has, and each that its names stand for, names its block.
func TestFind(t *testing.T) {
	t.Parallel()
	all := lines(4000)
	x, err := index.Read(bytes.NewReader(encoded(t, all)), int64(len(encoded(t, all))))
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Check(); err != nil {
		t.Error(err)
	}
	blocks, err := x.Blocks()
	if err != nil || len(blocks) < 5 || x.Of().First != 100 || x.Of().End != 4100 || x.Of().Digest != [32]byte{1} {
		t.Fatal(len(blocks), x.Of(), err)
	}
	at := int64(0)
	for i, line := range all {
		number := uint64(100 + i)
		block := blockOf(blocks, number)
		if blocks[block].At > at {
			t.Fatalf("record %d stands before its block", number)
		}
		at += int64(len(line)) + 1
		if i%4 < 2 {
			continue
		}
		for member, value := range map[string]string{
			"subjects": fmt.Sprintf("%032x", i), "hit": strconv.Itoa(i), "region": fmt.Sprintf("R%d", i/4*4+1),
			"field":  fmt.Sprintf("f%d", i/4*4),
			"vendor": fmt.Sprintf("v%d", i%3), "kind": "event",
		} {
			found, err := x.Find(nil, index.Term(member, value))
			if err != nil || !slices.Contains(found, block) {
				t.Fatalf("%s %s of record %d: %v, %v; it is in block %d", member, value, number, found, err, block)
			}
			if member == "subjects" && i > 6 && len(found) != 1 {
				t.Errorf("%s %s is in blocks %v", member, value, found)
			}
		}
	}
	if found, err := x.Find(nil, index.Term("vendor", "none")); err != nil || len(found) > 0 {
		t.Errorf("what is not there is in %v, %v", found, err)
	}
	values, err := x.Values()
	if err != nil || !slices.Equal(values["vendor"], []string{"v0", "v1", "v2"}) {
		t.Errorf("%v, %v", values, err)
	}
}

// TestEveryByteOfAnIndexCounts: whichever byte is another one, it is told.
func TestEveryByteOfAnIndexCounts(t *testing.T) {
	t.Parallel()
	was := encoded(t, lines(40))
	check := func(text []byte) error {
		x, err := index.Read(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			return err
		}
		return x.Check()
	}
	if err := check(was); err != nil {
		t.Fatal(err)
	}
	for i := range was {
		edited := bytes.Clone(was)
		edited[i] ^= 1 << (i % 8)
		if err := check(edited); !errors.Is(err, index.ErrDamaged) {
			t.Errorf("byte %d of %d: %v", i, len(was), err)
		}
	}
	for n := range was {
		if err := check(was[:n]); !errors.Is(err, index.ErrDamaged) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}

// FuzzIndex: whatever bytes lie there, nothing panics, blocks are in order, and no block is named that there is not.
func FuzzIndex(f *testing.F) {
	f.Add([]byte{})
	f.Add(encoded(f, nil))
	f.Add(encoded(f, lines(40)))
	f.Add(encoded(f, lines(2000)))
	f.Fuzz(func(t *testing.T, text []byte) {
		x, err := index.Read(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			return
		}
		blocks, blocksErr := x.Blocks()
		_, _ = x.Values()
		for _, term := range []uint64{0, 1 << 63, index.Term("kind", "event"), index.Term("hit", "2")} {
			found, err := x.Find(nil, term)
			if err == nil && blocksErr == nil && slices.ContainsFunc(found, func(n uint32) bool {
				return int(n) >= len(blocks)
			}) {
				t.Errorf("%v of %d blocks", found, len(blocks))
			}
		}
		_ = x.Check()
	})
}

// BenchmarkBuilder is what indexing adds to sealing, for a record.
func BenchmarkBuilder(b *testing.B) {
	all := lines(4000)
	b.ReportAllocs()
	builder := index.NewBuilder(0)
	for i := 0; b.Loop(); i++ {
		if i%100_000 == 0 {
			builder = index.NewBuilder(0)
		}
		builder.Add(all[i%len(all)], len(all[i%len(all)])+1)
	}
}

// TestAnIndexStaysTheSameToTheByte: whoever made one before finds it right.
func TestAnIndexStaysTheSameToTheByte(t *testing.T) {
	t.Parallel()
	all := lines(20_000)
	for i := range all {
		switch i % 50 {
		case 7:
			all[i] = fmt.Appendf(
				nil, `{"time":"2026-05-04T12:00:00Z","kind":"outcome","of":[[%d,[0,1]],[%d,[0]]],"outcome":"delivered"}`, i, i+1)
		case 9:
			all[i] = fmt.Appendf(nil, `{"time":"2026-05-04T12:00:00Z","kind":"event","hit":%d,"name":"a\"b","part":1,"parts":2}`,
				i)
		case 11:
			all[i] = nil
		}
	}
	b := index.NewBuilder(100)
	for _, line := range all {
		b.Add(line, len(line)+1)
	}
	text, err := b.Encode([32]byte{1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const want = "4e268f3929f6b0d8596c534f20f5819ec696212d8ecd10472d59cfbe84f2be8d"
	if got := fmt.Sprintf("%x", sha256.Sum256(text)); got != want {
		t.Errorf("%d bytes with SHA-256 %s, not %s", len(text), got, want)
	}
}

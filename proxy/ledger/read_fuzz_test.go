package ledger_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// unpacked is what a packed segment holds, as far as it can be unpacked.
func unpacked(text []byte) []byte {
	z, err := zstd.NewReader(bytes.NewReader(text), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil
	}
	defer z.Close()
	all, _ := io.ReadAll(io.LimitReader(z, 1<<22)) // what it failed with is damage
	return all
}

// FuzzSegment: whatever bytes a segment has, plain or packed, each record is a whole line of it, behind the one
// before, and reading ends; a reader that begins with the last ones finds the same ones.
func FuzzSegment(f *testing.F) {
	for _, text := range []string{
		"", "\n", "{", lines(0, 3), lines(0, 3) + "{", lines(0, 2) + "x\n" + lines(3, 5),
		lines(0, 2) + "\n\n" + lines(3, 4) + "\x00\n", strings.Repeat("x", 70_000) + "\n" + lines(1, 2),
		oldLines(0, 3), strings.Repeat("{}\n", 30), packed(f, lines(0, 3)), packed(f, lines(0, 3)) + "x",
		packed(f, lines(0, 3))[:20], packed(f, lines(0, 2)+"x") + packed(f, "\n"+lines(3, 4)),
		packed(f, strings.Repeat("\n", 1<<16)),
	} {
		for form := range uint8(4) {
			f.Add([]byte(text), form, uint8(len(text)%7))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, form, end uint8) {
		dir := t.TempDir()
		name, whole := jsonl(0), text
		switch form % 4 {
		case 1:
			name, whole = zst(0), unpacked(text)
			if len(whole) >= 1<<22 {
				return // more than a test has time for
			}
		case 2:
			name = old1
		case 3:
			write(t, dir, files{number(uint64(end)+1, ".jsonl"): ""})
		}
		write(t, dir, files{name: string(text)})
		segments, err := ledger.Segments(dir)
		if err != nil {
			t.Fatal(err)
		}
		r, err := segments[0].Open()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		records := checkReader(t, r, whole)
		if form%4 == 1 && len(whole) > 0 || form%4 == 3 {
			return // where nothing tells where it ends, or it ends before its file does, the last ones are others
		}
		checkLast(t, dir, records)
	})
}

// checkReader reads a segment, and gives its records.
func checkReader(t *testing.T, r *ledger.SegmentReader, whole []byte) (records []string) {
	t.Helper()
	behind, last := int64(0), uint64(0)
	for calls := 0; ; calls++ {
		if calls > len(whole)+2 {
			t.Fatal("reading does not end")
		}
		for r.Next() {
			line, at := r.Record(), r.At()
			n, known := r.Number()
			if at < behind || !bytes.HasPrefix(whole[at:], append(bytes.Clone(line), '\n')) || at > 0 && whole[at-1] != '\n' {
				t.Fatalf("%q at %d is no line of the file", line, at)
			}
			if known && len(records) > 0 && n <= last {
				t.Fatalf("record %d comes behind %d", n, last)
			}
			behind, last = at+int64(len(line))+1, n
			records = append(records, string(line))
		}
		d, is := errors.AsType[*ledger.Damage](r.Err())
		if r.Err() == nil {
			return records
		}
		if !is || d.From < 0 || d.From > int64(len(whole)) || d.To > int64(len(whole)) || d.Error() == "" {
			t.Fatalf("%#v, %v", d, r.Err())
		}
		r.Skip()
	}
}

// checkLast reads the last records, which are the last of all.
func checkLast(t *testing.T, dir string, records []string) {
	t.Helper()
	for _, n := range []int{0, 1, 2, len(records), len(records) + 2} {
		r, err := ledger.Last(dir, n)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		damaged := false
		for range 1 << 20 {
			for r.Next() {
				got = append(got, string(r.Record()))
			}
			if r.Err() == nil {
				break
			}
			damaged = true
			r.Skip()
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if want := strings.Join(records[len(records)-min(len(records), len(got)):], "\n"); strings.Join(got, "\n") != want {
			t.Fatalf("the last %d are %q, want %q", n, got, want)
		}
		if len(got) != min(n, len(records)) && !damaged {
			t.Fatalf("the last %d are %d", n, len(got))
		}
	}
}

// TestUnpackedSegmentsAreBounded: a packed segment may not ask for any memory that it likes.
func TestUnpackedSegmentsAreBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(128<<20), zstd.WithSingleSegment(false))
	if err == nil {
		_, err = w.Write([]byte(strings.Repeat(lines(0, 100), 1000)))
		err = errors.Join(err, w.Close())
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, zst(0)), b.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, dir, 0); got != "[0-0]" {
		t.Errorf("%.100s", got)
	}
}

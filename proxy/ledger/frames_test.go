package ledger_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// packedSegment is a packed segment of several frames.
func packedSegment(t testing.TB) ledger.Segment {
	t.Helper()
	dir := t.TempDir()
	write := func(t *testing.T) {
		l, err := ledger.Open(ledger.Options{Dir: dir, Now: time.Now, Size: 1 << 20}, ledger.Note{Kind: ledger.KindStart})
		if err != nil {
			t.Fatal(err)
		}
		for range 3000 {
			if err := l.Append([]ledger.Event{full()}, named{}); err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(10 * time.Second)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t.(*testing.T), write)
	all, err := ledger.Segments(dir)
	if err != nil || len(all) == 0 || !all[0].Packed {
		t.Fatal(all, err)
	}
	return all[0]
}

// TestPackedInFrames: any reader of zstd reads a packed segment as one text, and any part of that is read alone. Of one
// that was packed as a whole, as earlier versions did, that is said.
func TestPackedInFrames(t *testing.T) {
	t.Parallel()
	s := packedSegment(t)
	packed, err := os.ReadFile(s.Path)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := ledger.ReadFrames(bytes.NewReader(packed), int64(len(packed)))
	if err != nil || len(frames) < 5 {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	for _, f := range frames {
		if end := text[f.From+f.Length-1]; end != '\n' {
			t.Errorf("the frame at %d ends within a line", f.From)
		}
	}
	b, err := s.Blocks()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	random := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		from := random.IntN(len(text) + 1)
		to := from + random.IntN(min(len(text)-from, 300_000)+1)
		if got, err := b.Lines(int64(from), int64(to)); err != nil || !bytes.Equal(got, text[from:to]) {
			t.Fatalf("bytes %d to %d: %v", from, to, err)
		}
	}
	if _, err := b.Lines(int64(len(text))-1, int64(len(text))+1); err == nil {
		t.Error("more is read than there is")
	}

	whole := filepath.Join(t.TempDir(), filepath.Base(s.Path))
	e, err := zstd.NewWriter(nil)
	if err == nil {
		err = os.WriteFile(whole, e.EncodeAll(text, nil), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.Path = whole
	if _, err := s.Blocks(); !errors.Is(err, ledger.ErrNoTable) {
		t.Errorf("packed as a whole: %v", err)
	}
	r, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	n := 0
	for r.Next() {
		n++
	}
	if want := bytes.Count(text, []byte("\n")); n != want || r.Err() != nil {
		t.Errorf("packed as a whole it has %d records of %d, %v", n, want, r.Err())
	}
}

// FuzzFrames: whatever table lies at the end, its frames are in order and within the file.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{})
	f.Add(append([]byte{0, 0, 0, 0, 0x5E, 0x2A, 0x4D, 0x18, 17, 0, 0, 0, 4, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0},
		0xB1, 0xEA, 0x92, 0x8F))
	f.Fuzz(func(t *testing.T, file []byte) {
		frames, err := ledger.ReadFrames(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		var at, from int64
		for _, one := range frames {
			if one.At != at || one.From != from || one.At+one.Size > int64(len(file)) {
				t.Errorf("%+v", frames)
			}
			at, from = one.At+one.Size, one.From+one.Length
		}
	})
}

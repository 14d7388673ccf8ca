package scrub

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func zipped(t testing.TB, text string, level int, form packing) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	if form == gzipped {
		w, err = gzip.NewWriterLevel(&b, level)
	} else {
		w, err = zlib.NewWriterLevel(&b, level)
	}
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestInflate: what compress/flate packs, at every level and of every shape of text, is unpacked as it was; of what
// is cut off, the part that is there; and no more than asked for.
func TestInflate(t *testing.T) {
	t.Parallel()
	draw := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 3000)
	for i := range noise {
		noise[i] = byte(draw.Uint32())
	}
	texts := []string{
		"a", `{"email":"jane.doe@example.com"}`, strings.Repeat("ab", 500),
		strings.Repeat("jane.doe@example.com ", 200),
		string(noise), strings.Repeat("x", 70_000),
	}
	for _, text := range texts {
		for _, form := range []packing{gzipped, zlibbed} {
			for _, level := range []int{-2, -1, 0, 1, 6, 9} {
				raw := zipped(t, text, level, form)
				out := inflate([]byte("^"), raw, form, len(text)+1)
				if string(out) != "^"+text {
					t.Fatalf("%d bytes at level %d: %d bytes are unpacked", len(text), level, len(out)-1)
				}
				for _, n := range []int{0, 1, 2, 10, len(raw) / 2, len(raw) - 9} {
					part := inflate(nil, raw[:max(0, min(n, len(raw)))], form, len(text)+1)
					if !strings.HasPrefix(text, string(part)) {
						t.Fatalf("%d bytes at level %d, cut at %d: %.40q", len(text), level, n, part)
					}
				}
				if some := inflate(nil, raw, form, len(text)/2); len(some) > max(len(text)/2+258, 1<<16) {
					t.Fatalf("%d bytes at level %d: %d are unpacked, not half", len(text), level, len(some))
				}
			}
		}
	}
}

// FuzzInflate: whatever is unpacked is what compress/flate unpacks of it, as far as that goes.
func FuzzInflate(f *testing.F) {
	f.Add(zipped(f, "jane.doe@example.com", 9, gzipped), true)
	f.Add(zipped(f, strings.Repeat("jane.doe@example.com", 9), 1, zlibbed), false)
	f.Fuzz(func(t *testing.T, raw []byte, gz bool) {
		const most = 1 << 12
		form := zlibbed
		var r io.ReadCloser
		var err error
		if gz {
			form = gzipped
			r, err = gzip.NewReader(bytes.NewReader(raw))
		} else {
			r, err = zlib.NewReader(bytes.NewReader(raw))
		}
		got := inflate(nil, raw, form, most)
		if err != nil {
			return
		}
		want, err := io.ReadAll(io.LimitReader(r, most))
		n := min(len(want), len(got), most)
		if !bytes.Equal(want[:n], got[:n]) {
			t.Fatalf("%x: %x, want %x", raw, got, want)
		}
		if err == nil && len(got) < len(want) && len(got) >= 64*blocksIn(len(raw)) {
			t.Fatalf("%x: %d bytes, want %d", raw, len(got), len(want))
		}
	})
}

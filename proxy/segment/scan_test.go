package segment_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

var framings = []segment.Framing{segment.Lines, segment.Binary}

// framed appends a record as the framing has it.
func framed(f segment.Framing, dst []byte, record string) []byte {
	if f == segment.Binary {
		return segment.AppendBinary(dst, []byte(record))
	}
	return segment.AppendLine(dst, []byte(record))
}

// shown is the record as a scanner shows it.
func shown(f segment.Framing, record string) string {
	return strings.TrimSuffix(string(framed(f, nil, record)), "\n")[map[segment.Framing]int{segment.Binary: 12}[f]:]
}

// some are records, and where each begins in their file; the last place is the end.
func some(f segment.Framing, n int) (records []string, file []byte, places []int64) {
	for i := range n {
		record := fmt.Sprintf(`{"n":%d,"text":%q}`, i, strings.Repeat("x", i*7%40))
		places = append(places, int64(len(file)))
		records = append(records, shown(f, record))
		file = framed(f, file, record)
	}
	return records, file, append(places, int64(len(file)))
}

// scanned is what a scanner finds.
func scanned(t testing.TB, f segment.Framing, from io.Reader) (records []string, places []int64, gaps []segment.Gap) {
	t.Helper()
	s := segment.NewScanner(from, f)
	for s.Next() {
		records = append(records, string(s.Record()))
		places = append(places, s.At())
		if s.Gap() != (segment.Gap{}) {
			gaps = append(gaps, s.Gap())
		}
	}
	if s.Gap() != (segment.Gap{}) {
		gaps = append(gaps, s.Gap())
	}
	if err := s.Err(); err != nil {
		t.Error(err)
	}
	return records, places, gaps
}

// TestScan: what was written is found, at its place, whatever a read(2) brings.
func TestScan(t *testing.T) {
	t.Parallel()
	for _, f := range framings {
		records, file, places := some(f, 300)
		for _, from := range []io.Reader{
			bytes.NewReader(file), iotest.OneByteReader(bytes.NewReader(file)), iotest.DataErrReader(bytes.NewReader(file)),
			iotest.HalfReader(bytes.NewReader(file)),
		} {
			got, at, gaps := scanned(t, f, from)
			if !slices.Equal(got, records) || !slices.Equal(at, places[:300]) || len(gaps) > 0 {
				t.Errorf("%v: %d records, gaps %v", f, len(got), gaps)
			}
		}
	}
}

// TestEveryByte: whichever byte of a file is another, that record is not found, the gap is where it lies, and every
// other record is found. (A byte of a line's end takes the record behind it with it.)
func TestEveryByte(t *testing.T) {
	t.Parallel()
	for _, f := range framings {
		records, file, places := some(f, 12)
		for at := range file {
			for _, flip := range []byte{1, 0x80, file[at] ^ '\n', file[at] ^ 'T'} {
				if flip == 0 {
					continue
				}
				broken := slices.Clone(file)
				broken[at] ^= flip
				hit, _ := slices.BinarySearch(places, int64(at)+1)
				hit--
				got, _, gaps := scanned(t, f, bytes.NewReader(broken))
				upTo := hit + 1
				if f == segment.Lines && int64(at) == places[hit+1]-1 {
					upTo = min(hit+2, len(records))
				}
				want := slices.Concat(records[:hit], records[upTo:])
				if !slices.Equal(got, want) {
					t.Fatalf("%v, byte %d by %#x: %d records, want %d", f, at, flip, len(got), len(want))
				}
				if len(gaps) != 1 || gaps[0] != (segment.Gap{From: places[hit], To: places[upTo]}) {
					t.Fatalf("%v, byte %d by %#x: gaps %v, want %d to %d", f, at, flip, gaps, places[hit], places[upTo])
				}
			}
		}
	}
}

// TestCutShort: a file that ends anywhere has all records before, and says where the last ones ended.
func TestCutShort(t *testing.T) {
	t.Parallel()
	for _, f := range framings {
		records, file, places := some(f, 8)
		for end := range file {
			whole, exact := slices.BinarySearch(places, int64(end))
			if !exact {
				whole--
			}
			got, _, gaps := scanned(t, f, bytes.NewReader(file[:end]))
			torn := len(gaps) == 1 && gaps[0] == segment.Gap{From: places[whole], To: int64(end)}
			if !slices.Equal(got, records[:whole]) || exact != (len(gaps) == 0) || !exact && !torn {
				t.Fatalf("%v, cut at %d: %d records, gaps %v", f, end, len(got), gaps)
			}
		}
	}
}

// TestDamage: zeros, a piece that is gone, a piece of another file: what is whole behind is found.
func TestDamage(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, f := range framings {
		records, file, places := some(f, 60)
		for range 300 {
			from, to := 5+random.IntN(20), 30+random.IntN(20)
			junk := make([]byte, random.IntN(5000))
			switch random.IntN(3) {
			case 1:
				for i := range junk {
					junk[i] = byte(random.Uint32())
				}
			case 2:
				junk = bytes.Repeat([]byte("TWF1\x10\x00\x00\x00{}"), len(junk)/10)
			}
			cut := slices.Concat(file[:places[from]], junk, []byte("\n"), file[places[to]:])
			got, _, gaps := scanned(t, f, bytes.NewReader(cut))
			if want := slices.Concat(records[:from], records[to:]); !slices.Equal(got, want) || len(gaps) != 1 ||
				gaps[0].Len() != int64(len(junk))+1 {
				t.Fatalf("%v: %d records, want %d; gaps %v, junk of %d", f, len(got), len(want), gaps, len(junk))
			}
		}
	}
}

// countingReader counts what is read.
type countingReader struct {
	io.Reader
	n int
}

// Read counts.
func (r *countingReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.n += n
	return n, err
}

// FuzzScan: no file panics a scanner; records lie in order, each is right, and all bytes are a record's or a gap's.
func FuzzScan(f *testing.F) {
	for _, framing := range framings {
		_, file, _ := some(framing, 5)
		f.Add(file, framing == segment.Binary)
		f.Add(append(file[:len(file)-3], file...), framing == segment.Binary)
	}
	f.Add([]byte("TWF1\xff\xff\xff\xff"), true)
	f.Add([]byte(`{,"crc":"00000000"}`+"\n"), false)
	f.Fuzz(func(t *testing.T, file []byte, binary bool) {
		framing := segment.Lines
		if binary {
			framing = segment.Binary
		}
		from := &countingReader{Reader: bytes.NewReader(file)}
		s := segment.NewScanner(from, framing)
		end := int64(0)
		for s.Next() {
			if g := s.Gap(); g != (segment.Gap{}) {
				if g.From != end || g.To != s.At() {
					t.Fatalf("a gap of %v behind %d", g, end)
				}
			} else if s.At() != end {
				t.Fatalf("at %d behind %d, without a gap", s.At(), end)
			}
			record := string(s.Record())
			if framing == segment.Lines {
				if !segment.CheckLine(s.Record()) {
					t.Fatalf("%q is no line", record)
				}
				end = s.At() + int64(len(record)) + 1
			} else {
				again := segment.AppendBinary(nil, s.Record())
				if !bytes.Equal(again, file[s.At():s.At()+int64(len(again))]) {
					t.Fatalf("%q is not what stands there", record)
				}
				end = s.At() + int64(len(again))
			}
		}
		if g := s.Gap(); g.Len() > 0 && (g.From != end || g.To != int64(len(file))) || g.Len() == 0 &&
			end != int64(len(file)) {
			t.Fatalf("%v at the end, behind %d of %d", g, end, len(file))
		}
		if from.n != len(file) || s.Err() != nil {
			t.Fatalf("%d of %d bytes were read: %v", from.n, len(file), s.Err())
		}
	})
}

package ledger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	frames "github.com/tagwarden/tagwarden/proxy/segment"
)

// lines are records from a number on, each of which says its number.
func lines(first, end uint64) string {
	var b []byte
	for n := first; n < end; n++ {
		b = frames.AppendLine(b, fmt.Appendf(nil, `{"kind":"event","n":%d}`, n))
	}
	return string(b)
}

// oldLines are such records without checksums.
func oldLines(first, end uint64) string {
	var b strings.Builder
	for n := first; n < end; n++ {
		fmt.Fprintf(&b, `{"kind":"event","n":%d}`+"\n", n)
	}
	return b.String()
}

// packed are lines as a sealed segment holds them.
func packed(t testing.TB, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(text), nil))
}

// hashes are those of lines, as a file of hashes holds them.
func hashes(text string) string { return string(tree.AppendEntries(nil, []byte(text))) }

// aside says that what stands behind some lines was set aside, and what it was.
func aside(t testing.TB, before, damaged, was string) string {
	t.Helper()
	entries := hashes(was)
	d := ledger.Damaged{From: int64(len(before)), To: int64(len(before + damaged))}
	for ; entries != ""; entries = entries[32:] {
		d.Entries = append(d.Entries, tree.Entry([]byte(entries[:32])))
	}
	text, err := json.Marshal(ledger.Aside{Because: "a test", Damaged: []ledger.Damaged{d}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// write writes the files of a folder.
func write(t testing.TB, dir string, all files) {
	t.Helper()
	for name, text := range all {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// said is the number that a record says that it has.
func said(record []byte) string {
	_, rest, _ := strings.Cut(string(record), `"n":`)
	n, _, _ := strings.Cut(rest, ",")
	return strings.TrimSuffix(n, "}")
}

// readOn reads what there is, past damage: the records by their numbers, those wrongly numbered marked, and each damage
// in brackets as "[first-end]".
func readOn(t testing.TB, r *ledger.Reader) string {
	t.Helper()
	var got []string
	for {
		for r.Next() {
			number, known := r.Number()
			text := said(r.Record())
			if !known {
				text += "?"
			} else if text != decimal(number) {
				text += fmt.Sprintf("(%d)", number)
			}
			got = append(got, text)
		}
		if r.Err() == nil {
			return strings.Join(got, " ")
		}
		if d, is := errors.AsType[*ledger.Damage](r.Err()); is {
			got = append(got, fmt.Sprintf("[%d-%d]", d.First, d.End))
		}
		if !r.Skip() {
			return strings.Join(append(got, r.Err().Error()), " ")
		}
	}
}

// readAll reads a folder from a number on.
func readAll(t testing.TB, dir string, from uint64) string {
	t.Helper()
	r := ledger.Read(dir, from)
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	return readOn(t, r)
}

// number is the name of a file.
func number(first uint64, suffix string) string { return frames.FileName(first, suffix) }

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

func jsonl(first uint64) string { return number(first, ".jsonl") }
func zst(first uint64) string   { return number(first, ".jsonl.zst") }
func hash(first uint64) string  { return number(first, ".hash") }

// files are texts by the names of files.
type files map[string]string

const (
	old1 = "20261129T071756.000000000Z-000.jsonl"
	old2 = "20261129T081756.000000000Z-000.jsonl"
)

// TestRead: whatever forms a folder holds, its records come in order, with their numbers.
func TestRead(t *testing.T) {
	t.Parallel()
	flip := func(text, from, to string) string {
		if strings.Count(text, from) != 1 {
			t.Fatalf("%q stands %d times in %q", from, strings.Count(text, from), text)
		}
		return strings.Replace(text, from, to, 1)
	}
	plain := func(end string) string {
		return `{"format":1,"first":0,"end":` + end + `,"lines":"json","edge":"","memory":{}}`
	}
	for what, c := range map[string]struct {
		files files
		from  uint64
		want  string
	}{
		"nothing":                 {nil, 0, ""},
		"lines":                   {files{jsonl(0): lines(0, 3)}, 0, "0 1 2"},
		"from a number on":        {files{jsonl(0): lines(0, 3), jsonl(3): lines(3, 6)}, 4, "4 5"},
		"from beyond the end":     {files{jsonl(0): lines(0, 3)}, 7, ""},
		"old ones were deleted":   {files{jsonl(5): lines(5, 8)}, 2, "5 6 7"},
		"packed":                  {files{zst(0): packed(t, lines(0, 3)), jsonl(3): lines(3, 4)}, 0, "0 1 2 3"},
		"packed in several parts": {files{zst(0): packed(t, lines(0, 2)) + packed(t, lines(2, 3))}, 0, "0 1 2"},
		"packing was interrupted": {files{jsonl(0): lines(0, 3), zst(0): "half"}, 0, "0 1 2"},
		"written twice":           {files{jsonl(0): lines(0, 5), jsonl(3): lines(3, 7)}, 0, "0 1 2 3 4 5 6"},
		"written twice, and torn": {
			files{jsonl(0): lines(0, 3) + "garbage\n" + lines(4, 5), jsonl(3): lines(3, 5)},
			0, "0 1 2 3 4",
		},
		"torn":                        {files{jsonl(0): lines(0, 3) + `{"kind":`}, 0, "0 1 2"},
		"torn, with line ends":        {files{jsonl(0): lines(0, 3) + "\x00\x00\n\n{}\n" + `{"kind":`}, 0, "0 1 2"},
		"torn before the next":        {files{jsonl(0): lines(0, 3) + `{"kind`, jsonl(3): lines(3, 4)}, 0, "0 1 2 3"},
		"old names":                   {files{old1: oldLines(0, 2), old2: oldLines(2, 4) + `{"ki`}, 0, "0 1 2 3"},
		"old names, from a number on": {files{old1: oldLines(0, 2), old2: oldLines(2, 4)}, 3, "3"},
		"old lines with a number": {files{jsonl(0): oldLines(0, 2), number(0, ".sum"): plain("2"),
			jsonl(2): lines(2, 4)}, 0, "0 1 2 3"},
		"half of the old names are new": {files{zst(0): packed(t, oldLines(0, 2)), number(0, ".sum"): plain("2"),
			old2: oldLines(2, 4)}, 0, "0 1 2 3"},
		"strange names": {files{jsonl(0): lines(0, 2), "a.jsonl": "x\n", "format.jsonl": "x\n", "1.jsonl": "x\n",
			number(1, ".jsonl.tmp"): "x\n"}, 0, "0 1"},
		"the format of an old folder": {files{old1: oldLines(0, 2), "format.jsonl": "x\n"}, 0, "0 1"},
		"changed":                     {files{jsonl(0): flip(lines(0, 5), `"n":2`, `"n":7`)}, 0, "0 1 [2-3] 3 4"},
		"two changed": {
			files{jsonl(0): flip(flip(lines(0, 5), `"n":2`, `"n":7`), `"n":1`, `"n":8`)},
			0, "0 [1-3] 3 4",
		},
		"the first changed":           {files{jsonl(0): flip(lines(0, 3), `"n":0`, `"n":7`)}, 0, "[0-1] 1 2"},
		"changed before what is read": {files{jsonl(0): flip(lines(0, 3), `"n":0`, `"n":7`)}, 1, "1 2"},
		"the last of a segment changed": {files{jsonl(0): flip(lines(0, 3), `"n":2`, `"n":7`),
			jsonl(3): lines(3, 4)}, 0, "0 1 [2-3] 3"},
		"cut short": {files{jsonl(0): lines(0, 3), jsonl(5): lines(5, 6)}, 0, "0 1 2 [3-5] 5"},
		"packed and cut short": {files{zst(0): packed(t, lines(0, 3)), jsonl(5): lines(5, 6)}, 0,
			"0 1 2 [3-5] 5"},
		"half a last line that is packed": {files{zst(0): packed(t, lines(0, 3)+"{")}, 0, "0 1 2 [3-4]"},
		"no packed file":                  {files{zst(0): "x\n", jsonl(5): lines(5, 6)}, 0, "[0-5] 5"},
		"no packed file, the last":        {files{zst(0): "x\n"}, 0, "[0-0]"},
		"packed and changed":              {files{zst(0): packed(t, flip(lines(0, 3), `"n":1`, `"n":7`))}, 0, "0 [1-2] 2"},
		"an old line changed": {
			files{old1: flip(oldLines(0, 3), `"n":1}`, `"n":1`),
				old2: oldLines(3, 4)}, 0, "0 [1-2] 2 3",
		},
		"a last old line changed": {
			files{old1: flip(oldLines(0, 3), `"n":2}`, `"n":2`),
				old2: oldLines(3, 4)}, 0, "0 1 [2-3] 3",
		},
		"a segment is missing": {files{jsonl(0): lines(0, 3), number(0, ".sum"): `{"end":3}`,
			jsonl(5): lines(5, 6)}, 0, "0 1 2 [3-5] 5"},
		"two lines are one": {files{jsonl(0): flip(lines(0, 5), "\n"+lines(2, 3), "x"+lines(2, 3)),
			hash(0): hashes(lines(0, 5))}, 0, "0 [1-3] 3 4"},
		"one line is two": {files{jsonl(0): flip(lines(0, 5), `"n":1,`, `"n"`+"\n"+`1,`),
			hash(0): hashes(lines(0, 5))}, 0, "0 [1-2] 2 3 4"},
		"three lines are lost": {files{jsonl(0): lines(0, 2) + "x\n" + lines(5, 7),
			hash(0): hashes(lines(0, 7))}, 0, "0 1 [2-5] 5 6"},
		"set aside": {files{jsonl(0): lines(0, 2) + "x\n" + lines(4, 6),
			number(0, ".aside"): aside(t, lines(0, 2), "x\n", lines(2, 4))}, 0, "0 1 4 5"},
		"the last ones set aside": {files{zst(0): packed(t, lines(0, 2)+"x\nx"),
			number(0, ".aside"): aside(t, lines(0, 2), "x\nx", lines(2, 4)), jsonl(4): lines(4, 5)}, 0, "0 1 4"},
		"set aside, and another damaged": {files{jsonl(0): lines(0, 2) + "x\n" + lines(3, 4) + "x\n" + lines(5, 6),
			number(0, ".aside"): aside(t, lines(0, 2), "x\n", lines(2, 3))}, 0, "0 1 3 [4-5] 5"},
		"a line too long": {files{jsonl(0): lines(0, 2) + strings.Repeat("x", 3*ledger.MaxRecord) + "\n" + lines(3, 4)}, 0,
			"0 1 [2-3] 3"},
	} {
		dir := t.TempDir()
		write(t, dir, c.files)
		if got := readAll(t, dir, c.from); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
}

// TestDamageIsPlaced: file, line, record and byte.
func TestDamageIsPlaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, files{jsonl(7): lines(7, 9) + "x\n" + lines(10, 11)})
	r := ledger.Read(dir, 0)
	for r.Next() {
	}
	want := fmt.Sprintf("%s:3: record 9, byte %d: ", filepath.Join(dir, jsonl(7)), len(lines(7, 9)))
	if err := r.Err(); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestSegmentReader: one segment, by itself; places are those of the lines.
func TestSegmentReader(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, files{zst(0): packed(t, lines(0, 20)), jsonl(20): lines(20, 30) + "{", "notes.txt": ""})
	all, err := ledger.Segments(dir)
	if err != nil || len(all) != 2 || all[0].End != 20 || !all[0].Packed || all[1].First != 20 || all[1].Packed {
		t.Fatal(all, err)
	}
	text := lines(0, 30)
	for _, s := range all {
		r, err := s.Open()
		if err != nil {
			t.Fatal(err)
		}
		n := s.First
		for ; r.Next(); n++ {
			got, known := r.Number()
			at := len(lines(s.First, n))
			behind := text[len(lines(0, s.First))+at:]
			if !known || got != n || int(r.At()) != at || !strings.HasPrefix(behind, string(r.Record())+"\n") {
				t.Errorf("record %d: %d, %v, at %d", n, got, known, r.At())
			}
		}
		wantTorn, wantEnd := int64(min(s.First, 1)), []uint64{20, 30}[min(s.First, 1)]
		if torn := r.Torn(); r.Err() != nil || n != wantEnd || torn.Len() != wantTorn {
			t.Errorf("%d records, %v, torn %v", n, r.Err(), torn)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestSegmentsAreListed: by what their names say; what is none is left out.
func TestSegmentsAreListed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, files{jsonl(7): "", zst(3): "", jsonl(3): "", zst(0): "",
		old2: "", old1: "", "x.jsonl": "", "format.jsonl": "", hash(0): ""})
	all, err := ledger.Segments(dir)
	var got []string
	for _, s := range all {
		got = append(got, fmt.Sprint(filepath.Base(s.Path), s.First, s.End, s.Packed, s.Old))
	}
	want := []string{zst(0) + "0 3 true false", jsonl(3) + "3 7 false false", jsonl(7) + "7 0 false false",
		old1 + "0 0 false true", old2 + "0 0 false true"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, want %v (%v)", got, want, err)
	}
}

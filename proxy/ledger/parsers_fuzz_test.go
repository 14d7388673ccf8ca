package ledger

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// erasureLine is a record of an erasure, as it stands in the ledger.
func erasureLine(members string) string {
	return `{"time":"2026-05-04T10:00:00.000Z","kind":"erasure",` + members + `}`
}

// FuzzParseErasure: whatever a record says, it is refused, or says which lines go: its runs are in
// order, make its numbers, lie in its segment, and are what Covers and Each say, one as the other;
// nothing asks for more than a record can name.
func FuzzParseErasure(f *testing.F) {
	for _, members := range []string{
		`"segment":0,"first":0,"end":1,"records":1,"gone":[0,1]`,
		`"segment":100,"first":107,"end":120,"records":4,"gone":[0,3,9,1],"window":"site shop"`,
		`"segment":100,"first":107,"end":120,"records":4,"gone":[0,3,9,1],"request":"5f21","because":"she asked"`,
		`"segment":0,"first":1,"end":3,"records":1,"gone":[1,1]`,
		`"segment":9,"first":1,"end":2,"records":1,"gone":[0,1]`,   // not of its segment
		`"segment":0,"first":0,"end":1,"records":1,"gone":[0,1,0]`, // a run of nothing
		`"segment":0,"first":0,"end":2,"records":1,"gone":[0,1]`,   // too few
		`"segment":0,"first":0,"end":0,"records":0,"gone":[]`,      // none
		// behind the last number
		`"segment":0,"first":18446744073709551615,"end":0,"records":1,"gone":[0,1]`,
		`"segment":0,"first":18446744073709551614,"end":1048574,"records":1048576,"gone":[0,1048576]`, // past the last number
		`"segment":0,"first":0,"end":4294967296,"records":4294967296,"gone":[0,4294967296]`,           // far too many
		`"segment":-1,"first":1e3,"end":1,"records":1,"gone":[0,1.0]`, `"segment":0,"gone":"0,1"`, `"gone":[[0],[1]]`,
	} {
		f.Add([]byte(erasureLine(members)))
	}
	for _, text := range []string{"", "{", "null", `{"kind":"erased"}`, `{"kind":"erasure"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := ParseErasure(line)
		if err != nil {
			if !errors.Is(err, ErrErasure) {
				t.Fatal(err)
			}
			return
		}
		if e.First < e.Segment || e.End <= e.First || e.Records == 0 || e.Records > e.End-e.First {
			t.Fatalf("%+v", e)
		}
		at, n := e.First, uint64(0)
		e.Runs(func(first, end uint64) {
			if first < at || end <= first || end > e.End {
				t.Fatalf("%+v: a run from %d to %d", e, first, end)
			}
			if !e.Covers(first) || !e.Covers(end-1) || e.Covers(end) || first > e.First && e.Covers(first-1) {
				t.Fatalf("%+v: covers other records than from %d to %d", e, first, end)
			}
			at, n = end, n+end-first
		})
		if n != e.Records || at != e.End {
			t.Fatalf("%+v: %d records go, the last is %d", e, n, at-1)
		}
	})
}

// FuzzErasuresAreRead: which lines go is read as it is written, whichever they are.
func FuzzErasuresAreRead(f *testing.F) {
	f.Add(uint64(100), []byte{0, 0, 3, 200, 0})
	f.Add(uint64(0), []byte{255})
	f.Add(uint64(1<<40), bytes.Repeat([]byte{1}, 9000)) // more runs than one record says
	f.Fuzz(func(t *testing.T, first uint64, steps []byte) {
		var numbers []uint64
		for at, step := first%(1<<62), 0; step < len(steps); step++ {
			at += uint64(steps[step])
			numbers = append(numbers, at)
			at++
		}
		var got []uint64
		for _, e := range erasures(Erasure{Segment: first % (1 << 62), Window: "w"}, numbers) {
			text, err := json.Marshal(map[string]any{
				"kind": KindErasure, "segment": e.Segment, "first": e.First, "end": e.End, "records": e.Records, "gone": e.Gone,
				"window": e.Window,
			})
			if err != nil {
				t.Fatal(err)
			}
			// As in a record, its kind stands behind its time.
			line := slices.Concat([]byte(`{"time":"2026-05-04T10:00:00.000Z","kind":"erasure",`),
				bytes.Replace(text[1:], []byte(`"kind":"erasure",`), nil, 1))
			read, err := ParseErasure(line)
			if err != nil || !reflect.DeepEqual(read, e) {
				t.Fatalf("%+v is read as %+v: %v", e, read, err)
			}
			read.Each(func(n uint64) { got = append(got, n) })
		}
		if !slices.Equal(got, numbers) {
			t.Fatalf("%d records, and %d are read", len(numbers), len(got))
		}
	})
}

// FuzzErasedEntry: a line is one that was erased where it is, to the byte, what is written in the place of one; then it
// has a checksum, and the entry of what stood there.
func FuzzErasedEntry(f *testing.F) {
	for _, entry := range []tree.Entry{{}, {1, 2, 3}, {31: 255}, tree.EntryOf([]byte("x"))} {
		line := appendErased(nil, entry)
		f.Add(line[:len(line)-1])
		f.Add(line)
		f.Add(bytes.Replace(line[:len(line)-1], []byte(`{"`), []byte(`{ "`), 1))
		f.Add(bytes.ReplaceAll(line[:len(line)-1], []byte("A"), []byte("\n"))) // base64 passes over the ends of lines
	}
	f.Add([]byte(`{"erased":"`))
	f.Add([]byte(`{"erased":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB","crc":"00000000"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		entry, is := ErasedEntry(line)
		again := appendErased(nil, entry)
		if same := bytes.Equal(again[:len(again)-1], line); is != same || !is && entry != (tree.Entry{}) {
			t.Fatalf("%q: %v, %x", line, is, entry)
		}
		if want := tree.EntryOf(line); is && (!segment.CheckLine(line) || EntryOf(line) != entry) || !is &&
			EntryOf(line) != want {
			t.Fatalf("%q: %x", line, EntryOf(line))
		}
	})
}

// FuzzParseSummary: whatever lies there as a summary is refused, or says of itself what the name does, can be written
// again and read as the same; and what is known of a segment without reading it all is the same then.
func FuzzParseSummary(f *testing.F) {
	dir := f.TempDir()
	edge, err := tree.EdgeOf(0, tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, nil }))
	if err != nil {
		f.Fatal(err)
	}
	s := &Summary{Format: summaryFormat, Digest: hex.EncodeToString(make([]byte, 32)), Lines: LinesChecked,
		Edge: edge, Memory: *nothing()}
	text, err := s.Text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, uint64(0))
	f.Add(text, uint64(1))
	f.Add(text[:len(text)/2], uint64(0))
	f.Add(bytes.Replace(text, []byte(`"memory":{`), []byte(`"memory":{"size":1,"root":"x",`), 1), uint64(0))
	f.Add([]byte(`{"memory":null}`), uint64(0))
	f.Add([]byte(`null`), uint64(0))
	f.Add([]byte(``), uint64(0))
	f.Fuzz(func(t *testing.T, text []byte, first uint64) {
		first %= 1e16
		s, err := ParseSummary(text, first)
		if err != nil {
			if !errors.Is(err, ErrSummary) {
				t.Fatal(err)
			}
			return
		}
		again, err := s.Text()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, segment.FileName(first, SummarySuffix))
		if err := os.WriteFile(path, again, 0o600); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.Remove(path) }()
		read, _, err := ReadSummary(dir, first)
		if err != nil || read.End != s.End || read.Digest != s.Digest {
			t.Fatalf("%q is read as %+v: %v", again, read, err)
		}
		sealed, err := ReadSealed(dir, first)
		if err != nil || sealed.End != s.End || hex.EncodeToString(sealed.Digest[:]) != hex.EncodeToString(
			decoded(t, s.Digest)) {
			t.Fatalf("%q: of it is known %+v: %v", again, sealed, err)
		}
	})
}

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzParseAside: whatever says what was set aside is refused or read; it can be asked at any place.
func FuzzParseAside(f *testing.F) {
	f.Add([]byte(`{"because":"a disk","damaged":[{"first":3,"from":100,"to":200,"entries":["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]}]}`),
		int64(100))
	f.Add([]byte(`{"damaged":[{}]}`), int64(0))
	f.Add([]byte(`null`), int64(-1))
	f.Add([]byte(`{"damaged":null}`), int64(0))
	f.Add([]byte(`[]`), int64(0))
	f.Fuzz(func(t *testing.T, text []byte, at int64) {
		a, err := ParseAside("x", text)
		if err != nil {
			return
		}
		if d := a.at(at); d != nil && d.From != at {
			t.Fatalf("%+v", d)
		}
		again, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if read, err := ParseAside("x", again); err != nil || len(read.Damaged) != len(a.Damaged) {
			t.Fatalf("%q: %+v, %v", again, read, err)
		}
	})
}

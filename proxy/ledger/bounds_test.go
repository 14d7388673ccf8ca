package ledger_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// TestMatches: what a query asks of one record, at each of its bounds.
func TestMatches(t *testing.T) {
	t.Parallel()
	at := func(second int) time.Time { return noon.Add(time.Duration(second) * time.Second) }
	dated := func(second int) string { return fmt.Sprintf(`{"time":%q}`, at(second).UTC().Format(time.RFC3339Nano)) }
	for from := -1; from < 4; from++ {
		for to := -1; to < 4; to++ {
			var q ledger.Query
			if from >= 0 {
				q.From = at(from)
			}
			if to >= 0 {
				q.To = at(to)
			}
			for second := range 4 {
				want := (from < 0 || second >= from) && (to < 0 || second < to)
				if q.Matches([]byte(dated(second))) != want {
					t.Errorf("second %d, from %d to %d: want %t", second, from, to, want)
				}
			}
			for _, undated := range []string{`{}`, `{"time":"soon"}`, `{"time":7}`} {
				if q.Matches([]byte(undated)) != (from < 0 && to < 0) {
					t.Errorf("%s, from %d to %d", undated, from, to)
				}
			}
		}
	}
	for record, want := range map[string]bool{
		`{"a":"x"}`: true, `{"a":["x"]}`: true, `{"a":["y","x"]}`: true, `{"a":["x","y"]}`: true, `{"a":"y"}`: false,
		`{"a":["y"]}`: false, `{"a":[]}`: false, `{"b":"x"}`: false,
		`{"a":{"x":1}}`: false, `{"a":"xx"}`: false, `{"a":null}`: false,
	} {
		q := ledger.Query{Members: map[string]string{"a": "x"}}
		if q.Matches([]byte(record)) != want {
			t.Errorf("%s: want %t", record, want)
		}
	}
	q := ledger.Query{Members: map[string]string{"a": "7", "b": "true"}}
	for record, want := range map[string]bool{`{"a":7,"b":true}`: true, `{"a":7,"b":false}`: false,
		`{"a":8,"b":true}`: false, `{"a":7}`: false} {
		if q.Matches([]byte(record)) != want {
			t.Errorf("%s: want %t", record, want)
		}
	}
}

// TestLongRecords: records around the size of a buffer, and around the longest that is read, with their line's end.
func TestLongRecords(t *testing.T) {
	t.Parallel()
	const buffer = 64 << 10
	path := filepath.Join(t.TempDir(), "20260504T120000.000000000Z-000.jsonl")
	for _, n := range []int{buffer - 2, buffer - 1, buffer, buffer + 1, 2 * buffer, ledger.MaxRecord - 1,
		ledger.MaxRecord} {
		record := `{"a":"` + strings.Repeat("x", n-len(`{"a":""}`)) + `"}`
		if err := os.WriteFile(path, []byte("{}\n"+record+"\n{}\n{\"half\":1}"), 0o600); err != nil {
			t.Fatal(err)
		}
		var got []int
		err := ledger.Search(filepath.Dir(path), ledger.Query{}, func(record []byte) bool {
			got = append(got, len(record))
			return true
		})
		if n < ledger.MaxRecord && (err != nil || !slices.Equal(got, []int{2, n, 2})) || n == ledger.MaxRecord &&
			(err == nil || !slices.Equal(got, []int{2})) {
			t.Errorf("%d bytes: %v, %v", n, got, err)
		}
	}
}

// TestSearchGoesOn: from one segment to the next, until it is told to end; a folder is no segment.
func TestSearchGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"20260504T120000.000000000Z-000.jsonl": "{\"n\":1}\n{\"n\":2}\n",
		"20260504T130000.000000000Z-000.jsonl": "",
		"20260504T140000.000000000Z-000.jsonl": "{\"n\":3}\n{\"n\":4}\n{\"n\":5}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "20260504T130000.000000000Z-001.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	for most := 1; most < 6; most++ {
		var got []string
		err := ledger.Search(dir, ledger.Query{}, func(record []byte) bool {
			got = append(got, string(record))
			return len(got) < most
		})
		if want := []string{`{"n":1}`, `{"n":2}`, `{"n":3}`, `{"n":4}`}[:min(most, 4)]; err != nil ||
			!slices.Equal(got, want) {
			t.Errorf("at most %d: %v, %v", most, got, err)
		}
	}
}

// TestHashesAreText: each byte of a subject's hash and a salt, as encoding/hex writes it, and of a digest, as
// encoding/base64 does.
func TestHashesAreText(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, nil, nil)
	var want []string
	for n := range 16 {
		e := shaped(uint64(n), "")
		var subject [16]byte
		for i := range subject {
			subject[i], e.Salt[i], e.Digest[2*i] = byte(16*n+i), byte(16*i+n), byte(16*n+i)
		}
		e.Subjects = [][16]byte{subject}
		want = append(want, hex.EncodeToString(subject[:]), base64.RawStdEncoding.EncodeToString(e.Salt[:]),
			base64.RawStdEncoding.EncodeToString(e.Digest[:]))
		if err := l.Append([]ledger.Event{e}, named{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	if err := ledger.Search(dir, ledger.Query{}, func(record []byte) bool { all.Write(record); return true }); err != nil {
		t.Fatal(err)
	}
	for _, text := range want {
		if !strings.Contains(all.String(), `"`+text+`"`) {
			t.Errorf("%s is in no record", text)
		}
	}
}

package query_test

import (
	"cmp"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

// answer is which records answer a question.
func answer(t *testing.T, dir string, o query.Options, q *query.Question) (numbers []uint64, tally query.Tally) {
	t.Helper()
	if o.Report == nil {
		o.Report = func(err error) { t.Error(err) }
	}
	if o.Note == nil {
		o.Note = func(text string) { t.Error(text) }
	}
	tally, err := query.Open(dir, o).Ask(t.Context(), q, func(f *query.Found) bool {
		numbers = append(numbers, f.Number)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return numbers, tally
}

// question is a random one.
func (d *dice) question() *query.Question {
	q := &query.Question{Carried: purposes}
	for range d.IntN(4) {
		switch d.IntN(17) {
		case 0, 1, 2:
			s := d.subject()
			q.And(query.Subject, hex.EncodeToString(s[:]))
		case 3:
			q.And("vendor", d.of(vendors...))
		case 4:
			q.And("site", d.of(sites...), d.of(sites...))
		case 5:
			q.And("decision", d.of("permit", "deny"))
		case 6:
			q.And("reason", d.of("objection", "gpc", "permitted", "dnt"))
		case 7:
			q.And("activity", d.of(activities...))
		case 8:
			q.And(query.Purpose, d.of("analytics", "marketing"))
		case 9:
			q.And("basis", d.of("consent", "contract"))
		case 10:
			q.And("name", d.of("purchase", "page_view"))
		case 11:
			q.And(query.Field, d.of("f0", "f3", "en", "none"))
		case 12:
			q.And("endpoint", d.of("e1", "e2")).And("policy", d.of("p1", "p2"))
		case 13:
			q.And("kind", d.of(ledger.KindEvent, ledger.KindObjection, ledger.KindRungs, ledger.KindOutcome))
		case 14:
			q.And("outcome", d.of("delivered", "dropped", "parked"))
		case 15:
			q.And("hit", strconv.Itoa(1<<50+d.IntN(1500)))
		case 16:
			q.And("bytes_out", strconv.Itoa(d.IntN(400)))
		}
	}
	if d.IntN(3) == 0 {
		q.Since = begun.Add(time.Duration(d.IntN(30)) * time.Second)
	}
	if d.IntN(3) == 0 {
		q.Until = q.Since.Add(time.Duration(1+d.IntN(20)) * time.Second)
		if q.Since.IsZero() {
			q.Until = begun.Add(time.Duration(1+d.IntN(20)) * time.Second)
		}
	}
	if d.IntN(4) == 0 {
		q.Numbers.First = uint64(d.IntN(3000))
		if d.IntN(2) == 0 {
			q.Numbers.End = q.Numbers.First + uint64(1+d.IntN(500))
		}
	}
	if d.IntN(4) == 0 {
		q.Limit = 1 + d.IntN(20)
	}
	return q
}

// TestAnIndexAnswersAsReadingDoes: whatever is asked of whatever ledger, the answer by indexes is that of reading every
// record; with segments packed as a whole as well, and with no index where none may be written.
func TestAnIndexAnswersAsReadingDoes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		d := newDice(seed)
		dir := written(t, d, 1500)
		if seed == 1 {
			packWhole(t, dir)
		}
		some, cut := 0, 0
		for range 150 {
			q := d.question()
			want, all := answer(t, dir, query.Options{Scan: true}, q)
			got, tally := answer(t, dir, query.Options{Write: true}, q)
			if !slices.Equal(got, want) {
				t.Fatalf("%+v: by the index %d records %v; by reading %d", q, len(got), got, len(want))
			}
			if tally.More != all.More || !tally.More && tally.Records != all.Records {
				t.Errorf("%+v: %+v, by reading %+v", q, tally, all)
			}
			if len(want) > 0 {
				some++
			}
			if seed == 1 && tally.Indexed > 0 || tally.Read < all.Read {
				cut++
			}
		}
		if some < 25 || cut < 25 {
			t.Errorf("%d answers that are not empty, %d where less was read: this test shows little", some, cut)
		}
	}
}

// TestIndexesAreNotBelieved: one that is damaged, cut, of another segment or gone changes no answer; it is told,
// and made again where it may be written.
func TestIndexesAreNotBelieved(t *testing.T) {
	t.Parallel()
	d := newDice(9)
	dir := written(t, d, 1200)
	paths, err := filepath.Glob(filepath.Join(dir, "*.idx"))
	if err != nil || len(paths) < 3 {
		t.Fatal(paths, err)
	}
	s := d.subject()
	q := (&query.Question{}).And(query.Subject, hex.EncodeToString(s[:])).And("vendor", "ga4")
	want, _ := answer(t, dir, query.Options{Scan: true}, q)
	was := read(t, paths[1])
	for what, text := range map[string][]byte{
		"of another segment": read(t, paths[0]), "cut": was[:len(was)/2], "empty": {}, "gone": nil,
		"a changed head": flipped(was, 40), "a changed block": flipped(was, 130),
		"a changed bucket": flipped(was, len(was)-1),
		"none": []byte("this is no index, and long enough to hold the head of one, as far as its bytes are counted: " +
			"a hundred and twenty-eight of them"),
	} {
		write(t, paths[1], text)
		notes := 0
		for _, remade := range []bool{false, true} {
			got, _ := answer(t, dir, query.Options{Write: remade, Note: func(string) { notes++ }}, q)
			if !slices.Equal(got, want) {
				t.Errorf("%s, made again %v: %v, want %v", what, remade, got, want)
			}
		}
		if now := read(t, paths[1]); what != "a changed bucket" && what != "a changed block" && !slices.Equal(now, was) {
			t.Errorf("%s: it was not made again", what)
		}
		if told := notes > 0; told != (what != "gone") && what != "a changed bucket" {
			t.Errorf("%s: told %v", what, told)
		}
		write(t, paths[1], was)
	}
}

// TestWhoMakesAnIndexIsTold: where one is missing it is told how far its making is, and that it
// ended; where none is made, nothing is told.
func TestWhoMakesAnIndexIsTold(t *testing.T) {
	t.Parallel()
	d := newDice(5)
	dir := written(t, d, 3000)
	paths, err := filepath.Glob(filepath.Join(dir, "*.idx"))
	if err != nil || len(paths) < 3 {
		t.Fatal(paths, err)
	}
	for _, c := range []struct{ gone, write, told bool }{{false, true, false}, {true, false, false}, {true, true, true},
		{false, true, false}} {
		if c.gone {
			for _, path := range paths {
				write(t, path, nil)
			}
		}
		var told []uint64
		answer(t, dir, query.Options{Write: c.write, Indexing: func(n uint64) {
			told = append(told, n)
		}}, (&query.Question{}).And("vendor", "ga4"))
		some := slices.ContainsFunc(told, func(n uint64) bool { return n > 0 })
		if some != c.told || c.told && told[len(told)-1] != 0 || c.told == (len(told) == 0) ||
			!slices.IsSortedFunc(slices.DeleteFunc(told, func(n uint64) bool {
				return n == 0
			}), cmp.Compare) {
			t.Errorf("%+v: told %v", c, told)
		}
		if c.gone && !c.write {
			for _, path := range paths {
				if err := os.WriteFile(path, nil, 0o600); err != nil { // write takes away what is there
					t.Fatal(err)
				}
			}
		}
	}
}

// packWhole packs each segment as a whole, as an earlier version did.
func packWhole(t *testing.T, dir string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.zst"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	from, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := from.DecodeAll(read(t, path), nil)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, to.EncodeAll(text, nil))
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	err := os.Remove(path)
	if err == nil && text != nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func flipped(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 4
	return b
}

package ledger_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// dice make facts of random lengths.
type dice struct{ *rand.Rand }

// length is a length, a short one as often as a long one.
func (d dice) length(most int) int { return d.IntN(1 + d.IntN(1+most)) }

// text is an id, or what somebody wrote; some of it is longer in JSON than it is.
func (d dice) text(most int) string {
	of := []string{"a", "ä", "\"", "\x01", "€"}[d.IntN(5)]
	return strings.Repeat(of, d.length(most)/len(of)) + "."
}

func (d dice) texts(most int) []string {
	all := make([]string, d.length(most))
	for i := range all {
		all[i] = d.text(64)
	}
	return all
}

func (d dice) hashes(most int) [][16]byte {
	all := make([][16]byte, d.length(most))
	for i := range all {
		all[i] = [16]byte{byte(i), byte(i >> 8), 15: byte(d.Uint32())}
	}
	return all
}

// joined puts the lists of records together that follow one another: those of one fact, under the names of members.
func joined(t *testing.T, records []string, members ...string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for i, record := range records {
		part, parts := gjson.Get(record, "part").Int(), gjson.Get(record, "parts").Int()
		if len(records) > 1 && (int(part) != i+1 || int(parts) != len(records)) || len(records) == 1 && parts != 0 {
			t.Errorf("record %d of %d is part %d of %d", i+1, len(records), part, parts)
		}
		for _, name := range members {
			gjson.Get(record, name).ForEach(func(_, item gjson.Result) bool {
				all[name] = append(all[name], textOf(item))
				return true
			})
		}
	}
	return all
}

// textOf is an item of a list, by its text or by what names it.
func textOf(item gjson.Result) string {
	for _, name := range []string{"activity", "source"} {
		if of := item.Get(name); of.Exists() {
			return of.Str
		}
	}
	return item.Str
}

func asHex(all [][16]byte) []string {
	said := make([]string, len(all))
	for i := range all {
		said[i] = hex.EncodeToString(all[i][:])
	}
	return said
}

// longFact is a fact whose lists are long, and what they are.
type longFact struct {
	kind  string
	lists map[string][]string
	put   func(l *ledger.Ledger) error
}

// longs says what names stand for.
type longs struct {
	shape ledger.Shape
	rungs ledger.Rungs
}

func (l *longs) Shape(int) ledger.Shape { return l.shape }
func (l *longs) Rungs(int) ledger.Rungs { return l.rungs }

// facts are one of each kind that holds lists.
func (d dice) facts(hit uint64) []longFact {
	by := &longs{
		shape: ledger.Shape{Kept: d.texts(5000), Changed: d.texts(3000), Dropped: d.texts(9000)},
		rungs: ledger.Rungs{Policy: d.text(64), Site: "shop"},
	}
	var ladder, sources []string
	for i := range d.length(3000) {
		ladder = append(ladder, fmt.Sprint("activity-", i))
		by.rungs.Ladder = append(by.rungs.Ladder, ledger.Rung{Activity: ladder[i], Decision: "deny", Reason: "no_consent"})
	}
	for i := range d.length(16) {
		sources = append(sources, fmt.Sprint("source-", i))
		by.rungs.Signals = append(by.rungs.Signals, ledger.Signal{
			Source: sources[i], State: "valid", Says: d.text(5000), Granted: d.texts(64), Refused: d.texts(32),
		})
	}
	event := ledger.Event{
		Hit: hit, Site: "shop", Decision: "permit", Objected: d.texts(1024), Subjects: d.hashes(9000), Form: 2,
		Shape: fmt.Sprint("shape-", hit), Rungs: fmt.Sprint("rungs-", hit),
	}
	act := ledger.Objected{
		Kind: ledger.KindWithdrawal, First: hit, Last: hit + 9, Scopes: d.texts(2048), Stands: d.texts(2048),
		Subjects: d.hashes(9000),
		Source:   d.text(300), By: d.text(300), Because: d.text(9000), Act: "role",
	}
	return []longFact{
		{ledger.KindShape, map[string][]string{
			"kept": by.shape.Kept, "changed": by.shape.Changed, "dropped": by.shape.Dropped,
		}, func(l *ledger.Ledger) error { return l.Append([]ledger.Event{event, event}, by) }},
		{ledger.KindRungs, map[string][]string{"ladder": ladder, "signals": sources}, nil},
		{ledger.KindEvent, map[string][]string{
			"objections": event.Objected, "subjects": asHex(event.Subjects),
		}, nil},
		{ledger.KindEvent, map[string][]string{
			"objections": event.Objected, "subjects": asHex(event.Subjects),
		}, nil},
		{ledger.KindWithdrawal, map[string][]string{
			"scopes": act.Scopes, "stands": act.Stands, "subjects": asHex(act.Subjects),
		}, func(l *ledger.Ledger) error { return l.ObjectedByCookie([]ledger.Objected{act}) }},
		{ledger.KindReload, nil, func(l *ledger.Ledger) error {
			return l.Note(ledger.Note{Kind: ledger.KindReload, Text: d.text(100_000)})
		}},
	}
}

// TestLongFacts: whatever the lengths of a fact's lists, each of its records is a line that is not too long, and its
// records put together give the lists again, in their order.
func TestLongFacts(t *testing.T) {
	t.Parallel()
	d := dice{rand.New(rand.NewPCG(5, 6))}
	dir := t.TempDir()
	l := open(t, dir, nil, nil)
	var want []longFact
	for hit := range uint64(25) {
		for _, f := range d.facts(hit) {
			if f.put != nil {
				if err := f.put(l); err != nil {
					t.Fatalf("%s: %v", f.kind, err)
				}
			}
			want = append(want, f)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, path := range segmentFiles(t, dir) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			line = bytes.TrimSuffix(line, []byte("\n"))
			if len(line) > segment.MaxLine || !segment.CheckLine(line) {
				t.Fatalf("%d bytes: %.300s", len(line), line)
			}
			lines = append(lines, string(line))
		}
	}
	lines = lines[1 : len(lines)-1] // of start and stop
	divided := 0
	for _, f := range want {
		n := 1
		if parts := gjson.Get(lines[0], "parts").Int(); parts > 0 {
			n = int(parts)
			divided++
		}
		if kind := gjson.Get(lines[0], "kind").Str; kind != f.kind {
			t.Fatalf("a record of kind %s, want %s", kind, f.kind)
		}
		var members []string
		for name := range f.lists {
			members = append(members, name)
		}
		for name, got := range joined(t, lines[:n], members...) {
			if !slices.Equal(got, f.lists[name]) {
				t.Errorf("%s in %d records: %s has %d items, want %d", f.kind, n, name, len(got), len(f.lists[name]))
			}
		}
		lines = lines[n:]
	}
	if len(lines) > 0 || divided < 25 {
		t.Errorf("%d records too many; %d facts were divided", len(lines), divided)
	}
}

// TestWhatCannotBeDivided is not recorded, and nor is anything else of its hit.
func TestWhatCannotBeDivided(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, nil, nil)
	dates := make([]int64, 9000)
	for i := range dates {
		dates[i] = noon.Unix()
	}
	err := l.Append([]ledger.Event{shaped(1, "s"), {Hit: 1, Index: 1, Dates: dates}}, named{})
	if err == nil || !strings.Contains(err.Error(), "cannot be divided") {
		t.Errorf("%v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	err = ledger.Search(dir, ledger.Query{Members: map[string]string{"hit": "1"}}, func(record []byte) bool {
		t.Errorf("%s", record)
		return true
	})
	if err != nil {
		t.Error(err)
	}
}

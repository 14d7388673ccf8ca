package ledger

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFates: what a ledger says of events that wait is read back in its order, from any record on, whatever is sealed.
func TestFates(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	open := func() *Ledger {
		l, err := Open(Options{Dir: dir, Node: "n", Now: func() time.Time {
			return at
		}, Seal: time.Hour}, Note{Kind: KindStart})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := open()
	add := func(hit uint64, queued bool, decision string) {
		t.Helper()
		events := []Event{{Hit: hit, Site: "shop", Vendor: "v", Decision: decision, Reason: "r", Queued: queued}}
		lines, err := l.Write(events)
		if err != nil {
			t.Fatal(err)
		}
		defer l.GiveBack(lines)
		ticket, err := l.AddLines(lines, events, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := ticket.Synced(); err != nil {
			t.Fatal(err)
		}
	}
	outcome := func(hit uint64, word string) {
		t.Helper()
		if err := l.Outcome(Outcome{Hit: hit, Events: []int{0}, Outcome: word}); err != nil {
			t.Fatal(err)
		}
	}
	add(1, true, "permit")
	add(2, false, "permit")
	add(3, true, "deny")
	if err := l.Attempt(&Exchange{Vendor: "v", Hits: []ExchangedHit{{1, []int{0}}, {7, []int{0, 2}}}}, nil); err != nil {
		t.Fatal(err)
	}
	outcome(1, Deferred)
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	middle := l.Next()
	if _, synced := l.writer.Next(); synced != middle || middle != 6 {
		t.Errorf("%d of %d records are on disk, and 6 were recorded", synced, middle)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open()
	outcome(1, Delivered)
	outcome(2, Dropped)
	outcome(7, Parked)
	together := Outcome{Outcome: Delivered}.Together([]ExchangedHit{{4, []int{0}}, {5, []int{1, 3}}})
	if err := l.Outcome(together); err != nil {
		t.Fatal(err)
	}
	add(9, true, "permit")
	for _, of := range []Outcome{
		{Why: "timeout"}, {Why: "refused", Status: 500},
		{Why: "refused", Status: 503}, {Why: "refused", Status: 429}, {Why: "dial"},
		{Why: "refused", Status: 503, InDoubt: true}, {Why: "retried", InDoubt: true},
		{Why: "refused", Status: 400, InDoubt: true, Outcome: Parked}, {Why: "refused", Status: 500, Outcome: Parked},
	} {
		of.Hit, of.Events, of.Outcome = 9, []int{0}, cmp.Or(of.Outcome, Deferred)
		if err := l.Outcome(of); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{"1.0 0", "1.0 1", "7.0 1", "7.2 1", "1.0 2", "1.0 3", "2.0 3", "7.0 2", "4.0 3",
		"5.1 3", "5.3 3", "9.0 0",
		"9.0 1", "9.0 1", "9.0 2", "9.0 2", "9.0 2", "9.0 1", "9.0 1", "9.0 1", "9.0 2"}
	for _, from := range []uint64{0, middle, 1 << 40} {
		var got []string
		_, err := Fates(dir, from, func(hit uint64, event int, fate Fate) {
			got = append(got, fmt.Sprintf("%d.%d %d", hit, event, fate))
		})
		if err != nil || len(got) > len(want) || !slices.Equal(got, want[len(want)-len(got):]) {
			t.Errorf("from %d: %q, %v", from, got, err)
		}
	}
}

// TestRecordsCanBeRepeated: the record of an event is read back as it was given, but for what its segment names; one of
// several lines, too.
func TestRecordsCanBeRepeated(t *testing.T) {
	l, err := Open(Options{Dir: t.TempDir(), Now: time.Now}, Note{Kind: KindStart})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for n, e := range []Event{
		{Hit: 7, Index: 2, Site: "s", Vendor: "v", Decision: "permit", Reason: "permitted", Activity: "a", Basis: "consent",
			Policy: "p", Region: "EU", Endpoint: "e", Name: "n\"ä", ConsentAt: 1764000000, KeptSince: 1763000000, In: 5, Out: 4,
			Digest: [32]byte{1, 2}, Salt: [16]byte{9}, Queued: true, Form: 2, Subjects: [][16]byte{{1}, {2}}},
		{Hit: 8, Vendor: "v", Decision: "permit", LIA: "LIA-1", Version: 3, Objected: []string{"all", "vendor:v"},
			Restrict: true,
			Decided:  4, Salt: [16]byte{8}, Form: 1, Subjects: make([][16]byte, 3000)},
	} {
		lines, err := l.Write([]Event{e, {Hit: 1, Vendor: "other"}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseEvent(lines.Of(0))
		if e.hex, got.hex = [64]byte{}, [64]byte{}; err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("%d: %+v, want %+v (%v)", n, got, e, err)
		}
		l.GiveBack(lines)
	}
}

// FuzzParseEvent: whatever bytes are kept with an event, they are read as a record or refused.
func FuzzParseEvent(f *testing.F) {
	l, err := Open(Options{Dir: f.TempDir(), Now: time.Now}, Note{Kind: KindStart})
	if err != nil {
		f.Fatal(err)
	}
	lines, err := l.Write([]Event{{Hit: 7, Vendor: "v", Decision: "permit", Salt: [16]byte{8},
		Subjects: make([][16]byte, 3)}})
	if err != nil {
		f.Fatal(err)
	}
	if err := l.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Clone(lines.Of(0)))
	f.Add([]byte(strings.Repeat("{", 40)))
	f.Fuzz(func(t *testing.T, text []byte) {
		if e, err := ParseEvent(text); err == nil && (e.Hit == 0 || e.Vendor == "") {
			t.Errorf("%+v", e)
		}
	})
}

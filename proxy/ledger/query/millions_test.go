package query_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

// TestMillionsOfRecords asks about one person, of whom some records are in sealed segments and some in the one that is
// written, among as many records as TAGWARDEN_RECORDS says: `make bench-log`. Without it, among few, what is found is
// what matters, and with it the times that it prints.
func TestMillionsOfRecords(t *testing.T) {
	t.Parallel()
	records, err := strconv.Atoi(os.Getenv("TAGWARDEN_RECORDS"))
	if err != nil || records <= 0 {
		records = 20_000
	}
	const tail = 130_000 // about as many as a segment of 64 MiB holds
	dir := filepath.Join(t.TempDir(), "ledger")
	o := ledger.Options{Dir: dir, Now: time.Now, Node: "n", Seal: time.Hour, Size: 64 << 20}
	l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		t.Fatal(err)
	}
	d := newDice(5)
	person := [16]byte{0xff, 1, 2, 3}
	const each = 20_011 // of so many records one is the person's
	want, begun := 0, time.Now()
	for n := range records {
		if n == records-min(records/2, tail) {
			if err := l.Eraser.SealAll(); err != nil {
				t.Fatal(err)
			}
		}
		d.hit++
		name := fmt.Sprintf("%016x", n%9)
		d.names = append(d.names[:0], name)
		e := ledger.Event{
			Hit: d.hit, Site: "shop", Vendor: vendors[n%3], Name: "page_view", Decision: "permit", Reason: "permitted",
			Activity: "counting", Basis: "consent", Rungs: name, Shape: name, In: 900, Out: 400, Form: 2,
			Digest: [32]byte{byte(n)}, Subjects: [][16]byte{{15: 1}},
		}
		binary.BigEndian.PutUint64(e.Subjects[0][:], d.Uint64N(uint64(records/20+1)))
		if n%each == each/2 || n == records-1 {
			e.Subjects[0], want = person, want+1
		}
		if err := l.Append([]ledger.Event{e}, d); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d records written in %v", records, time.Since(begun).Round(time.Millisecond))
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	state := l.State()
	ask := func(what string, q *query.Question, want int) {
		t.Helper()
		for try := range 3 {
			begun, found := time.Now(), 0
			show := func(*query.Found) bool { found++; return true }
			tally, err := query.Open(dir, query.Options{Write: true}).Ask(t.Context(), q, show)
			if err != nil || want >= 0 && found != want {
				t.Errorf("%s: %d found, want %d, %v", what, found, want, err)
			}
			t.Logf("%s, try %d: %d of %d records, %d looked at, in %v", what, try+1, found, state.Records, tally.Read,
				time.Since(begun).Round(100*time.Microsecond))
		}
	}
	if t.Logf("%d records are sealed", state.Sealed); state.Sealed == 0 || state.Sealed == state.Records {
		t.Error("there are none that are sealed, or none that are not")
	}
	ask("one person", (&query.Question{}).And(query.Subject, hex.EncodeToString(person[:])), want)
	its := (&query.Question{}).And(query.Subject, hex.EncodeToString(person[:]))
	ask("one person's at one vendor", its.And("vendor", "ga4"), -1)
	ask("one hit", (&query.Question{}).And("hit", strconv.FormatUint(d.hit-uint64(records/2), 10)), 1)
}

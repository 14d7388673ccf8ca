package ledger_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// noon is when every record of these tests is written.
var noon = time.Date(2026, 5, 4, 12, 0, 0, 123456789, time.UTC)

// TestRecordsAreAsEver: the members of a record, their names and their order are what
// other tools read, and what will be hashed.
func TestRecordsAreAsEver(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, nil, func(o *ledger.Options) { o.Now = func() time.Time { return noon } })
	everything := full()
	everything.LIA, everything.Version, everything.Restrict, everything.Recovered = "LIA-2026-001", 3, true, true
	everything.Objected = []string{"all", "vendor:ga4"}
	everything.Name = "a \"quoted\" <name>\n\u00e4"
	if err := l.Append([]ledger.Event{everything, {Hit: 8, Index: 1, Site: "shop", Endpoint: "collect", Policy: "fedc",
		Region: "DE", Decision: "deny", Reason: "malformed"}}, named{}); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		l.Outcome(ledger.Outcome{Hit: 7, Events: []int{0}, Vendor: "ga4", Outcome: "delivered", Why: "ok", Status: 204}),
		l.Outcome(ledger.Outcome{Hit: 8, Events: []int{0, 1}, Vendor: "ga4", Outcome: "unknown", Why: "timeout"}),
		l.Refusals([]ledger.Refused{{From: noon.Add(-time.Minute), To: noon, Reason: "unknown_host", Count: 17}}),
		l.Note(ledger.Note{Kind: ledger.KindReload, Policy: "fedc", Text: "loaded"}),
		l.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	segments := segmentFiles(t, dir)
	if len(segments) != 1 || filepath.Base(segments[0]) != "0000000000000000.jsonl" {
		t.Fatal(segments)
	}
	got, err := os.ReadFile(segments[0])
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile("testdata/records.jsonl", got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/records.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("records changed. They are\n%s", got)
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	l, err := ledger.Open(ledger.Options{Dir: t.TempDir(), Now: time.Now, Disk: new(nowhere), Sync: time.Hour},
		ledger.Note{Kind: ledger.KindStart})
	if err != nil {
		t.Fatal(err)
	}
	events := []ledger.Event{full(), full()}
	outcome := ledger.Outcome{Hit: 1, Events: []int{0, 1}, Vendor: "ga4", Outcome: "delivered", Why: "ok", Status: 204}
	hit := func() {
		if err := errors.Join(l.Append(events, named{}), l.Outcome(outcome)); err != nil {
			t.Fatal(err)
		}
	}
	for range 1000 { // room is made
		hit()
	}
	if n := testing.AllocsPerRun(500, hit); n >= 1 && !raced {
		t.Errorf("%v allocations a hit", n)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// at is a record written at a minute of the hour.
func at(t *testing.T, l *ledger.Ledger, now *time.Time, minute int, e ledger.Event) {
	t.Helper()
	*now = time.Date(2026, 5, 4, 12, minute, 0, 0, time.UTC)
	if err := l.Append([]ledger.Event{e}, named{}); err != nil {
		t.Fatal(err)
	}
}

func TestSearch(t *testing.T) {
	dir, now := t.TempDir(), noon
	l := open(t, dir, nil, func(o *ledger.Options) { o.Now = func() time.Time { return now } })
	for minute := range 10 {
		e := shaped(uint64(minute), "")
		e.Subjects = [][16]byte{{byte(minute)}, {0xff}}
		e.Objected = []string{"measure", "vendor:ga4"}[:minute%3]
		if minute%2 == 1 {
			e.Decision, e.Reason, e.Vendor = "deny", "objection", "matomo"
		}
		at(t, l, &now, minute, e)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	minute := func(n int) time.Time { return time.Date(2026, 5, 4, 12, n, 0, 0, time.UTC) }
	events := func(more ...string) map[string]string {
		m := map[string]string{"kind": "event"}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	for what, c := range map[string]struct {
		query ledger.Query
		want  string
	}{
		"all":                     {ledger.Query{Members: events()}, "0123456789"},
		"from, included":          {ledger.Query{From: minute(8), Members: events()}, "89"},
		"to, not included":        {ledger.Query{To: minute(2), Members: events()}, "01"},
		"between":                 {ledger.Query{From: minute(3), To: minute(6), Members: events()}, "345"},
		"between, nothing":        {ledger.Query{From: minute(6), To: minute(6), Members: events()}, ""},
		"another zone":            {ledger.Query{From: minute(8).In(time.FixedZone("", 7200)), Members: events()}, "89"},
		"a member":                {ledger.Query{Members: events("decision", "deny")}, "13579"},
		"two members":             {ledger.Query{Members: events("vendor", "ga4", "hit", "4")}, "4"},
		"a number":                {ledger.Query{Members: events("hit", "7")}, "7"},
		"one of a list":           {ledger.Query{Members: events("objections", "vendor:ga4")}, "258"},
		"a subject":               {ledger.Query{Members: events("subjects", "ff"+strings.Repeat("00", 15))}, "0123456789"},
		"a value nobody has":      {ledger.Query{Members: events("vendor", "meta")}, ""},
		"a member nobody has":     {ledger.Query{Members: events("colour", "red")}, ""},
		"a list is not its text":  {ledger.Query{Members: events("objections", `["measure"]`)}, ""},
		"no path into the record": {ledger.Query{Members: events("objections.#", "2")}, ""},
	} {
		var got strings.Builder
		err := ledger.Search(dir, c.query, func(record []byte) bool {
			_, rest, _ := strings.Cut(string(record), `"hit":`)
			got.WriteString(rest[:1])
			return true
		})
		if err != nil || got.String() != c.want {
			t.Errorf("%s: got %q, want %q (%v)", what, got.String(), c.want, err)
		}
	}
}

func TestSearchEndsWhereItIsToldTo(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		if err := open(t, dir, nil, nil).Close(); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	if err := ledger.Search(dir, ledger.Query{}, func([]byte) bool { seen++; return seen < 3 }); err != nil || seen != 3 {
		t.Errorf("%d records, %v", seen, err)
	}
}

// TestDamageIsFound: what is no record ends a search with an error that says where
// it is; half a last line is no damage.
func TestDamageIsFound(t *testing.T) {
	for what, c := range map[string]struct{ text, wrong string }{
		"half a last line":    {"{\"kind\":\"start\"}\n{\"kin", ""},
		"nothing":             {"", ""},
		"garbage":             {"{\"kind\":\"start\"}\ngarbage\n{}\n", ":2: record 1,"},
		"an empty line":       {"{}\n\n{}\n", ":2: record 1,"},
		"two on one line":     {"{}{}\n", ":1: record 0,"},
		"a line too long":     {"{}\n{\"a\":\"" + strings.Repeat("x", ledger.MaxRecord) + "\"}\n", ":2: record 1,"},
		"NUL bytes":           {"{}\n\x00\x00\x00\n", ":2: record 1,"},
		"a number, no object": {"{}\n17\n", ":2: record 1,"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "20260504T120000.000000000Z-000.jsonl"), []byte(c.text),
			0o600); err != nil {
			t.Fatal(err)
		}
		err := ledger.Search(dir, ledger.Query{}, func([]byte) bool { return true })
		if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := ledger.Search(filepath.Join(t.TempDir(), "none"), ledger.Query{}, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func TestSegmentsAreSortedAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"b.jsonl", "a.jsonl", "notes.txt", "c.jsonl.part"} {
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "d.jsonl"), 0o700), os.Symlink(filepath.Join(dir, "moved"),
		filepath.Join(dir, "e.jsonl"))); err != nil {
		t.Fatal(err)
	}
	listed, err := ledger.Segments(dir)
	got := pathsOf(listed)
	if want := []string{filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "b.jsonl"),
		filepath.Join(dir, "e.jsonl")}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}

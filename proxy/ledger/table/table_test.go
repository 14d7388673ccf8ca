package table_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/ledger/table"
)

const (
	jane = "0123456789abcdef0123456789abcdef"
	joe  = "fedcba9876543210fedcba9876543210"
)

// TestRows: each member stands in its column, those that rungs and shape say as well, and the line as it is; read back
// by the library's reader, from the file alone.
func TestRows(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 12, 0, 0, 123e6, time.UTC)
	event := `{"time":"2026-05-04T12:00:00.123Z","kind":"event","hit":18446744073709551615,"event":0,"site":"shop","vendor":"ga4","name":"pay \"now\"",` +
		`"decision":"permit","reason":"permitted","activity":"counting","basis":"legitimate_interest","assessment":"LIA-1","assessment_version":3,` +
		`"rungs":"aa","consent_at":"2026-05-04T11:59:00Z","objections":["ads"],"subjects":["` + jane +
		`"],"shape":"bb","bytes_in":9,"bytes_out":0}`
	rest := `{"time":"2026-05-04T12:00:00.123Z","kind":"event","hit":18446744073709551615,"event":0,"objections":["all"],"subjects":["` +
		joe + `"],"part":2,"parts":2}`
	outcome := `{"time":"2026-05-04T12:00:01Z","kind":"outcome","hit":7,"events":[0],"vendor":"ga4","outcome":"dropped","why":"refused","status":400}`
	note := `{"time":"soon","kind":"reload","node":"n1","policy":"fedc","text":"2 activities changed"}`
	shape := `{"time":"2026-05-04T12:00:00Z","kind":"shape","shape":"bb","kept":["en"],"changed":["cid"],"dropped":["uid","*"]}`
	found := []query.Found{
		{Number: 0, Numbered: true, Record: []byte(shape)},
		{
			Number: 1, Numbered: true, Record: []byte(event), Parts: [][]byte{[]byte(rest)},
			Shape: &ledger.Shape{Kept: []string{"en"}, Changed: []string{"cid"}, Dropped: []string{"uid", "*"}},
			Rungs: []byte(`{"kind":"rungs","rungs":"aa","policy":"fedc","site":"shop","region":"DE","vendor":"ga4","endpoint":"collect"}`),
		},
		{Number: 3, Numbered: true, Record: []byte(outcome)},
		{Record: []byte(note)},
	}
	want := []table.Row{
		{
			Number: new(uint64(0)), Time: new(time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)), Kind: "shape", Kept: []string{"en"},
			Changed: []string{"cid"}, Dropped: []string{"uid", "*"}, Record: shape,
		},
		{
			Number: new(uint64(1)), Time: &at, Kind: "event", Hit: new(uint64(1<<64 - 1)), Event: new(int32(0)),
			Site: "shop", Vendor: "ga4",
			Endpoint: "collect", Name: `pay "now"`, Decision: "permit", Reason: "permitted", Activity: "counting",
			Basis:      "legitimate_interest",
			Assessment: "LIA-1", Version: new(int32(3)), Policy: "fedc", Region: "DE",
			ConsentAt:  new(at.Truncate(time.Second).Add(-time.Minute)),
			Objections: []string{"ads", "all"}, Subjects: []string{jane, joe}, Kept: []string{"en"}, Changed: []string{"cid"},
			Dropped: []string{"uid", "*"}, BytesIn: new(int64(9)), BytesOut: new(int64(0)), Record: event, Parts: []string{rest},
		},
		{
			Number: new(uint64(3)), Time: new(time.Date(2026, 5, 4, 12, 0, 1, 0, time.UTC)), Kind: "outcome",
			Hit: new(uint64(7)), Vendor: "ga4",
			Outcome: "dropped", Why: "refused", Status: new(int32(400)), Record: outcome,
		},
		{Kind: "reload", Node: "n1", Policy: "fedc", Text: "2 activities changed", Record: note},
	}
	var file bytes.Buffer
	w := table.NewWriter(&file)
	for i := range found {
		if err := w.Write(&found[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := parquet.Read[table.Row](bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		for _, list := range []*[]string{&got[i].Objections, &got[i].Subjects, &got[i].Kept, &got[i].Changed,
			&got[i].Dropped, &got[i].Parts} {
			if len(*list) == 0 {
				*list = nil
			}
		}
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("row %d is\n%+v\nwant\n%+v", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
}

// TestColumns: the form of the files is a promise: the columns, in their order.
func TestColumns(t *testing.T) {
	t.Parallel()
	const want = "number time kind node hit event site vendor endpoint name decision reason activity basis assessment version policy " +
		"region consent_at objections subjects kept changed dropped bytes_in bytes_out outcome why status text record parts"
	var names []string
	for _, field := range parquet.SchemaOf(table.Row{}).Fields() {
		names = append(names, field.Name())
	}
	if got := strings.Join(names, " "); got != want {
		t.Errorf("columns are\n%s\nwant\n%s", got, want)
	}
}

// TestRowGroups: of much more than is held at a time there are several groups of rows, each with a filter that says in
// which of them a subject stands, and pages packed with zstd.
func TestRowGroups(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w := table.NewWriter(&file)
	const rows = 60
	filler := strings.Repeat("x", 1<<20)
	for i := range rows {
		line := fmt.Sprintf(`{"time":"2026-05-04T12:00:00Z","kind":"event","hit":%d,"event":0,"subjects":["%032x"],"text":"%s"}`,
			i, i, filler)
		if err := w.Write(&query.Found{Number: uint64(i), Numbered: true, Record: []byte(line)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(f.RowGroups()); n < 3 || f.NumRows() != rows {
		t.Fatalf("%d groups of %d rows", n, f.NumRows())
	}
	if packed := file.Len(); packed > rows<<20/10 {
		t.Errorf("%d bytes: they are not packed", packed)
	}
	leaf, found := f.Schema().Lookup("subjects", "list", "element")
	if !found {
		t.Fatal("there are no subjects")
	}
	first := uint64(0)
	for _, group := range f.RowGroups() {
		filter := group.ColumnChunks()[leaf.ColumnIndex].BloomFilter()
		if filter == nil {
			t.Fatal("a group has no filter")
		}
		none := 0
		for i := range uint64(rows) {
			is, err := filter.Check(parquet.ValueOf(fmt.Sprintf("%032x", i)))
			if err != nil {
				t.Fatal(err)
			}
			inside := i >= first && i < first+uint64(group.NumRows())
			if inside && !is {
				t.Errorf("the filter of a group denies subject %d, which is in it", i)
			}
			if !is {
				none++
			}
		}
		if none < rows/3 {
			t.Errorf("a filter denies %d of %d subjects: it says nothing", none, rows)
		}
		first += uint64(group.NumRows())
	}
}

package ledger_test

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/rules"
)

// every is a record of each kind, with every member set.
func every() []zapcore.ObjectMarshaler {
	event := full()
	event.Form = 2
	decided := ledger.Decided{
		Assessment: "LIA-2026-001", Version: 3, Purposes: []string{"security"}, Until: noon, By: "privacy", Restriction: true,
	}
	chose := ledger.Choice{
		Granted: []string{"analytics"}, Refused: []string{"marketing"}, Text: [32]byte{1}, Kept: true, Version: "2026-05",
		Platform: "osano", At: noon.Add(-time.Minute), Vouched: true, Proof: true,
	}
	number, shown := uint64(17), 3
	event.Index, event.LIA, event.Version, event.Restrict, event.Recovered, event.Queued, event.Objected = 3,
		"LIA-2026-001", 3, true, true, true, []string{"all"}
	event.Shared, event.Taken = true, "a 7"
	event.Decided, event.Endpoint, event.Policy, event.Region = 17, "collect", "fedc", "DE"
	event.ConsentAt, event.Dates, event.KeptSince = noon.Unix(), []int64{0, noon.Unix()}, noon.Unix()
	return []zapcore.ObjectMarshaler{
		&event,
		&ledger.Outcome{Hit: 7, Events: []int{0, 2}, Vendor: "ga4", Outcome: "delivered", Why: "ok",
			Status: 204, InDoubt: true},
		&ledger.Refused{From: noon.Add(-time.Minute), To: noon, Reason: "unknown_host", Count: 17},
		&ledger.Shape{ID: "0123456789abcdef", Kept: []string{"v"}, Changed: []string{"cid"}, Dropped: []string{"*"}},
		&ledger.Note{Kind: ledger.KindReload, Policy: "fedc", Text: "2 activities changed"},
		&ledger.Objected{
			Kind: ledger.KindWithdrawal, First: 5, Last: 6, Times: 3, Scopes: []string{"all", "vendor:ga4"}, Restriction: true,
			Source: "staff", Site: "shop",
			By: "crm", Because: "a letter", Act: "browser:0011223344556677", EveryAct: true, Stands: []string{"all"},
			Subjects: [][16]byte{{1}, {2}}, Form: 2, Recovered: true,
			Ends: 17, Decision: &decided, Choice: &chose,
		},
		&ledger.Head{Size: 6, Root: [32]byte{7}, Restored: "the disk broke", Again: true},
		&ledger.Assessed{
			Kind: ledger.KindDue, Assessment: "LIA-2026-001", Version: 3, Meaning: "abcd", Form: 2, Key: "privacy+3f2a0c11",
			Because:  "the vendor was sold",
			ReviewBy: "2027-05-04", Days: 14, Told: "log, 2 webhooks", Again: true,
		},
		&ledger.Erasure{
			Segment: 4096, First: 4100, End: 4110, Records: 3, Gone: []uint64{0, 2, 7, 1}, Window: "site shop",
			Request: "5f21a0c3",
			Because: "operator: request 17",
		},
		&ledger.Keys{Text: "advanced: day 20781", Identity: "7ef0c3a1b2c4d5e6", Day: 20781, Shredded: true},
		&ledger.Reading{
			ID: "0011223344556677", By: "auditor", Verb: "search", Through: "http", Asked: []string{"vendor", "reason"},
			From: noon.Add(-time.Hour), To: noon, Number: &number, Subjects: [][16]byte{{1}, {2}}, Form: 2, Records: &shown,
		},
		&ledger.ReadingEnd{ID: "0011223344556677", By: "operator", Records: 3},
		&ledger.TurnedAway{
			From: noon.Add(-time.Minute), To: noon, Why: "forbidden", Permission: "search", By: "crm", Count: 4,
		},
		&ledger.Token{
			Change: ledger.TokenMade, Name: "auditor", Roles: []string{"security", "analyst"}, Created: noon,
			Expires: noon.Add(time.Hour),
			Mark:    "0011223344556677", By: "crm", Through: "http", Again: true,
		},
		&ledger.Promised{
			Version: 3, At: noon.Add(-time.Hour), Key: "privacy+3f2a0c11", Promises: []string{"no-mail-to-ads 9f86d081"},
			Again: true,
		},
		&ledger.Cluster{Name: "eu1", Text: "the log of objections is begun anew", Again: true},
		everyRungs(),
		&everyRungs().Ladder[0],
		&everyRungs().Signals[0],
		everyRungs().Signals[0].TCF,
	}
}

// everyRungs are rungs with every member set.
func everyRungs() *ledger.Rungs {
	of := []string{"analytics", "marketing"}
	return &ledger.Rungs{
		ID: "0123456789abcdef", Policy: "fedc", Site: "shop", Region: "DE", Vendor: "ga4", Endpoint: "collect", Server: true,
		Ladder: []ledger.Rung{
			{Activity: "ga4-orders", When: rules.WhenUnmet, Decision: "skip", Reason: "condition_unmet"},
			{Activity: "ga4-with-consent", When: rules.WhenMet, Decision: "permit", Reason: "permitted"},
		},
		Signals: []ledger.Signal{{
			Source: "onetrust", State: "valid", Says: "grants analytics", Granted: of, Refused: of, Declined: of, TCFOnly: of,
			Unclear: of, Objected: of, Service: "declined", Listed: true, Consented: true, OptedOut: []string{"sale"}, GPC: true,
			TCF: &ledger.TCF{
				Policy: 5, Vendor: 755,
				Consent:  []ledger.Purposes{{Rule: "ok", Of: []int{1, 7}}, {Rule: "no_purpose_consent", Of: []int{3}}},
				Interest: []ledger.Purposes{{Rule: "purpose_not_declared", Of: []int{2}}},
			},
		}},
	}
}

// members is what a record writes, in text.
func members(t *testing.T, record zapcore.ObjectMarshaler) string {
	t.Helper()
	to := zapcore.NewMapObjectEncoder()
	if err := record.MarshalLogObject(to); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(to.Fields)
}

// TestEachMemberIsWritten: whatever a record is told, its line says; a member that is left out says nothing.
func TestEachMemberIsWritten(t *testing.T) {
	t.Parallel()
	for n, record := range every() {
		of := reflect.TypeOf(record).Elem()
		for i := range of.NumField() {
			field := of.Field(i)
			if !field.IsExported() || field.Name == "Kind" || field.Name == "Salt" {
				continue // every line has them
			}
			if reflect.ValueOf(record).Elem().Field(i).IsZero() {
				t.Fatalf("%s.%s is not set: this test does not see it", of.Name(), field.Name)
			}
			without := every()[n]
			reflect.ValueOf(without).Elem().Field(i).SetZero()
			if members(t, without) == members(t, record) {
				t.Errorf("%s.%s is not written", of.Name(), field.Name)
			}
		}
	}
}

// TestEachMemberCanBeAskedFor: whatever a line says, a question can be about.
func TestEachMemberCanBeAskedFor(t *testing.T) {
	t.Parallel()
	known := query.Members()
	for _, record := range every() {
		switch record.(type) {
		case *ledger.Rung, *ledger.Signal, *ledger.TCF:
			continue // they stand inside of others
		}
		to := zapcore.NewMapObjectEncoder()
		if err := record.MarshalLogObject(to); err != nil {
			t.Fatal(err)
		}
		for name := range to.Fields {
			if !slices.Contains(known, name) {
				t.Errorf("%T has a member %s, and nobody can ask about it: proxy/ledger/query/members.go lists them", record, name)
			}
		}
	}
}

// TestRecordsOfEachKind holds the lines of what is recorded beside hits against those that were.
func TestRecordsOfEachKind(t *testing.T) {
	t.Parallel()
	d := newDisk()
	l := open(t, t.TempDir(), d, func(o *ledger.Options) { o.Now = func() time.Time { return noon } })
	all := every()
	objected := *all[5].(*ledger.Objected)
	decided := ledger.Objected{
		Kind: ledger.KindDecided, First: 8, Last: 8, Source: "command", By: "operator", Because: "thieves",
		Stands: []string{"all"}, Decision: objected.Decision, Subjects: [][16]byte{{1}},
	}
	ended := ledger.Objected{
		Kind: ledger.KindDecisionEnd, First: 9, Last: 9, Because: "its time is over", Ends: 8, Subjects: [][16]byte{{1}},
	}
	chose := ledger.Objected{
		Kind: ledger.KindChoice, First: 10, Last: 10, Source: "front_end", Site: "shop", Act: "role",
		Subjects: [][16]byte{{1}},
		Form:     2, Choice: objected.Choice,
	}
	posted := ledger.Objected{Kind: ledger.KindChoice, Source: "front_end", Site: "shop", Act: "cookie",
		Choice: &ledger.Choice{
			Refused: []string{"analytics"}, At: noon,
		}}
	objected.Ends, objected.Decision, objected.Choice = 0, nil, nil
	one := ledger.Objected{Kind: ledger.KindObjection, First: 5, Last: 5, Scopes: []string{"all"}, Source: "centre",
		Subjects: [][16]byte{{1}}}
	due := *all[7].(*ledger.Assessed)
	approved, revoked := due, due
	approved.Kind, revoked.Kind = ledger.KindApproval, ledger.KindRevocation
	for _, err := range []error{
		l.Note(*all[4].(*ledger.Note)),
		l.Objected([]ledger.Objected{one, objected, {Kind: ledger.KindComplaint, First: 7, Last: 7}, decided, ended, chose},
			*all[6].(*ledger.Head)),
		l.Objected(nil, ledger.Head{Size: 8}),
		l.ObjectedByCookie([]ledger.Objected{{Kind: ledger.KindObjection, Scopes: []string{"all"}, Source: "centre",
			Site: "shop", Act: "cookie", Times: 40}, posted}),
		l.Assessed(approved), l.Assessed(revoked), l.Assessed(due),
		l.Assessed(ledger.Assessed{Kind: ledger.KindDue, Assessment: "LIA-1", Version: 1, Days: -1}),
		l.Keys(*all[9].(*ledger.Keys)), l.Keys(ledger.Keys{Text: "found"}),
		l.Read(*all[10].(*ledger.Reading)), l.Read(ledger.Reading{By: "operator", Verb: "tail", Through: "command"}),
		l.ReadEnd(*all[11].(*ledger.ReadingEnd)), l.ReadEnd(ledger.ReadingEnd{ID: "0011223344556678", By: "crm"}),
		l.TurnedAway([]ledger.TurnedAway{*all[12].(*ledger.TurnedAway),
			{From: noon, To: noon, Why: "wrong_token", Count: 1}}),
		l.Tokens([]ledger.Token{*all[13].(*ledger.Token), {Change: ledger.TokenRevoked, Name: "crm", Roles: []string{"admin"},
			Created: noon, Mark: "0011223344556678"}}),
		l.Promised(*all[14].(*ledger.Promised)),
		l.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const file = "testdata/kinds.jsonl"
	got := d.text(0)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || got != string(want) {
		t.Errorf("records changed (%v). They are\n%s", err, got)
	}
}

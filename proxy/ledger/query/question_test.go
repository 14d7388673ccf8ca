package query_test

import (
	"bufio"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/ledger/query"
)

// TestFaults: what no record can answer is said, with what was meant.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		member, value, says string
	}{
		{"foo", "bar", "no record has a member `foo`; `form` is one"},
		{"vendr", "ga4", "`vendor` is one"},
		{"zz", "x", "; there are act, "},
		{"decision", "skip", "no record has the decision `skip`; there are permit, deny"},
		{"reason", "objections", "`objection` is one"},
		{"kind", "outcom", "`outcome` is one"},
		{"basis", "opt-out", "`opt_out` is one"},
		{"outcome", "park", "`parked` is one"},
		{"subject", "AA", "`AA` is no subject"},
		{"subjects", strings.Repeat("A", 32), "is no subject"},
		{"name", "", "the value given for name is empty"},
	} {
		err := (&query.Question{}).And(c.member, c.value).Check()
		fault, is := errors.AsType[*query.Fault](err)
		if !is || !strings.Contains(fault.Error(), c.says) || fault.Member != c.member {
			t.Errorf("%s=%s: %v, want %q", c.member, c.value, err, c.says)
		}
	}
	for what, q := range map[string]*query.Question{
		"a time that ends first": {Since: noon, Until: noon}, "a limit below nothing": {Limit: -1},
		"no value": {Where: []query.Condition{{Member: "kind"}}}, "too much": {Where: make([]query.Condition, 33)},
	} {
		if _, is := errors.AsType[*query.Fault](q.Check()); !is {
			t.Errorf("%s is no fault", what)
		}
	}
	if err := (&query.Question{Until: noon.Add(time.Hour), Since: noon}).And("decision", "permit").And("decision",
		"deny").Check(); err != nil {
		t.Error(err)
	}
}

// TestUnknownWords: a vendor that neither the log nor the policy has ever had is a fault;
// one that is known and not there is none.
func TestUnknownWords(t *testing.T) {
	t.Parallel()
	dir := written(t, newDice(4), 200)
	l := query.Open(dir, query.Options{})
	ask := func(q *query.Question) error {
		_, err := l.Ask(t.Context(), q, func(*query.Found) bool { return true })
		return err
	}
	for _, c := range []struct{ member, value, says string }{
		{"vendor", "ga5", "neither the log nor the policy knows the vendor `ga5`; `ga4` is one"},
		{"site", "shp", "`shop` is one"}, {"activity", "countin", "`counting` is one"},
		{query.Purpose, "analytic", "`analytics` is one"},
	} {
		_, is := errors.AsType[*query.Fault](ask((&query.Question{}).And(c.member, c.value)))
		if err := ask((&query.Question{}).And(c.member, c.value)); !is || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %s: %v, want %q", c.member, c.value, err, c.says)
		}
	}
	known := (&query.Question{Known: map[string][]string{"vendor": {"matomo"}}}).And("vendor", "matomo", "ga4")
	if err := ask(known); err != nil {
		t.Error(err)
	}
	values, err := l.Values(t.Context(), "vendor")
	if slices.Sort(vendors); err != nil || !slices.Equal(values, vendors) {
		t.Errorf("the vendors are %v, %v", values, err)
	}
}

// TestMembersOfEveryRecord: each member that the ledger writes can be asked about.
func TestMembersOfEveryRecord(t *testing.T) {
	t.Parallel()
	known := query.Members()
	f, err := os.Open("../testdata/kinds.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		gjson.ParseBytes(lines.Bytes()).ForEach(func(name, _ gjson.Result) bool {
			if !slices.Contains(known, name.Str) {
				t.Errorf("nobody can ask about %s, of %s", name.Str, gjson.GetBytes(lines.Bytes(), "kind"))
			}
			return true
		})
	}
}

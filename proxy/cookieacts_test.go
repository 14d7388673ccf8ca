package proxy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/segment"
)

// actsKept is what became of acts of browsers without identifiers.
type actsKept struct {
	*cookieActs
	now     time.Time
	records []ledger.Objected
	tallies []objection.Tally
	failed  error
}

func keptActs() *actsKept {
	k := &actsKept{now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)}
	note := func(acts []ledger.Objected) error {
		if k.failed == nil {
			k.records = append(k.records, acts...)
		}
		return k.failed
	}
	tally := func(_ context.Context, tallies []objection.Tally) error {
		if k.failed == nil {
			k.tallies = append(k.tallies, tallies...)
		}
		return k.failed
	}
	k.cookieActs = newCookieActs(func() time.Time { return k.now }, note, tally)
	return k
}

func (k *actsKept) minute(t *testing.T) {
	t.Helper()
	k.now = k.now.Add(time.Minute)
	if err := k.keep(); !errors.Is(err, k.failed) {
		t.Error(err)
	}
}

// all is how many acts the records and the tallies are about.
func (k *actsKept) all() (recorded, tallied uint64) {
	for i := range k.records {
		recorded += max(k.records[i].Times, 1)
	}
	for i := range k.tallies {
		tallied += k.tallies[i].Times
	}
	return recorded, tallied
}

func chose(object, takeBack string) *objection.Change {
	return &objection.Change{
		Object: strings.Fields(object), TakeBack: strings.Fields(takeBack), Site: "shop",
		Source: objection.PreferenceCentre,
	}
}

func TestCookieActsAreRecorded(t *testing.T) {
	k := keptActs()
	k.add(chose("ads surveys", ""))
	k.add(chose("ads", "surveys"))
	if len(k.records) != 3 {
		t.Fatalf("%+v", k.records)
	}
	var got strings.Builder
	for i := range k.records {
		r := &k.records[i]
		fmt.Fprintf(&got, "%s %v %s %s %s %d;", r.Kind, r.Scopes, r.Site, r.Source, r.Act, len(r.Subjects))
	}
	want := "objection [ads surveys] shop preference_centre cookie 0;" +
		"withdrawal [surveys] shop preference_centre cookie 0;objection [ads] shop preference_centre cookie 0;"
	if got.String() != want {
		t.Errorf("recorded is\n%s, want\n%s", got.String(), want)
	}
	k.minute(t)
	k.minute(t)
	if recorded, tallied := k.all(); recorded != 3 || tallied != 3 || !k.tallies[2].Withdrawn {
		t.Errorf("%d are recorded, %d counted: %+v", recorded, tallied, k.tallies)
	}
}

// TestFloodOfCookieActs: a flood costs a bounded number of records, whatever it says, and every act is in one of them.
func TestFloodOfCookieActs(t *testing.T) {
	for name, scope := range map[string]func(i int) string{
		"the same":        func(int) string { return "all" },
		"always anything": func(i int) string { return fmt.Sprintf("purpose-%d", i%1000) },
	} {
		k := keptActs()
		const minutes, aMinute = 5, 5000
		for range minutes {
			for i := range aMinute {
				change := chose(scope(i), "")
				change.Campaign = fmt.Sprintf("campaign %d", i)
				k.add(change)
			}
			k.minute(t)
		}
		k.minute(t)
		recorded, tallied := k.all()
		if recorded != minutes*aMinute || tallied != minutes*aMinute {
			t.Errorf("%s: %d are recorded, %d counted", name, recorded, tallied)
		}
		if most := minutes * (2*cookieRecords + mostCookieActs + 1); len(k.records) > most || len(k.tallies) > most {
			t.Errorf("%s: %d records, %d counts, at most %d are right", name, len(k.records), len(k.tallies), most)
		}
	}
}

// TestCookieActsAreTriedAgain: what could not be kept comes with the next minute's.
func TestCookieActsAreTriedAgain(t *testing.T) {
	k := keptActs()
	said := 0
	k.fault = func(error) { said++ }
	k.failed = segment.ErrRefused
	k.add(chose("all", ""))
	k.minute(t)
	if recorded, _ := k.all(); recorded != 0 || said != 1 {
		t.Errorf("%d are recorded, it is said %d times", recorded, said)
	}
	k.failed = nil
	k.minute(t)
	if recorded, tallied := k.all(); recorded != 1 || tallied != 1 {
		t.Errorf("%d are recorded, %d counted", recorded, tallied)
	}
}

package query_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// dice make random records, of few words.
type dice struct {
	*rand.Rand
	hit   uint64
	sent  []ledger.Outcome // outcomes that are to come
	names []string         // of the rungs and shapes of what is appended
}

func newDice(seed uint64) *dice { return &dice{Rand: rand.New(rand.NewPCG(seed, 1)), hit: 1 << 50} }

func (d *dice) of(list ...string) string { return list[d.IntN(len(list))] }

var (
	vendors    = []string{"ga4", "meta_pixel", "mixpanel"}
	sites      = []string{"shop", "blog"}
	activities = []string{"counting", "ads", "orders"}
	purposes   = map[string][]string{"analytics": {"counting", "orders"}, "marketing": {"ads"}}
)

// subject is one of many, the first ones often.
func (d *dice) subject() [16]byte {
	n := d.IntN(1 + d.IntN(3000))
	return [16]byte{byte(n), byte(n >> 8), 7}
}

func (d *dice) events() []ledger.Event {
	d.hit++
	d.names = d.names[:0]
	all := make([]ledger.Event, 1+d.IntN(3))
	for i := range all {
		name := fmt.Sprintf("%016x", d.IntN(9))
		d.names = append(d.names, name)
		e := &all[i]
		*e = ledger.Event{
			Hit: d.hit, Index: i, Site: d.of(sites...), Vendor: d.of(vendors...), Name: d.of("page_view", "purchase", "=cmd"),
			Decision: "permit", Reason: "permitted", Activity: d.of(activities...),
			Basis: d.of("consent", "legitimate_interest"),
			Rungs: name, Shape: name, In: 900, Out: d.IntN(400), Form: 2, Digest: [32]byte{byte(i), byte(d.hit)},
		}
		for range 1 + d.IntN(3) {
			e.Subjects = append(e.Subjects, d.subject())
		}
		if d.IntN(500) == 0 { // a fact of several records
			for range 2500 {
				e.Subjects = append(e.Subjects, d.subject())
			}
		}
		if d.IntN(4) == 0 {
			e.Decision, e.Reason, e.Objected = "deny", "objection", []string{"analytics"}
		}
		if d.IntN(300) == 0 {
			e.Reason, e.Decision = "gpc", "deny"
		}
		if e.Decision == "permit" {
			d.sent = append(d.sent, ledger.Outcome{
				Hit: d.hit, Events: []int{i}, Vendor: e.Vendor, Outcome: d.of("delivered", "delivered", "dropped"), Status: 204,
			})
		}
	}
	return all
}

// ended is the next outcome: of one event, or of several that travelled together.
func (d *dice) ended() (o ledger.Outcome, n int) {
	o = d.sent[0]
	if d.IntN(3) > 0 {
		return o, 1
	}
	var of []ledger.ExchangedHit
	for n < 20 && d.sent[n].Outcome == o.Outcome && d.sent[n].Vendor == o.Vendor {
		of = append(of, ledger.ExchangedHit{Hit: d.sent[n].Hit, Events: d.sent[n].Events})
		n++
	}
	return o.Together(of), n
}

// Shape is one of nine.
func (d *dice) Shape(i int) ledger.Shape {
	return ledger.Shape{Kept: []string{"en"}, Changed: []string{"cid"}, Dropped: []string{"f" + d.names[i][15:]}}
}

// Rungs are some of nine.
func (d *dice) Rungs(i int) ledger.Rungs {
	n := d.names[i][15:]
	return ledger.Rungs{Policy: "p" + n, Site: "shop", Region: "R" + n, Vendor: "ga4", Endpoint: "e" + n}
}

// note records something else than an event.
func (d *dice) note(l *ledger.Ledger) error {
	if d.IntN(2) == 0 {
		return l.Note(ledger.Note{Kind: ledger.KindReload, Text: "2 activities changed"})
	}
	return l.Objected([]ledger.Objected{{
		Kind: d.of(ledger.KindObjection, ledger.KindWithdrawal), First: 1, Last: 1,
		Scopes: []string{d.of("analytics", "all", "vendor:ga4")},
		Source: "centre", Subjects: [][16]byte{d.subject()}, Form: 2,
	}}, ledger.Head{Size: 1})
}

// begun is when the records of tests begin.
var begun = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of a bubble

// written is a ledger of so many hits, in several segments; the last ones are not sealed.
func written(t testing.TB, d *dice, hits int) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "ledger")
	write := func(t *testing.T) {
		for range 2 {
			o := ledger.Options{Dir: dir, Now: time.Now, Node: "n", Seal: time.Hour, Size: 300 << 10,
				Report: func(what string, err error) {
					t.Error(what, err)
				}}
			l, err := ledger.Open(o, ledger.Note{Kind: ledger.KindStart, Policy: "p"})
			if err != nil {
				t.Fatal(err)
			}
			for i := range hits / 2 {
				if err := l.Append(d.events(), d); err != nil {
					t.Fatal(err)
				}
				for len(d.sent) > 20 {
					o, n := d.ended()
					if err := l.Outcome(o); err != nil {
						t.Fatal(err)
					}
					d.sent = d.sent[n:]
				}
				if d.IntN(20) == 0 {
					if err := d.note(l); err != nil {
						t.Fatal(err)
					}
				}
				if i%50 == 49 {
					<-time.After(time.Second)
				}
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if t, ok := t.(*testing.T); ok {
		synctest.Test(t, write)
	}
	return dir
}

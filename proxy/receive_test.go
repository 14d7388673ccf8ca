package proxy

import (
	"testing"

	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// TestWhatIsToldTogether: acts share a record where they say the same and follow each other, and in no other case.
func TestWhatIsToldTogether(t *testing.T) {
	first := func() ledger.Objected {
		return ledger.Objected{
			Kind: ledger.KindObjection, First: 1, Last: 4, Scopes: []string{"a", "b"}, Source: "api", Site: "shop", By: "crm",
			Because: "asked", Subjects: make([][16]byte, 3),
		}
	}
	for what, change := range map[string]func(o *ledger.Objected){
		"":             func(*ledger.Objected) {},
		"as many":      func(o *ledger.Objected) { o.Subjects = make([][16]byte, mostSubjects-3) },
		"too many":     func(o *ledger.Objected) { o.Subjects = make([][16]byte, mostSubjects-2) },
		"a gap":        func(o *ledger.Objected) { o.First++ },
		"the same":     func(o *ledger.Objected) { o.First-- },
		"kind":         func(o *ledger.Objected) { o.Kind = ledger.KindWithdrawal },
		"scopes":       func(o *ledger.Objected) { o.Scopes = o.Scopes[:1] },
		"other scopes": func(o *ledger.Objected) { o.Scopes = []string{"a", "c"} },
		"restriction":  func(o *ledger.Objected) { o.Restriction = true },
		"source":       func(o *ledger.Objected) { o.Source = "link" },
		"site":         func(o *ledger.Objected) { o.Site = "" },
		"by":           func(o *ledger.Objected) { o.By = "other" },
		"because":      func(o *ledger.Objected) { o.Because = "" },
		"act":          func(o *ledger.Objected) { o.Act = "role" },
		"every act":    func(o *ledger.Objected) { o.EveryAct = true },
		"what stands":  func(o *ledger.Objected) { o.Stands = []string{"a"} },
		"recovered":    func(o *ledger.Objected) { o.Recovered = true },
	} {
		a, b := first(), first()
		b.First, b.Last = 5, 5
		change(&b)
		if got := joinable(&a, &b); got != (what == "" || what == "as many") {
			t.Errorf("%q: joined: %v", what, got)
		}
	}
}
